#include "results/verify.h"

#include <algorithm>
#include <exception>
#include <set>

#include "model/spec/error.h"
#include "results/durable_file.h"
#include "results/journal.h"
#include "results/run_file.h"

namespace isoloss {

namespace fs = std::filesystem;

namespace {

class Findings {
 public:
  void add(const fs::path& path, Severity severity, const std::string& problem) {
    findings_.push_back({path, problem, severity});
  }

  // Runs a check that reads `path`; what it throws is damage.
  template <class Check>
  void damage_if_thrown(const fs::path& path, Check check) {
    try {
      check();
    } catch (const std::exception& error) {
      add(path, Severity::Damage, error.what());
    }
  }

  std::vector<Finding> sorted() && {
    std::sort(findings_.begin(), findings_.end(),
              [](const Finding& a, const Finding& b) { return a.path < b.path; });
    return std::move(findings_);
  }

 private:
  std::vector<Finding> findings_;
};

std::vector<fs::path> files_in(const fs::path& folder) {
  std::vector<fs::path> paths;
  if (!fs::is_directory(folder)) return paths;
  for (const auto& entry : fs::directory_iterator(folder)) paths.push_back(entry.path());
  return paths;
}

// True where the file was a leftover and is dealt with.
bool note_temporary(const fs::path& path, Findings& findings) {
  if (!is_temporary(path)) return false;
  findings.add(path, Severity::Note,
               "leftover of a process that was killed (a temporary file); remove it once no run "
               "is going on");
  return true;
}

void warn_foreign(const fs::path& path, Findings& findings) {
  findings.add(path, Severity::Warning,
               "not a file of a study (unknown name); move it out of the study folder");
}

void check_record(const fs::path& path, const RunRecord& record, const std::string& id,
                  Findings& findings) {
  if (record.header.id != id)
    findings.add(
        path, Severity::Damage,
        "holds run " + record.header.id + " (its folder is " + id + "); move it back or remove it");
  for (const std::string& problem : contradictions(record))
    findings.add(path, Severity::Damage,
                 "contradicts itself (" + problem + "); remove it and run again");
}

void check_journal(const fs::path& path, const std::string& id, Findings& findings) {
  const JournalContent journal = read_journal(path);
  RunRecord record;
  record.header = journal.header;
  apply_events(record, journal.events);
  // Evaluations may lie in the run file already, so the end of a journal alone proves nothing.
  record.state = RunState::Running;
  check_record(path, record, id, findings);
  if (journal.torn_bytes > 0)
    findings.add(path, Severity::Note,
                 "ends in " + std::to_string(journal.torn_bytes) +
                     " bytes of an event that was not written whole (a process was killed, or is "
                     "writing); nothing to do, the next run cuts them off");
}

void check_run(const StudyFolder& folder, const std::string& id, Findings& findings) {
  for (const fs::path& path : files_in(folder.run(id))) {
    const std::string name = path.filename().string();
    if (note_temporary(path, findings)) continue;
    if (path == folder.run_file(id))
      findings.damage_if_thrown(path,
                                [&] { check_record(path, read_run_file(path), id, findings); });
    else if (path == folder.journal(id))
      findings.damage_if_thrown(path, [&] { check_journal(path, id, findings); });
    else if (!name.starts_with("checkpoint-") && !name.starts_with("claim") &&
             !attempt_number(path))
      warn_foreign(path, findings);
  }
  findings.damage_if_thrown(folder.run(id), [&] { read_attempts(folder, id); });
}

void check_decision(const StudyFolder& folder, const fs::path& path,
                    const std::set<std::string>& ids, Findings& findings) {
  const Decision decision = decision_from_json(read_file(path), path);
  if (path != folder.decision(decision.key))
    findings.add(path, Severity::Damage,
                 "holds the decision '" + decision.key +
                     "' (its name says otherwise); move it back or remove it");
  const bool is_arm =
      std::any_of(decision.arms.begin(), decision.arms.end(),
                  [&](const DecisionArm& arm) { return arm.run == decision.winner; });
  if (!is_arm)
    findings.add(path, Severity::Damage,
                 "names a winner that was not searched (run '" + decision.winner +
                     "'); remove it and run again");
  for (const DecisionArm& arm : decision.arms)
    if (!ids.contains(arm.run))
      findings.add(
          path, Severity::Damage,
          "rests on run " + arm.run +
              " (it is not in this folder); restore the run, or remove both and run again");
}

}  // namespace

std::string_view severity_name(Severity severity) {
  switch (severity) {
    case Severity::Note:
      return "note";
    case Severity::Warning:
      return "warning";
    case Severity::Damage:
      return "damage";
  }
  return "unknown";
}

std::vector<Finding> verify_study(const StudyFolder& folder) {
  if (!fs::is_directory(folder.root))
    throw InputError("cannot read " + folder.root.string() +
                     " (no such folder); give the folder that a study was run in");
  Findings findings;
  if (!fs::is_regular_file(folder.study_file()))
    findings.add(folder.study_file(), Severity::Damage,
                 "missing (the folder does not say which study it holds); restore it, or run the "
                 "study into this folder again");
  for (const fs::path& path : files_in(folder.root)) note_temporary(path, findings);
  const std::vector<std::string> ids = run_ids(folder);
  for (const std::string& id : ids) check_run(folder, id, findings);
  for (const fs::path& path : files_in(folder.runs()))
    if (!fs::is_directory(path) && !note_temporary(path, findings)) warn_foreign(path, findings);
  const std::set<std::string> known(ids.begin(), ids.end());
  for (const fs::path& path : files_in(folder.decisions())) {
    if (note_temporary(path, findings)) continue;
    if (path.extension() == ".json")
      findings.damage_if_thrown(path, [&] { check_decision(folder, path, known, findings); });
    else
      warn_foreign(path, findings);
  }
  return std::move(findings).sorted();
}

}  // namespace isoloss
