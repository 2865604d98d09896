// The header of a run's files, filled from its spec, its data and this machine.
#pragma once
#include <cstdint>
#include <string>

#include "harness/dataset.h"
#include "results/run_record.h"
#include "sweeps/plan.h"

namespace isoloss {

// `ranks` train the run together.
RunHeader run_header(const std::string& study, const PlannedRun& run, const Dataset& dataset,
                     std::int64_t ranks);

}  // namespace isoloss
