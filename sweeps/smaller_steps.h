// What a study file may say for ranks to hold runs that they do not.
#pragma once
#include <optional>
#include <string>

#include "sweeps/plan.h"
#include "sweeps/run_ranks.h"

namespace isoloss {

// Keys of `run` in the study file by which memory holds every run at some number of these ranks:
// the fewest micro-batches ("accumulate: 4"), or, where none does, with activations computed anew,
// which costs time ("accumulate: 2, recompute: true"). Absent where neither does.
std::optional<std::string> steps_that_fit(const StudyPlan& plan, const PlanRanks& ranks,
                                          const DeviceRate& rate);

}  // namespace isoloss
