// Whether a run that trains on the processor fits into its machine, asked before anything of it is
// taken: a system without memory ends the process, and whatever it trains, instead of the run.
#pragma once
#include <stdexcept>

#include "sweeps/layout.h"
#include "sweeps/plan.h"

namespace isoloss {

// The run is predicted to take more than its machine has.
struct MachineTooSmall : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// MachineTooSmall, with what to do, where even the least that was measured of such a prediction
// (predicted_memory) is more for one rank than `machine_bytes`.
void check_machine_room(const PlannedRun& run, const RankLayout& layout, double machine_bytes);

}  // namespace isoloss
