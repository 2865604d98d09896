// What the feed-forward adds to the residual stream, on the device, forward and backward. Its plain
// version is model/layers/sublayers.h's feed_forward().
#pragma once
#include <cstdint>
#include <string>

#include "model/device/device_step.h"
#include "model/device/device_tensors.h"
#include "model/device/memory_layout.h"

namespace isoloss {

// Gradients of one layer's activations while its backward pass runs; layers use them in turn.
template <typename T>
struct FeedForwardScratch {
  FeedForwardScratch(const ModelSpec& spec, const DeviceRows& rows, MemoryLayout& layout);

  T *d_activated, *d_hidden;
};

template <typename T>
class FeedForwardBranch {
 public:
  // `prefix` is "layers.i.feed_forward."
  FeedForwardBranch(const ModelSpec& spec, const DeviceRows& rows, const DeviceTensors<T>& tensors,
                    const std::string& prefix, const FeedForwardScratch<T>& scratch,
                    MemoryLayout& layout);

  // result = F(x) + addend, [tokens, d_model] as x; addend may be null.
  void forward(const DeviceStep& step, const T* x, float* result, const float* addend);
  // From the gradient of F(x) that of x, and the weights' added to the gradient buffer. Wants what
  // forward() left.
  void backward(const DeviceStep& step, const T* x, const T* d_result, T* d_x);

 private:
  DeviceTensor<T> in_, in_bias_, out_, out_bias_;  // with a gate, gate and in as one
  std::int64_t width_, hidden_width_;              // after and before the activation
  const FeedForwardScratch<T>& scratch_;
  T *hidden_, *activated_;
};

}  // namespace isoloss
