// The data ranks' part of a training step on devices (model/device): gradients and loss become the
// ranks' means while the backward pass runs, recorded in the graph of the step with all else.
#pragma once
#include <cstdint>

#include "harness/devices/gradient_buckets.h"
#include "model/device/device_training.h"

namespace isoloss {

// The stream as communicators and orders of streams know it.
inline DeviceStream as_device_stream(Stream& stream) {
#ifdef ISOLOSS_EMULATED
  return {&stream};
#else
  return {stream.native()};
#endif
}

// `average` is of the model's whole gradient buffer, outlives the training, and its communicator
// outlives the graph. Every rank must get every mean: each measures the gradients' norm.
inline GradientExchange exchange_through(DeviceGradientAverage& average) {
  return {
      .ready = [&average](Stream& stream,
                          std::int64_t offset) { average.ready(offset, as_device_stream(stream)); },
      .finish =
          [&average](Stream& stream, float* loss) {
            average.finish(as_device_stream(stream), {loss, 1});
          }};
}

}  // namespace isoloss
