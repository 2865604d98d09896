// How fast a device trains: what predictions of hours and the choice of a layout rest on. Of GPUs,
// the utilisation that others published, with full attention counted as `exact` does, of the data
// sheet's dense peak.
#pragma once
#include <string>

#include "model/cost/step_time.h"
#include "sweeps/step_times.h"

namespace isoloss {

// Of one core or device; `lowest` to `highest` exact FLOPs per second is the interval of
// predictions.
struct DeviceRate {
  std::string device;
  double flops_per_second = 0;
  double lowest = 0, highest = 0;
  // Between ranks of one machine (model/cost/step_time.h).
  double exchange_bytes_per_second = StepRates{}.exchange_bytes_per_second;
  double exchange_seconds = 0;
  double memory_bytes = 0;       // of the device; 0: a rank has its part of the machine's
  double fewest_parameters = 0;  // of the models that were measured; smaller ones are slower
  bool together = false;         // measured with the ranks of a machine sharing each step
  std::string source = {};       // what was measured by whom
  StepTimes steps = {};          // measured here: they go before the rate
};

// Rates by device name (cpu, h100, h200, a100) for products in `dtype`. InputError with the nearest
// name for a device without a measured rate, and for a dtype that nobody measured there.
DeviceRate device_rate(const std::string& device, const std::string& dtype);

// The same at the ends of its interval.
DeviceRate at_best(DeviceRate rate);
DeviceRate at_worst(DeviceRate rate);

}  // namespace isoloss
