#include "sweeps/score_stops.h"

#include <algorithm>
#include <set>

namespace isoloss {

std::vector<EvaluationStop> score_stops(const PlannedRun& run) {
  const EvaluationSpec& evaluation = run.spec.evaluation;
  std::vector<EvaluationStop> stops;
  if (!scores_anything(evaluation)) return stops;
  for (const EvaluationStop& budget : run.stops) {
    std::set<std::int64_t> steps;
    for (std::int64_t j = 1; j < evaluation.score_points; ++j)
      steps.insert(budget.step - j * budget.step / (10 * (evaluation.score_points - 1)));
    for (const std::int64_t step : steps)
      if (step > run.first_step() && step < budget.step)
        stops.push_back({step, budget.budget, budget.unit});
  }
  std::ranges::stable_sort(stops, {}, &EvaluationStop::step);
  return stops;
}

}  // namespace isoloss
