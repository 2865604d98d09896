#include "results/checkpoint_names.h"
#include "results/claim_file.h"
#include "results/findings.h"
#include "results/helper_claims.h"
#include "results/run_parts.h"

namespace isoloss {

namespace fs = std::filesystem;

namespace {

void check_attempt(const fs::path& path, Findings& findings) {
  try {
    read_attempt(path);
  } catch (...) {
    findings.add(path, read_problem(path));
  }
}

bool is_checkpoint(const fs::path& path) {
  return checkpoint_step(path) || checkpoint_step(path, kKeptSuffix);
}

void check_names(const StudyFolder& folder, const std::string& id, Findings& findings) {
  for (const fs::path& path : files_in(folder.run(id))) {
    if (findings.passed_over(path)) continue;
    if (path == folder.claim(id) || is_helper_claim(path))
      check_claim(path, findings);
    else if (attempt_number(path))
      check_attempt(path, findings);
    else if (path != folder.run_file(id) && path != folder.journal(id) &&
             path != folder.again(id) && !is_checkpoint(path))
      findings.warn_foreign(path);
  }
  for (const fs::path& path : files_in(folder.again(id)))
    if (!findings.passed_over(path) && !is_checkpoint(path)) findings.warn_foreign(path);
}

}  // namespace

void check_claim(const fs::path& path, Findings& findings) {
  std::string text;
  try {
    text = read_claim_text(path);
  } catch (...) {
    findings.add(path, read_problem(path));
    return;
  }
  if (text.empty() && !fs::exists(path)) return;  // its run, or its rank, ended meanwhile
  const auto claim = claim_from(text);
  if (!claim)
    findings.add(path, Severity::Note,
                 "cannot be read as a claim (damaged, or made by hand); remove it once no run is "
                 "going on");
  else if (certainly_dead(claim->process))
    findings.add(path, Severity::Note,
                 "claim of process " + std::to_string(claim->process.pid) +
                     " (it is no more); nothing to do, the next `run` sees to it");
}

RunSummary summary_of(const RunRecord* record) {
  RunSummary summary;
  if (record == nullptr) return summary;
  summary.stored = true;
  summary.diverged = record->state == RunState::Diverged;
  for (const Evaluation& evaluation : record->evaluations)
    summary.selection_losses.push_back(evaluation.selection_loss);
  return summary;
}

RunSummary check_run(const StudyFolder& folder, const std::string& id, Findings& findings) {
  check_names(folder, id, findings);
  const RunParts parts = read_run_parts(folder, id);
  for (const std::string& problem : parts.file_problems)
    findings.add(folder.run_file(id), {problem, parts.file_unread});
  for (const std::string& problem : parts.journal_problems)
    findings.add(folder.journal(id), {problem, parts.journal_unread});
  std::optional<RunRecord> record = parts.file;
  const bool curve_is_known = parts.file_problems.empty() && parts.journal_problems.empty();
  if (parts.journal) {
    if (parts.journal->torn_bytes > 0)
      findings.add(folder.journal(id), Severity::Note,
                   "ends in " + std::to_string(parts.journal->torn_bytes) +
                       " bytes of an event that was not written whole (a process was killed, or is "
                       "writing); nothing to do, the next run cuts them off");
    const std::string gap = gap_before_journal(parts);
    if (curve_is_known && !gap.empty()) findings.add(folder.journal(id), Severity::Damage, gap);
    if (is_new_branch(parts))
      findings.add(folder.journal(id), Severity::Note,
                   "begins past step 1 and there is no run file (as of a branch before its first "
                   "checkpoint); nothing to do, `run` begins it again from its trunk");
    if (!record) record.emplace().header = parts.journal->header;
    add_later_events(*record, parts.journal->events);
  }
  for (const CheckpointPart& checkpoint : parts.checkpoints) {
    const std::int64_t last =
        checkpoint.again ? steps_from_start(parts.journal) : last_step(record);
    if (checkpoint.unread)
      findings.add(checkpoint.path, Severity::Unread,
                   "cannot be read (" + checkpoint.problem +
                       "); make it readable, or read it with the version of isoloss that wrote it");
    else if (!checkpoint.problem.empty())
      findings.add(checkpoint.path, Severity::Damage,
                   "cannot be used (" + checkpoint.problem +
                       "); remove it, so that the one before it serves");
    else if (curve_is_known && checkpoint.step > last)
      findings.add(checkpoint.path, Severity::Damage,
                   "goes past the run's curve (which ends at step " + std::to_string(last) +
                       ": steps are missing); restore the run file, or remove the checkpoint");
  }
  RunSummary summary = summary_of(record ? &*record : nullptr);
  summary.known = curve_is_known;
  return summary;
}

}  // namespace isoloss
