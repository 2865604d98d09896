#include "model/device/stream_reader.h"

#include <type_traits>

#include "model/kernels/cuda/elementwise.h"

namespace isoloss {

template <typename T>
DeviceNorm<T>::DeviceNorm(const ModelSpec& spec, const DeviceRows& rows,
                          const DeviceTensors<T>& tensors, const std::string& name,
                          MemoryLayout& layout)
    : scale(tensors[name + ".scale"]),
      bias(tensors[name + ".bias"]),
      shape{rows.tokens(), spec.d_model, spec.norm != Norm::Rms,
            static_cast<float>(spec.norm_epsilon)} {
  if (!scale) return;
  if (shape.centred) statistics.mean = layout.take<float>("norm statistics", rows.tokens());
  statistics.inverse_deviation = layout.take<float>("norm statistics", rows.tokens());
}

std::int64_t norm_scratch_floats(const ModelSpec& spec, const DeviceRows& rows) {
  return device::norm_scratch(
      {rows.tokens(), spec.d_model, spec.norm != Norm::Rms, static_cast<float>(spec.norm_epsilon)});
}

template <typename T>
StreamReader<T>::StreamReader(const ModelSpec& spec, const DeviceRows& rows,
                              const DeviceTensors<T>& tensors, const std::string& norm, bool adds,
                              float* sum, float* scratch, MemoryLayout& layout)
    : norm_(spec, rows, tensors, norm, layout), scratch_(scratch) {
  const std::int64_t size = rows.tokens() * spec.d_model;
  if (adds) sum_ = sum != nullptr ? sum : layout.take<float>("stream", size);
  if (norm_ || !std::is_same_v<T, float>) read_ = layout.take<T>("read of the stream", size);
}

template <typename T>
const T* StreamReader<T>::forward(const DeviceStep& step, const StreamAbove<T>& below) {
  added_ = below.added;
  const std::int64_t tokens = step.rows.tokens(), width = step.spec.d_model;
  stream_ = sum_ == nullptr ? below.stream : sum_;
  if (norm_) {
    device::norm_forward(step.stream, norm_.shape, below.stream, added_.branch, sum_,
                         norm_.weights(), read_, norm_.statistics);
    return read_;
  }
  if (sum_ != nullptr)
    device::add_branch(step.stream, tokens, width, below.stream, added_.branch, sum_);
  return rounded(step);
}

template <typename T>
const T* StreamReader<T>::again(const DeviceStep& step) {
  if (!norm_) return rounded(step);
  device::norm_forward<float, T, T>(step.stream, norm_.shape, stream_, {}, nullptr, norm_.weights(),
                                    read_, norm_.statistics);
  return read_;
}

// The stream as products read it where no norm stands between.
template <typename T>
const T* StreamReader<T>::rounded(const DeviceStep& step) {
  if constexpr (std::is_same_v<T, float>) {
    return stream_;
  } else {
    device::convert(step.stream, step.rows.tokens() * step.spec.d_model, stream_, read_);
    return read_;
  }
}

template <typename T>
void StreamReader<T>::backward(const DeviceStep& step, const T* d_read, bool at_top,
                               StreamGradient& gradient) {
  const std::int64_t tokens = step.rows.tokens(), width = step.spec.d_model;
  if (norm_) {
    device::norm_backward(step.stream, norm_.shape, stream_, norm_.weights(), norm_.statistics,
                          d_read, at_top ? nullptr : gradient.now, gradient.now, norm_.gradient(),
                          added_.branch, added_.gradient, scratch_);
    return;
  }
  if (at_top) step.stream.zero(gradient.now, static_cast<std::size_t>(tokens * width) * 4);
  device::add_scaled(step.stream, tokens * width, 1, d_read, gradient.now);
  if (sum_ != nullptr)
    device::branch_backward(step.stream, tokens, width, gradient.now, added_.branch,
                            added_.gradient, scratch_);
}

template struct DeviceNorm<float>;
template struct DeviceNorm<simt::Bf16>;
template class StreamReader<float>;
template class StreamReader<simt::Bf16>;

}  // namespace isoloss
