#include "harness/cli/study_status.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <map>
#include <span>

#include "harness/progress/rank_pulse.h"
#include "harness/progress/run_progress.h"
#include "harness/progress/study_tally.h"
#include "model/spec/error.h"
#include "model/spec/tell.h"
#include "results/usable_run.h"

namespace isoloss {
namespace {

// What the files say of each run that has some.
struct StoredRuns {
  std::vector<RunProgress> progress;
  std::map<std::string, std::int64_t> steps;  // of the curve, by run; a diverged one saves no other
};

StoredRuns stored_runs(const StudyFolder& folder, const StudyPlan& plan) {
  StoredRuns stored;
  for (const PlannedRun& run : plan.runs) {
    if (!std::filesystem::exists(folder.run(run.id))) continue;
    try {
      const auto record = read_usable_run(folder, run.id, [&](const std::string& problem) {
        tell(fmt::format("{}; `run` goes on from its last checkpoint", problem));
      });
      stored.progress.push_back(run_progress(folder, run.id, record ? &*record : nullptr));
      stored.steps[run.id] = last_step(record);
    } catch (const InputError& problem) {
      stored.progress.push_back(unusable_run(run.id, problem.what()));
    }
  }
  return stored;
}

std::string state_of(TrialPhase phase, bool running) {
  switch (phase) {
    case TrialPhase::Done:
      return "done";
    case TrialPhase::Waiting:
      return running ? "running" : "waiting";
    case TrialPhase::Diverged:
      return "diverged";
    case TrialPhase::Quarantined:
      return "quarantined";
    case TrialPhase::Skipped:
      return "skipped";
  }
  return "waiting";
}

class Describer {
 public:
  Describer(const StudyPlan& plan, const StoredRuns& stored, std::span<const RankReport> reports)
      : plan_(plan), stored_(stored) {
    for (const RankReport& report : reports) training_[report.run] = report.step;
  }

  TrialStatus describe(const TrialState& state) const {
    const PlannedTrial& trial = plan_.trials[state.trial];
    // Where the search is not decided any of its runs may be this trial's.
    const std::vector<std::size_t> runs =
        state.run ? std::vector<std::size_t>{*state.run} : trial.candidates;
    const bool running = std::ranges::any_of(
        runs, [&](std::size_t run) { return training_.contains(plan_.runs[run].id); });
    TrialStatus status{.trial = trial.id,
                       .state = state_of(state.phase, running),
                       .architecture = trial.architecture,
                       .size = trial.size,
                       .learning_rate = std::nullopt,
                       .seed = trial.seed,
                       .budget = budget_text(trial.budget, trial.unit),
                       .step = 0,
                       .steps = trial.steps,
                       .attempts = 0,
                       .reason = state.reason};
    if (state.run) status.learning_rate = plan_.runs[*state.run].spec.optimizer.learning_rate;
    for (const std::size_t run : runs) status.step = std::max(status.step, reached(run));
    if (state.phase == TrialPhase::Done) status.step = status.steps;
    status.step = std::min(status.step, status.steps);
    if (const auto* known = known_run(state.run.value_or(trial.run)))
      status.attempts = known->failed_attempts;
    return status;
  }

 private:
  const RunProgress* known_run(std::size_t run) const {
    const auto known = std::ranges::find(stored_.progress, plan_.runs[run].id, &RunProgress::id);
    return known == stored_.progress.end() ? nullptr : &*known;
  }

  std::int64_t reached(std::size_t run) const {
    const std::string& id = plan_.runs[run].id;
    if (const auto report = training_.find(id); report != training_.end()) return report->second;
    const RunProgress* known = known_run(run);
    if (known == nullptr) return 0;
    return known->diverged ? stored_.steps.at(id) : known->checkpoint_step;
  }

  const StudyPlan& plan_;
  const StoredRuns& stored_;
  std::map<std::string, std::int64_t> training_;  // the step of each run that is being trained
};

void count(StudyStatus& status, const std::string& state) {
  if (state == "done")
    ++status.done;
  else if (state == "running")
    ++status.running;
  else if (state == "waiting")
    ++status.waiting;
  else
    ++(state == "quarantined" ? status.quarantined : status.failed);
}

}  // namespace

StudyStatus study_status(const StudyFolder& folder, const StudyPlan& plan) {
  StudyStatus status;
  const StoredRuns stored = stored_runs(folder, plan);
  std::vector<SearchDecision> decisions;
  for (const Decision& decision : read_decisions(folder)) {
    decisions.push_back(search_decision(decision));
  }
  status.ranks = read_rank_reports(folder);
  if (!status.ranks.empty() && !has_pulse(folder, status.ranks)) status.ranks.clear();
  const Describer describer(plan, stored, status.ranks);
  for (const TrialState& state : trial_states(plan, stored.progress, decisions)) {
    status.trials.push_back(describer.describe(state));
    count(status, status.trials.back().state);
  }
  const StudyTally tally = study_tally(plan, stored.progress, decisions, status.ranks);
  if (tally.total_flops > 0) status.progress = std::min(1.0, tally.done_flops / tally.total_flops);
  status.flops_per_second = tally.flops_per_second;
  for (const RankReport& report : status.ranks)
    status.tokens_per_second += report.tokens_per_second;
  status.eta_seconds = tally.eta_seconds();
  return status;
}

}  // namespace isoloss
