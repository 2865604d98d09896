#include "harness/study/study_outcome.h"
#include "model/spec/tell.h"

#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <system_error>

namespace isoloss {

StudyOutcome study_outcome(const StudyPlan& plan, std::span<const RunProgress> progress,
                           std::span<const SearchDecision> decisions) {
  StudyOutcome outcome;
  for (const TrialState& state : trial_states(plan, progress, decisions)) {
    if (state.phase == TrialPhase::Done || state.phase == TrialPhase::Waiting) continue;
    const PlannedTrial& trial = plan.trials[state.trial];
    outcome.failures.push_back(fmt::format("trial {} ({} {}, seed {}) failed: {}", trial.id,
                                           trial.architecture, trial.size, trial.seed,
                                           state.reason));
  }
  if (!is_done(plan, progress, decisions)) {
    outcome.status = kExitStopped;
  } else if (!outcome.failures.empty()) {
    outcome.status = kExitFailed;
  }
  return outcome;
}

void report_outcome(const StudyOutcome& outcome, const StudyFolder& folder) {
  for (const std::string& failure : outcome.failures) tell(failure);
  if (outcome.status != kExitStopped) return;
  std::error_code unseen;
  if (std::filesystem::exists(folder.stop_file(), unseen)) {
    tell(
        fmt::format("stopped by the file {} (nobody trains while it is there); the state is saved, "
                    "remove the file and run again to go on",
                    folder.stop_file().string()));
  } else {
    tell("stopped early (a signal or the time limit); the state is saved, run again to go on");
  }
}

}  // namespace isoloss
