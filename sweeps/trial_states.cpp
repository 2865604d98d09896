#include <fmt/format.h>

#include <algorithm>

#include "sweeps/schedule.h"
#include "sweeps/study_view.h"
#include "sweeps/wanted_work.h"

namespace isoloss {

std::vector<TrialState> trial_states(const StudyPlan& plan, std::span<const RunProgress> progress,
                                     std::span<const SearchDecision> decisions) {
  const StudyView view(plan, progress, decisions);
  std::vector<TrialState> states;
  for (std::size_t t = 0; t < plan.trials.size(); ++t) {
    const PlannedTrial& trial = plan.trials[t];
    TrialState state{t, std::nullopt, TrialPhase::Waiting, ""};
    if (const std::size_t run = view.run_of(trial); run != kNoRun) {
      state.run = run;
      state.reason = view.progress(run).reason;
      if (view.evaluated(run, trial.steps)) {
        state.phase = TrialPhase::Done;
        state.reason.clear();
      } else if (view.progress(run).diverged) {
        state.phase = TrialPhase::Diverged;
      } else if (view.quarantined(run)) {
        state.phase = TrialPhase::Quarantined;
      } else {
        state.reason.clear();
      }
    } else if (view.decision(*trial.search) != nullptr) {
      state.phase = TrialPhase::Skipped;
      state.reason = "every learning rate of the search diverged";
    } else {
      for (const std::size_t arm : plan.searches[*trial.search].arms)
        if (view.quarantined(arm) && !view.evaluated(arm, plan.searches[*trial.search].step)) {
          state.phase = TrialPhase::Skipped;
          state.reason =
              view.progress(arm).unusable
                  ? fmt::format("its learning-rate search lacks run {}: {}", plan.runs[arm].id,
                                view.progress(arm).reason)
                  : fmt::format("its learning-rate search lacks run {}, which failed {} times",
                                plan.runs[arm].id, view.progress(arm).failed_attempts);
        }
    }
    states.push_back(std::move(state));
  }
  return states;
}

StudyProgress study_progress(const StudyPlan& plan, std::span<const RunProgress> progress,
                             std::span<const SearchDecision> decisions) {
  const StudyView view(plan, progress, decisions);
  WantedWork wanted = wanted_of(plan, view);
  add_assumed(plan, view, Assume::TheExpectedArm, wanted);
  add_trunks(plan, view, wanted);
  StudyProgress sum;
  for (std::size_t run = 0; run < plan.runs.size(); ++run) {
    const RunProgress& known = view.progress(run);
    // What has been trained stays trained, also for an arm that lost.
    const std::int64_t first = plan.runs[run].first_step();
    const std::int64_t done = std::max(known.checkpoint_step, first);
    std::int64_t total =
        std::max({furthest(wanted.steps[run]), furthest(wanted.branches[run]), done});
    if (view.given_up(run)) total = done;
    sum.done_flops += static_cast<double>(done - first) * plan.runs[run].flops_per_step;
    sum.total_flops += static_cast<double>(total - first) * plan.runs[run].flops_per_step;
  }
  return sum;
}

}  // namespace isoloss
