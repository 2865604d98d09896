// Seconds of whole training steps, measured on the machine that will train: what a prediction rests
// on where there is such a measurement.
#pragma once
#include <map>
#include <string>

#include "sweeps/run_spec.h"

namespace isoloss {

// By one rank, the machine's others at work too.
struct MeasuredStep {
  double seconds = 0;               // the median
  double fastest = 0, slowest = 0;  // a tenth of the steps took less, a tenth more

  bool operator==(const MeasuredStep&) const = default;
};

// By step_key.
using StepTimes = std::map<std::string, MeasuredStep>;

// 16 hex digits of all of a run that the time of its steps depends on: model, batch, optimizer's
// kind, dtype, threads, micro-batches, recomputation. Equal for runs that differ in seed, rate or
// data.
std::string step_key(const RunSpec& spec);

}  // namespace isoloss
