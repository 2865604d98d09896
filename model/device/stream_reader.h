// How a sub-layer, and in the end the output layer, reads the residual stream on the device: what
// the sub-layer below adds is added, and the sum is normed where the spec has a norm, in one pass;
// backward likewise. The stream is float32, what products read is T.
#pragma once
#include <cstdint>
#include <string>

#include "model/device/device_step.h"
#include "model/device/device_tensors.h"
#include "model/device/memory_layout.h"
#include "model/kernels/cuda/norm.h"

namespace isoloss {

// What a sub-layer adds to the stream, to be added by whoever reads it next; values null: nothing
// (post-norm has already added it).
template <typename T>
struct AddedBranch {
  device::Branch<T> branch;
  device::BranchGradient<T> gradient;  // where the reader's backward pass leaves its gradient
};

template <typename T>
struct StreamAbove {
  const float* stream = nullptr;  // [tokens, d_model]
  AddedBranch<T> added;
};

// The scale and bias of a norm, its statistics, and how wide it is.
template <typename T>
struct DeviceNorm {
  DeviceTensor<T> scale, bias;  // null: no norm; bias null for RMS
  device::NormShape shape;
  device::NormStatistics statistics;

  // `name` is that of the norm: its tensors are name.scale and name.bias.
  DeviceNorm(const ModelSpec& spec, const DeviceRows& rows, const DeviceTensors<T>& tensors,
             const std::string& name, MemoryLayout& layout);
  explicit operator bool() const { return static_cast<bool>(scale); }
  device::NormWeights weights() const { return {scale.weight, bias.weight}; }
  device::NormGradient gradient() const { return {scale.gradient, bias.gradient}; }
};
std::int64_t norm_scratch_floats(const ModelSpec& spec, const DeviceRows& rows);

// The gradient of the stream: `now`, and memory of the same size for who cannot work in place.
struct StreamGradient {
  float* now = nullptr;
  float* other = nullptr;
};

template <typename T>
class StreamReader {
 public:
  // `norm` "" : no norm. `adds`: whether the sub-layer below leaves something to be added; `sum` is
  // the memory for the sum, null: of `layout`.
  StreamReader(const ModelSpec& spec, const DeviceRows& rows, const DeviceTensors<T>& tensors,
               const std::string& norm, bool adds, float* sum, float* scratch,
               MemoryLayout& layout);

  // What products read of the stream, [tokens, d_model], kept for the backward pass.
  const T* forward(const DeviceStep& step, const StreamAbove<T>& below);
  // The same once more from the sum that forward() left, where others have used all memory but
  // that.
  const T* again(const DeviceStep& step);
  // The stream itself, with what was added.
  const float* stream() const { return stream_; }
  // The gradient of the stream below, from those of what was read and of the stream itself above
  // (which is zero at the top), and that of the branch that was added.
  void backward(const DeviceStep& step, const T* d_read, bool at_top, StreamGradient& gradient);

 private:
  const T* rounded(const DeviceStep& step);

  DeviceNorm<T> norm_;
  float* scratch_;
  float* sum_ = nullptr;
  T* read_ = nullptr;
  const float* stream_ = nullptr;
  AddedBranch<T> added_;
};

}  // namespace isoloss
