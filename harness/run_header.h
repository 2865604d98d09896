// The header of a run's files, filled from its spec, its data and this machine.
#pragma once
#include <string>

#include "harness/dataset.h"
#include "results/run_record.h"
#include "sweeps/layout.h"
#include "sweeps/plan.h"

namespace isoloss {

// The ranks of `layout` train the run together; `rate` is what is known of this machine.
RunHeader run_header(const std::string& study, const PlannedRun& run, const Dataset& dataset,
                     const RankLayout& layout, const DeviceRate& rate);

}  // namespace isoloss
