// Counts, progress and speed of a study from its plan, its files and the reports of its ranks.
#pragma once
#include <algorithm>
#include <cstdint>
#include <span>

#include "harness/progress/progress_text.h"
#include "harness/progress/rank_report.h"
#include "sweeps/plan.h"
#include "sweeps/schedule.h"

namespace isoloss {

inline StudyTally study_tally(const StudyPlan& plan, std::span<const RunProgress> progress,
                              std::span<const SearchDecision> decisions,
                              std::span<const RankReport> reports) {
  StudyTally tally;
  tally.trials = plan.trials.size();
  for (const TrialState& state : trial_states(plan, progress, decisions)) {
    if (state.phase == TrialPhase::Done) {
      ++tally.trials_done;
    } else if (state.phase != TrialPhase::Waiting) {
      ++tally.trials_failed;
    }
  }
  const StudyProgress stored = study_progress(plan, progress, decisions);
  tally.done_flops = stored.done_flops;
  tally.total_flops = stored.total_flops;
  for (const RankReport& report : reports) {
    const auto run = std::ranges::find(plan.runs, report.run, &PlannedRun::id);
    if (run == plan.runs.end()) continue;
    const auto known = std::ranges::find(progress, report.run, &RunProgress::id);
    const std::int64_t counted =
        std::max(known == progress.end() ? 0 : known->checkpoint_step, run->first_step());
    tally.done_flops +=
        static_cast<double>(std::max<std::int64_t>(report.step - counted, 0)) * run->flops_per_step;
    tally.flops_per_second += report.flops_per_second;
  }
  return tally;
}

}  // namespace isoloss
