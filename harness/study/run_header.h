// The header of a run's files, filled from its spec, its data and this machine.
#pragma once
#include <optional>
#include <string>

#include "harness/data/dataset.h"
#include "results/run_record.h"
#include "sweeps/layout.h"
#include "sweeps/plan.h"

namespace isoloss {

// What a run is trained on.
struct TrainedOn {
  std::string machine;             // as its maker or the system names it
  std::optional<DeviceRate> rate;  // how fast it is, where that is known
};

// The ranks of `layout` train the run together.
RunHeader run_header(const std::string& study, const PlannedRun& run, const Dataset& dataset,
                     const RankLayout& layout, const TrainedOn& on);

}  // namespace isoloss
