#include "harness/cli/study_status.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <set>

#include "harness/progress/run_progress.h"
#include "harness/progress/study_tally.h"
#include "model/spec/error.h"
#include "results/usable_run.h"

namespace isoloss {
namespace {

std::vector<RunProgress> progress_of(const StudyFolder& folder, const StudyPlan& plan) {
  std::vector<RunProgress> progress;
  for (const PlannedRun& run : plan.runs) {
    if (!std::filesystem::exists(folder.run(run.id))) continue;
    try {
      const auto record = read_usable_run(folder, run.id, [&](const std::string& problem) {
        fmt::print(stderr, "isoloss: {}; `run` goes on from its last checkpoint\n", problem);
      });
      progress.push_back(run_progress(folder, run.id, record ? &*record : nullptr));
    } catch (const InputError& problem) {
      progress.push_back(unusable_run(run.id, problem.what()));
    }
  }
  return progress;
}

void count(StudyStatus& status, const TrialState& state, bool running) {
  switch (state.phase) {
    case TrialPhase::Done:
      ++status.done;
      break;
    case TrialPhase::Waiting:
      ++(running ? status.running : status.waiting);
      break;
    case TrialPhase::Quarantined:
      ++status.quarantined;
      break;
    case TrialPhase::Diverged:
    case TrialPhase::Skipped:
      ++status.failed;
      break;
  }
}

}  // namespace

StudyStatus study_status(const StudyFolder& folder, const StudyPlan& plan) {
  StudyStatus status;
  const auto progress = progress_of(folder, plan);
  std::vector<SearchDecision> decisions;
  for (const Decision& decision : read_decisions(folder)) {
    decisions.push_back(search_decision(decision));
  }
  status.ranks = read_rank_reports(folder);
  std::set<std::string> training;
  for (const RankReport& report : status.ranks) training.insert(report.run);
  for (const TrialState& state : trial_states(plan, progress, decisions)) {
    const PlannedTrial& trial = plan.trials[state.trial];
    const auto trains = [&](std::size_t run) { return training.contains(plan.runs[run].id); };
    const bool running =
        state.run ? trains(*state.run) : std::ranges::any_of(trial.candidates, trains);
    count(status, state, running);
    if (state.phase == TrialPhase::Done || state.phase == TrialPhase::Waiting) continue;
    const std::string& run = plan.runs[state.run.value_or(trial.run)].id;
    const auto known = std::ranges::find(progress, run, &RunProgress::id);
    const int attempts = known == progress.end() ? 0 : known->failed_attempts;
    status.failures.push_back({trial.id, attempts, state.reason});
  }
  const StudyTally tally = study_tally(plan, progress, decisions, status.ranks);
  if (tally.total_flops > 0) status.progress = std::min(1.0, tally.done_flops / tally.total_flops);
  status.flops_per_second = tally.flops_per_second;
  status.eta_seconds = tally.eta_seconds();
  return status;
}

}  // namespace isoloss
