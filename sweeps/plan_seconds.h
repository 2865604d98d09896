// How long a planned study takes by prediction, each number between two others: at best by the
// fastest steps or the highest rate, at worst by the slowest; there a run that several ranks share
// takes as long as by one alone, unless the rate is of ranks together, because what they lose to
// each other is known of few machines.
#pragma once
#include "sweeps/device_rate.h"
#include "sweeps/plan.h"
#include "sweeps/predicted.h"
#include "sweeps/run_ranks.h"

namespace isoloss {

// A rate and its ends.
struct DeviceRates {
  DeviceRate usual, best, worst;
  explicit DeviceRates(const DeviceRate& rate);
};

// Of a run's own steps (what is before is its trunk's) by the ranks of its layout.
Predicted run_seconds(const PlannedRun& run, const RankLayout& layout, const DeviceRates& rates);

// Until the study ends, and what all its ranks spend on it together.
struct StudySeconds {
  Predicted makespan, device;
};
StudySeconds study_seconds(const StudyPlan& plan, const RankPlan& chosen, int ranks,
                           const DeviceRates& rates);

}  // namespace isoloss
