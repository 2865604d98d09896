#include <algorithm>

#include "results/durable_file.h"
#include "results/findings.h"
#include "results/journal.h"
#include "results/repair.h"
#include "results/run_parts.h"
#include "results/set_aside.h"

namespace isoloss {

namespace fs = std::filesystem;

namespace {

std::string joined(const std::vector<std::string>& problems) {
  std::string text;
  for (const std::string& problem : problems) text += (text.empty() ? "" : "; ") + problem;
  return text;
}

std::int64_t newest_whole(const RunParts& parts) {
  std::int64_t newest = 0;
  for (const CheckpointPart& checkpoint : parts.checkpoints)
    if (!checkpoint.again && checkpoint.problem.empty()) newest = std::max(newest, checkpoint.step);
  return newest;
}

class RunMender {
 public:
  RunMender(const StudyFolder& folder, const std::string& id)
      : folder_(folder), id_(id), parts_(read_run_parts(folder, id)) {}

  RunRepair mend() {
    repair_.known = !any_unread(parts_);
    if (repair_.known) {
      mend_journal();
      mend_run_file();
      mend_checkpoints();
    }
    mend_attempts();
    std::ranges::move(last_, std::back_inserter(repair_.actions));
    repair_.record = record_;
    return std::move(repair_);
  }

 private:
  void set_aside(const fs::path& path, const std::string& problem, const std::string& effect) {
    repair_.actions.push_back({RepairKind::SetAside, path, problem, effect, {}});
  }

  void mend_journal() {
    const fs::path path = folder_.journal(id_);
    std::string problem = joined(parts_.journal_problems);
    // A damaged run file is judged by the journal; where it is whole or absent they must join.
    if (problem.empty() && parts_.file_problems.empty()) problem = gap_before_journal(parts_);
    if (!problem.empty()) {
      set_aside(path, problem, "training goes on from the last checkpoint");
      parts_.journal.reset();
    }
    if (parts_.journal && parts_.journal->torn_bytes > 0)
      repair_.actions.push_back(
          {RepairKind::Cut,
           path,
           "its last " + std::to_string(parts_.journal->torn_bytes) + " bytes are no whole event",
           "every whole event stays",
           {}});
  }

  // What is left of the run's numbers, and the run file's own repair: done last, so that a repair
  // that is interrupted finds the same damage again.
  void mend_run_file() {
    const fs::path path = folder_.run_file(id_);
    if (parts_.file_problems.empty()) {
      record_ = parts_.file;
      if (!parts_.journal) return;
      if (!record_) record_.emplace().header = parts_.journal->header;
      add_later_events(*record_, parts_.journal->events);
      return;
    }
    const std::string problem = joined(parts_.file_problems);
    const std::int64_t told = steps_from_start(parts_.journal);
    if (told > 0 && told >= newest_whole(parts_)) {
      record_ = journal_record(*parts_.journal);
      last_.push_back({RepairKind::SetAside, path, problem, "the journal holds the run", {}});
      last_.push_back({RepairKind::Rebuild, path, "set aside",
                       "from the journal, to step " + std::to_string(told), record_});
      return;
    }
    if (parts_.journal)
      set_aside(folder_.journal(id_), "the run file before it is damaged",
                "`run` trains the run again");
    parts_.journal.reset();
    last_.push_back({RepairKind::SetAside, path, problem, "`run` trains the run again", {}});
  }

  // A checkpoint past the curve cannot go on: the steps before it would be missing.
  void mend_checkpoints() {
    const std::int64_t last = last_step(record_);
    const std::int64_t last_again = steps_from_start(parts_.journal);
    std::int64_t before = 0;
    for (const CheckpointPart& checkpoint : parts_.checkpoints)
      if (usable(checkpoint, last, last_again) && !checkpoint.again)
        before = std::max(before, checkpoint.step);
    for (const CheckpointPart& checkpoint : parts_.checkpoints) {
      if (usable(checkpoint, last, last_again)) continue;
      set_aside(checkpoint.path,
                checkpoint.problem.empty() ? "the steps before it are not stored any more"
                                           : checkpoint.problem,
                checkpoint.again || before == 0
                    ? "training begins anew where it needs it"
                    : "the one of step " + std::to_string(before) + " serves");
    }
  }

  static bool usable(const CheckpointPart& checkpoint, std::int64_t last, std::int64_t last_again) {
    return checkpoint.problem.empty() && checkpoint.step <= (checkpoint.again ? last_again : last);
  }

  void mend_attempts() {
    for (const fs::path& path : files_in(folder_.run(id_))) {
      if (!attempt_number(path) || is_temporary(path) || is_set_aside(path)) continue;
      try {
        read_attempt(path);
      } catch (...) {
        const ReadProblem problem = read_problem(path);
        if (!problem.unread)
          set_aside(path, problem.text, "one failed attempt less counts against the run");
      }
    }
  }

  const StudyFolder& folder_;
  const std::string& id_;
  RunParts parts_;
  std::optional<RunRecord> record_;
  RunRepair repair_;
  std::vector<RepairAction> last_;
};

}  // namespace

RunRepair run_repair(const StudyFolder& folder, const std::string& id) {
  return RunMender(folder, id).mend();
}

}  // namespace isoloss
