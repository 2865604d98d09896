// What the feed-forward adds to the residual stream, on the device, forward and backward. Its plain
// version is feed_forward() of model/layers/sublayers.h.
#pragma once
#include <cstdint>
#include <string>

#include "model/device/device_step.h"
#include "model/device/device_tensors.h"
#include "model/device/memory_layout.h"
#include "model/kernels/cuda/activation.h"

namespace isoloss {

// Gradients of one layer's activations while its backward pass runs; layers use them in turn.
template <typename T>
struct FeedForwardTemporaries {
  FeedForwardTemporaries(const ModelSpec& spec, const DeviceRows& rows, MemoryLayout& layout);

  T *d_activated, *d_hidden;
  float* sums;
};

template <typename T>
class FeedForwardBranch {
 public:
  // `prefix` is "layers.i.feed_forward."
  FeedForwardBranch(const ModelSpec& spec, const DeviceRows& rows, const DeviceTensors<T>& tensors,
                    const std::string& prefix, const FeedForwardTemporaries<T>& temporaries,
                    MemoryLayout& layout);

  // As AttentionBranch's.
  void forward(const DeviceStep& step, const T* x, T* result, bool adds_bias);
  void backward(const DeviceStep& step, const T* x, const T* d_result, T* d_x, bool adds_bias);
  const DeviceTensor<T>& output_bias() const { return out_bias_; }

 private:
  DeviceTensor<T> in_, in_bias_, out_, out_bias_;  // in_: with a gate, the gate and in as one
  std::int64_t hidden_width_;                      // before the activation
  device::ActivationShape activation_;
  FeedForwardTemporaries<T> temporaries_;
  T *hidden_, *activated_;
};

}  // namespace isoloss
