// How long work on a device takes, by its own events.
#pragma once
#include <functional>

#include "model/kernels/cuda/device.h"

namespace isoloss {

// Seconds of one run of the work: median and quartiles of the samples, each the mean over `repeats`
// runs in a row. `began` and `ended` are of the system's clock, seconds since 1970, so that a log
// of clocks and power can be laid beside them.
struct DeviceTiming {
  double median = 0, low = 0, high = 0;
  int samples = 0, repeats = 0;
  double began = 0, ended = 0;
};

// Runs the work a few times unmeasured, then samples of at least `kSampleSeconds` until `seconds`
// are over, at least kFewestSamples of them.
inline constexpr double kSampleSeconds = 2e-3;
inline constexpr int kFewestSamples = 7;
DeviceTiming time_on_device(Stream& stream, double seconds, const std::function<void()>& work);

}  // namespace isoloss
