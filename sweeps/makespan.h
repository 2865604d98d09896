// How long a study takes: the schedule itself, run with the expected winners by workers of which
// each trains one run at a time.
#pragma once
#include <functional>

#include "sweeps/device_rate.h"
#include "sweeps/plan.h"
#include "sweeps/schedule.h"

namespace isoloss {

// Seconds until `workers` have finished, where an item takes seconds_of(item).
double makespan_seconds(const StudyPlan& plan, int workers,
                        const std::function<double(const WorkItem&)>& seconds_of);
// The same for one-rank workers.
double makespan_seconds(const StudyPlan& plan, int workers, const DeviceRate& rate);

}  // namespace isoloss
