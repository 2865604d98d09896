#include "sweeps/wanted_work.h"

#include <algorithm>

namespace isoloss {

WantedWork wanted_of(const StudyPlan& plan, const StudyView& view) {
  const std::size_t runs = plan.runs.size();
  WantedWork wanted{std::vector<std::vector<std::int64_t>>(runs), std::vector<bool>(runs, false),
                    std::vector<std::vector<std::int64_t>>(runs), std::vector<double>(runs, 0),
                    std::vector<std::vector<std::int64_t>>(runs)};
  for (const PlannedRun& run : plan.runs)
    if (run.branch) wanted.branch_points[run.branch->trunk].push_back(run.branch->step);
  for (std::vector<std::int64_t>& steps : wanted.branch_points) std::ranges::sort(steps);
  for (const PlannedTrial& trial : plan.trials)
    if (const std::size_t run = view.run_of(trial); run != kNoRun)
      wanted.steps[run].push_back(trial.steps);
  for (std::size_t s = 0; s < plan.searches.size(); ++s) {
    const PlannedSearch& search = plan.searches[s];
    const SearchDecision* decision = view.decision(s);
    if (decision == nullptr) {
      for (const std::size_t arm : search.arms) {
        wanted.steps[arm].push_back(search.step);
        wanted.search_arm[arm] = true;
      }
    } else if (search.runner_up_step > 0) {
      const std::size_t run = view.run_named(search.checks, decision->runner_up);
      if (run != kNoRun) wanted.steps[run].push_back(search.runner_up_step);
    }
  }
  return wanted;
}

std::int64_t furthest(const std::vector<std::int64_t>& steps) {
  return steps.empty() ? 0 : *std::max_element(steps.begin(), steps.end());
}

void add_assumed(const StudyPlan& plan, const StudyView& view, Assume assume, WantedWork& wanted) {
  for (const PlannedTrial& trial : plan.trials) {
    if (!trial.search || view.decision(*trial.search) != nullptr) continue;
    for (const std::size_t run : trial.candidates)
      if (assume == Assume::EveryArm || run == trial.run) wanted.steps[run].push_back(trial.steps);
  }
  for (std::size_t s = 0; s < plan.searches.size(); ++s) {
    const PlannedSearch& search = plan.searches[s];
    if (view.decision(s) != nullptr || search.runner_up_step == 0) continue;
    const std::size_t next = search.assumed + 1;
    const std::size_t expected = next < search.arms.size() ? next : search.assumed - 1;
    for (std::size_t i = 0; i < search.checks.size(); ++i)
      if (assume == Assume::EveryArm || i == expected)
        wanted.steps[search.checks[i]].push_back(search.runner_up_step);
  }
}

bool waits_for_trunk(const StudyView& view, const PlannedRun& branch, std::size_t run) {
  if (!branch.branch || view.progress(run).checkpoint_step > 0) return false;
  const std::size_t trunk = branch.branch->trunk;
  return !view.given_up(trunk) && view.progress(trunk).checkpoint_step < branch.branch->step;
}

void add_trunks(const StudyPlan& plan, const StudyView& view, WantedWork& wanted) {
  for (std::size_t run = 0; run < plan.runs.size(); ++run) {
    const PlannedRun& branch = plan.runs[run];
    if (view.evaluated(run, wanted.steps[run]) || view.given_up(run) ||
        !waits_for_trunk(view, branch, run))
      continue;
    const auto [trunk, step] = *branch.branch;
    wanted.branches[trunk].push_back(step);
    wanted.search_arm[trunk] = wanted.search_arm[trunk] || wanted.search_arm[run];
    wanted.tail[trunk] =
        std::max(wanted.tail[trunk],
                 static_cast<double>(furthest(wanted.steps[run]) - step) * branch.flops_per_step);
  }
}

}  // namespace isoloss
