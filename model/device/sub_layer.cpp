#include "model/device/sub_layer.h"

#include <utility>

#include "model/kernels/cuda/token_shift.h"

namespace isoloss {
namespace {

// Primer's norms stand before attention and after the feed-forward.
bool norms_what_it_reads(const ModelSpec& spec, SubLayerKind kind) {
  const NormPlacement placement = spec.norm_placement;
  return placement == NormPlacement::Pre || placement == NormPlacement::Both ||
         (placement == NormPlacement::Primer && kind == SubLayerKind::Attention);
}
std::string norm_of_branch(const ModelSpec& spec, SubLayerKind kind, const std::string& prefix) {
  if (spec.norm_placement == NormPlacement::Both) return prefix + "norm_after";
  const bool primer = spec.norm_placement == NormPlacement::Primer;
  return primer && kind == SubLayerKind::FeedForward ? prefix + "norm" : "";
}

}  // namespace

bool norms_the_sum(const ModelSpec& spec) {
  return spec.norm_placement == NormPlacement::Post && spec.norm != Norm::None;
}

template <typename T>
StreamTemporaries<T>::StreamTemporaries(const ModelSpec& spec, const DeviceRows& rows,
                                        MemoryLayout& layout) {
  const std::int64_t size = rows.tokens() * spec.d_model;
  branch = layout.take<T>("branch", size);
  normed = layout.take<T>("normed branch", size);
  d_branch = layout.take<T>("gradient of the branch", size);
  d_result = layout.take<T>("gradient of the branch", size);
  d_read = layout.take<T>("gradient of what is read", size);
  d_shifted = spec.token_shift ? layout.take<T>("gradient of what is read", size) : nullptr;
  norm = layout.take<float>("norm sums", norm_scratch_floats(spec, rows));
}

template <typename T, typename F>
SubLayer<T, F>::SubLayer(const ModelSpec& spec, const DeviceRows& rows,
                         const DeviceTensors<T>& tensors, SubLayerKind kind,
                         const std::string& prefix, bool lowest, F function,
                         const StreamTemporaries<T>& temporaries, const KeptOfLayer<T>& kept,
                         MemoryLayout& layout)
    : reader_(spec, rows, tensors, norms_what_it_reads(spec, kind) ? prefix + "norm" : "",
              !lowest && !norms_the_sum(spec), kept.below, temporaries.norm, layout),
      norm_of_branch_(spec, rows, tensors, norm_of_branch(spec, kind, prefix), layout),
      norm_of_sum_(spec, rows, tensors, norms_the_sum(spec) ? prefix + "norm" : "", layout),
      function_(std::move(function)),
      temporaries_(temporaries) {
  const std::int64_t size = rows.tokens() * spec.d_model;
  // A norm's backward pass reads what it normed, a factor's what it multiplied.
  T* multiplied = kept.branch;
  if (spec.rezero && multiplied == nullptr) multiplied = layout.take<T>("branches", size);
  if (norm_of_branch_) {
    branch_ = layout.take<T>("branches", size);
    normed_ = spec.rezero ? multiplied : temporaries.normed;
  } else {
    branch_ = spec.rezero ? multiplied : temporaries.branch;
  }
  if (spec.token_shift) shifted_ = layout.take<T>("shifted", size);
  if (norm_of_sum_) {
    sum_ = layout.take<float>("stream", size);
    normed_sum_ = kept.above != nullptr ? kept.above : layout.take<float>("stream", size);
  }
  const DeviceTensor<T> rezero = tensors[prefix + "rezero"];
  own_.branch = {norm_of_branch_ ? normed_ : branch_, nullptr, rezero.weight,
                 static_cast<float>(spec.branch_scale)};
  own_.gradient = {temporaries.d_branch, nullptr, rezero.gradient};
  if (!norm_of_branch_) {  // else F adds its bias itself
    own_.branch.bias = function_.output_bias().weight;
    own_.gradient.bias = function_.output_bias().gradient;
  }
}

template <typename T, typename F>
StreamAbove<T> SubLayer<T, F>::forward(const DeviceStep& step, const StreamAbove<T>& below) {
  return add(step, reader_.forward(step, below), branch_);
}

template <typename T, typename F>
StreamAbove<T> SubLayer<T, F>::again(const DeviceStep& step) {
  return add(step, reader_.again(step), branch_);
}

template <typename T, typename F>
void SubLayer<T, F>::again_for_backward(const DeviceStep& step, const StreamAbove<T>& below) {
  const bool norms_result = norm_of_branch_ || norm_of_sum_;
  add(step, reader_.forward(step, below), norms_result ? branch_ : nullptr);
}

template <typename T, typename F>
StreamAbove<T> SubLayer<T, F>::add(const DeviceStep& step, const T* read, T* result) {
  read_ = read;
  if (shifted_ != nullptr) {
    device::shift_tokens(step.stream, {step.rows.sequences, step.rows.length, step.spec.d_model},
                         read_, shifted_);
    read_ = shifted_;
  }
  // Of several ranks one gives the bias.
  function_.forward(step, read_, result, norm_of_branch_ && step.tensor.leads());
  if (result == nullptr) return {};
  const std::int64_t size = step.rows.tokens() * step.spec.d_model;
  step.tensor.sum(step.stream, result, size);
  if (norm_of_branch_)
    device::norm_forward<T, T, T>(step.stream, norm_of_branch_.shape, branch_, {}, nullptr,
                                  norm_of_branch_.weights(), normed_, norm_of_branch_.statistics);
  if (!norm_of_sum_) return {reader_.stream(), own_};
  device::norm_forward<float, T, float>(step.stream, norm_of_sum_.shape, reader_.stream(),
                                        own_.branch, sum_, norm_of_sum_.weights(), normed_sum_,
                                        norm_of_sum_.statistics);
  return {normed_sum_, {}};
}

template <typename T, typename F>
void SubLayer<T, F>::backward(const DeviceStep& step, StreamGradient& gradient) {
  if (norm_of_sum_) {
    device::norm_backward<float, T, float>(
        step.stream, norm_of_sum_.shape, sum_, norm_of_sum_.weights(), norm_of_sum_.statistics,
        gradient.now, nullptr, gradient.other, norm_of_sum_.gradient(), own_.branch, own_.gradient,
        temporaries_.norm);
    std::swap(gradient.now, gradient.other);
  }
  const T* d_result = temporaries_.d_branch;
  if (norm_of_branch_) {
    device::norm_backward<T, T, T>(step.stream, norm_of_branch_.shape, branch_,
                                   norm_of_branch_.weights(), norm_of_branch_.statistics,
                                   temporaries_.d_branch, nullptr, temporaries_.d_result,
                                   norm_of_branch_.gradient(), {}, {}, temporaries_.norm);
    d_result = temporaries_.d_result;
  }
  const bool shifts = shifted_ != nullptr;
  T* const d_read = shifts ? temporaries_.d_shifted : temporaries_.d_read;
  function_.backward(step, read_, d_result, d_read, static_cast<bool>(norm_of_branch_));
  step.sum_beside.end(step.stream);
  if (shifts)
    device::shift_tokens_backward(step.stream,
                                  {step.rows.sequences, step.rows.length, step.spec.d_model},
                                  temporaries_.d_shifted, temporaries_.d_read);
  reader_.backward(step, temporaries_.d_read, false, gradient);
}

template struct StreamTemporaries<float>;
template struct StreamTemporaries<simt::Bf16>;
template class SubLayer<float, AttentionBranch<float>>;
template class SubLayer<float, FeedForwardBranch<float>>;
template class SubLayer<simt::Bf16, AttentionBranch<simt::Bf16>>;
template class SubLayer<simt::Bf16, FeedForwardBranch<simt::Bf16>>;

}  // namespace isoloss
