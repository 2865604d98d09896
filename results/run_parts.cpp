#include "results/run_parts.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "results/checkpoint_names.h"
#include "results/checkpoint_parts.h"
#include "results/run_file.h"
#include "results/unread_error.h"
#include "results/verify.h"

namespace isoloss {

namespace fs = std::filesystem;

namespace {

std::string other_run(const RunHeader& header, const std::string& id) {
  return "holds run " + header.id + " (its folder is " + id + "); move it back or remove it";
}

void add_contradictions(const RunRecord& record, std::int64_t first_step,
                        std::vector<std::string>& problems) {
  for (const std::string& problem : contradictions(record, first_step))
    problems.push_back("contradicts itself (" + problem + "); remove it and run again");
}

// Only warm-up-stable-decay has branches (sweeps/plan.h).
bool has_trunk(const RunHeader& header) {
  const auto spec = nlohmann::json::parse(header.spec_json, nullptr, false);
  if (!spec.is_object()) return false;
  const auto schedule = nlohmann::json::json_pointer("/optimizer/schedule");
  return spec.contains(schedule) && spec.at(schedule) == "wsd";
}

// The step that a journal's curve begins with, whatever is before it in the run file.
std::int64_t first_step(const RunRecord& events) {
  if (!events.steps.empty()) return events.steps.front().step;
  return events.evaluations.empty() ? 1 : events.evaluations.back().step + 1;
}

void read_file_part(const fs::path& path, const std::string& id, RunParts& parts) {
  try {
    RunRecord record = read_run_file(path);
    if (record.header.id != id) parts.file_problems.push_back(other_run(record.header, id));
    add_contradictions(record, 1, parts.file_problems);
    if (parts.file_problems.empty()) parts.file = std::move(record);
  } catch (...) {
    const ReadProblem problem = read_problem(path);
    if (!fs::exists(path)) return;
    parts.file_problems.push_back(problem.text);
    parts.file_unread = problem.unread;
  }
}

void read_journal_part(const fs::path& path, const std::string& id, RunParts& parts) {
  try {
    JournalContent journal = read_journal(path);
    if (journal.header.id != id) parts.journal_problems.push_back(other_run(journal.header, id));
    const RunRecord events = journal_record(journal);
    add_contradictions(events, first_step(events), parts.journal_problems);
    if (parts.journal_problems.empty()) parts.journal = std::move(journal);
  } catch (...) {
    const ReadProblem problem = read_problem(path);
    if (!fs::exists(path)) return;
    parts.journal_problems.push_back(problem.text);
    parts.journal_unread = problem.unread;
  }
}

void read_checkpoints(const fs::path& folder, const std::string& id, bool again, RunParts& parts) {
  for (const std::string_view suffix : {std::string_view(), kKeptSuffix})
    for (const std::int64_t step : checkpoint_steps(folder, suffix)) {
      CheckpointPart part{folder / ("checkpoint-" + std::to_string(step) + std::string(suffix)),
                          step,
                          again,
                          {},
                          false};
      try {
        const auto files = open_checkpoint(part.path, id);
        if (files[0]->frame().step != step)
          part.problem = "it is of step " + std::to_string(files[0]->frame().step);
      } catch (...) {
        const ReadProblem problem = read_problem(part.path);
        if (!fs::exists(part.path)) continue;  // replaced by a newer one meanwhile
        part.problem = problem.text;
        part.unread = problem.unread;
      }
      parts.checkpoints.push_back(std::move(part));
    }
}

}  // namespace

bool any_unread(const RunParts& parts) {
  return parts.file_unread || parts.journal_unread ||
         std::ranges::any_of(parts.checkpoints, &CheckpointPart::unread);
}

bool is_new_branch(const RunParts& parts) {
  return parts.journal && has_trunk(parts.journal->header) && !parts.file &&
         parts.file_problems.empty() && parts.checkpoints.empty() &&
         first_step(journal_record(*parts.journal)) > 1;
}

std::string gap_before_journal(const RunParts& parts) {
  if (!parts.journal || is_new_branch(parts)) return {};
  const std::int64_t first = first_step(journal_record(*parts.journal));
  const std::int64_t before = last_step(parts.file);
  if (first <= before + 1) return {};
  return "begins at step " + std::to_string(first) + " (the run file ends at step " +
         std::to_string(before) + ": steps are missing); restore the run file, or remove both";
}

std::int64_t steps_from_start(const std::optional<JournalContent>& journal) {
  if (!journal) return 0;
  const RunRecord events = journal_record(*journal);
  return first_step(events) == 1 ? last_step(events) : 0;
}

RunParts read_run_parts(const StudyFolder& folder, const std::string& id) {
  RunParts parts;
  // In this order, so that what is read of a run in training never lacks what was stored before it:
  // checkpoints follow the run file, which holds what the journal held.
  read_checkpoints(folder.run(id), id, false, parts);
  read_checkpoints(folder.again(id), id, true, parts);
  if (fs::exists(folder.journal(id))) read_journal_part(folder.journal(id), id, parts);
  if (fs::exists(folder.run_file(id))) read_file_part(folder.run_file(id), id, parts);
  std::ranges::sort(parts.checkpoints, {}, &CheckpointPart::path);
  return parts;
}

}  // namespace isoloss
