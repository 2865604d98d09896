#include "analysis/report/report_failures.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "analysis/plot/number_text.h"

namespace isoloss {
namespace {

const FailedRun* find(const std::vector<FailedRun>& failed, const std::string& run) {
  const auto at = std::ranges::find(failed, run, &FailedRun::run);
  return at == failed.end() ? nullptr : &*at;
}

bool given_up(const FailedRun* failed) {
  return failed != nullptr && failed->attempts.size() >= kAttemptsToGiveUp;
}

std::string given_up_text(const FailedRun& failed) {
  return fmt::format("given up after {} attempts: {}", failed.attempts.size(),
                     failed.attempts.back().reason);
}

}  // namespace

std::vector<FailedRun> read_failed_runs(const std::vector<std::filesystem::path>& sources) {
  std::vector<FailedRun> failed;
  for (const std::filesystem::path& source : sources) {
    if (!std::filesystem::is_directory(source)) continue;
    const StudyFolder folder{source};
    for (const std::string& id : run_ids(folder)) {
      if (find(failed, id) != nullptr) continue;
      auto attempts = read_attempts(folder, id);
      if (!attempts.empty()) failed.push_back({id, std::move(attempts)});
    }
  }
  return failed;
}

std::vector<std::string> failure_lines(const PointTable& table,
                                       const std::vector<FailedRun>& failed) {
  std::set<std::string> arms, stored;
  for (const Decision& decision : table.decisions)
    for (const DecisionArm& arm : decision.arms)
      if (arm.run != decision.winner) arms.insert(arm.run);
  std::vector<std::string> lines;
  for (const RunRecord& run : table.runs) {
    stored.insert(run.header.id);
    const std::string who =
        fmt::format("{} {} seed {} rate {}", run.header.architecture, run.header.size,
                    run.header.seed, significant(run.header.learning_rate, 3));
    const FailedRun* own = find(failed, run.header.id);
    if (run.state == RunState::Diverged) {
      lines.push_back(who + " diverged: " + run.reason);
    } else if (given_up(own)) {
      lines.push_back(who + " was " + given_up_text(*own));
    } else if (run.state == RunState::Running && !arms.contains(run.header.id)) {
      lines.push_back(who + " is not finished" +
                      (own == nullptr
                           ? ""
                           : fmt::format(" (an attempt failed: {})", own->attempts.back().reason)));
    }
  }
  for (const FailedRun& run : failed) {
    if (stored.contains(run.run)) continue;
    lines.push_back(
        given_up(&run)
            ? fmt::format("run {}, of which nothing is stored, was {}", run.run, given_up_text(run))
            : fmt::format("run {} failed before anything of it was stored: {}", run.run,
                          run.attempts.back().reason));
  }
  return lines;
}

}  // namespace isoloss
