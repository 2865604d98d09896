// How fast a device trains: what predictions of hours and the choice of a layout rest on.
#pragma once
#include <string>

#include "model/cost/step_time.h"

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
};

// Rates by device name; InputError with the nearest name for one without a measured rate.
DeviceRate device_rate(const std::string& device);

}  // namespace isoloss
