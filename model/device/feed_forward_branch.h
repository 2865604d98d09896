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

// How the hidden activations lie: kernels read rows eight values at a time, so that a width that is
// no multiple of 8 (two thirds of T5's widths) has unused columns behind it, and then a gate and
// what it multiplies are products of their own.
struct HiddenColumns {
  explicit HiddenColumns(const ModelSpec& spec);

  std::int64_t width;         // of the activated, without unused columns
  std::int64_t padded_width;  // with them
  std::int64_t halves;        // 2 with a gate
  bool pads() const { return padded_width != width; }
  std::int64_t row() const { return halves * padded_width; }
  // Products that make a row, each of so many columns.
  std::int64_t products() const { return pads() ? halves : 1; }
  std::int64_t columns() const { return pads() ? width : halves * width; }
};

// Gradients of one layer's activations while its backward pass runs; layers use them in turn.
template <typename T>
struct FeedForwardTemporaries {
  FeedForwardTemporaries(const ModelSpec& spec, const DeviceRows& rows, MemoryLayout& layout);

  T *d_activated, *d_hidden;
  float* sums;
  float *d_bias = nullptr, *sum_of_bias = nullptr;  // with unused columns: a row each
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
  device::ActivationShape activation(const DeviceStep& step) const;
  ProductShape in_shape(const DeviceStep& step) const;
  ProductShape out_shape(const DeviceStep& step) const;
  void add_bias_gradient(const DeviceStep& step);
  // Whether the product adds the bias, so that what it leaves is cut off and squared alone.
  bool product_has_bias(const DeviceStep& step) const {
    return step.spec.activation == Activation::SquaredRelu && !step.spec.gated && in_bias_ &&
           bias_row_ == nullptr;
  }
  // What the activation adds itself; null: nothing.
  const float* bias(const DeviceStep& step) const {
    if (product_has_bias(step)) return nullptr;
    return bias_row_ != nullptr ? bias_row_ : in_bias_.weight;
  }

  DeviceTensor<T> in_, in_bias_, out_, out_bias_;  // in_: with a gate, the gate and in as one
  HiddenColumns hidden_columns_;
  FeedForwardTemporaries<T> temporaries_;
  T *hidden_, *activated_;
  float* bias_row_ = nullptr;  // the bias as the activation reads it, where columns are unused
};

}  // namespace isoloss
