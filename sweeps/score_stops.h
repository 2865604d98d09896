// When one-shot tasks score a run: at each budget, where it is evaluated, and before it as often as
// the study asks for, so that scores can be averaged over checkpoints as So et al. 2021
// (Primer, table 6: five) and Bhagia et al. 2024 do. Where they lie the papers don't say; here
// evenly within the last tenth of a budget's steps.
#pragma once
#include <vector>

#include "sweeps/plan.h"

namespace isoloss {

// The steps before each of the run's budgets, by step, with the budget whose trial they belong to:
// steps - floor(j steps / (10 (points - 1))) for j = 1 ... points - 1. Those that are the budget's
// own step, and those that a branch does not train itself, are left out.
std::vector<EvaluationStop> score_stops(const PlannedRun& run);

}  // namespace isoloss
