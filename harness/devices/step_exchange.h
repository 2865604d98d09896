// The data ranks' part of a training step on devices (model/device): gradients and loss become the
// ranks' means while the backward pass runs, recorded in the graph of the step with all else.
#pragma once
#include <cstdint>

#include "harness/devices/gradient_buckets.h"
#include "model/device/device_stream.h"
#include "model/device/device_training.h"

namespace isoloss {

// `average` is of the model's whole gradient buffer, outlives the training, and its communicator
// outlives the graph. Every rank must get every mean, or with a shared update (update_exchange.h)
// those of its share, ranges_of() the shares.
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
