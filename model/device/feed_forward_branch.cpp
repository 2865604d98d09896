#include "model/device/feed_forward_branch.h"

#include <algorithm>

#include "model/kernels/cuda/column_sums.h"
#include "model/kernels/cuda/elementwise.h"

namespace isoloss {
namespace {

device::ActivationShape activation_shape(const ModelSpec& spec, const DeviceRows& rows) {
  return {spec.activation, spec.gated, rows.tokens(), HiddenColumns(spec).padded_width};
}

std::size_t bytes_of(std::int64_t floats) {
  return static_cast<std::size_t>(floats) * sizeof(float);
}

}  // namespace

HiddenColumns::HiddenColumns(const ModelSpec& spec)
    : width(feed_forward_width(spec)),
      padded_width((width + 7) / 8 * 8),
      halves(spec.gated ? 2 : 1) {}

template <typename T>
FeedForwardTemporaries<T>::FeedForwardTemporaries(const ModelSpec& spec, const DeviceRows& rows,
                                                  MemoryLayout& layout) {
  const std::int64_t tokens = rows.tokens();
  const HiddenColumns hidden(spec);
  d_activated = layout.take<T>("d_activated", tokens * hidden.padded_width);
  d_hidden = layout.take<T>("d_hidden", tokens * hidden.row());
  sums = layout.take<float>(
      "sums", std::max(device::activation_scratch(activation_shape(spec, rows)),
                       device::column_sums_scratch({tokens, spec.d_model, spec.d_model})));
  if (!hidden.pads()) return;
  d_bias = layout.take<float>("d_bias", hidden.row());
  sum_of_bias = layout.take<float>("sum of d_bias", hidden.width);
}

template <typename T>
FeedForwardBranch<T>::FeedForwardBranch(const ModelSpec& spec, const DeviceRows& rows,
                                        const DeviceTensors<T>& tensors, const std::string& prefix,
                                        const FeedForwardTemporaries<T>& temporaries,
                                        MemoryLayout& layout)
    : in_(tensors[prefix + (spec.gated ? "gate" : "in")]),
      in_bias_(tensors[prefix + (spec.gated ? "gate_bias" : "in_bias")]),
      out_(tensors[prefix + "out"]),
      out_bias_(tensors[prefix + "out_bias"]),
      hidden_columns_(spec),
      temporaries_(temporaries),
      hidden_(layout.take<T>("hidden", rows.tokens() * hidden_columns_.row())),
      activated_(layout.take<T>("activated", rows.tokens() * hidden_columns_.padded_width)) {
  if (in_bias_ && hidden_columns_.pads())
    bias_row_ = layout.take<float>("padded biases", hidden_columns_.row());
}

template <typename T>
device::ActivationShape FeedForwardBranch<T>::activation(const DeviceStep& step) const {
  return activation_shape(step.spec, step.rows);
}

template <typename T>
ProductShape FeedForwardBranch<T>::in_shape(const DeviceStep& step) const {
  return {.rows = step.rows.tokens(),
          .in = step.spec.d_model,
          .out = hidden_columns_.columns(),
          .x_stride = step.spec.d_model,
          .y_stride = hidden_columns_.row()};
}

template <typename T>
ProductShape FeedForwardBranch<T>::out_shape(const DeviceStep& step) const {
  return {.rows = step.rows.tokens(),
          .in = hidden_columns_.width,
          .out = step.spec.d_model,
          .x_stride = hidden_columns_.padded_width,
          .y_stride = step.spec.d_model};
}

template <typename T>
void FeedForwardBranch<T>::forward(const DeviceStep& step, const T* x, T* result, bool adds_bias) {
  const HiddenColumns& hidden = hidden_columns_;
  ProductTerms<T> terms;
  if (product_has_bias(step)) terms.bias = in_bias_.operand;
  for (std::int64_t i = 0; i < hidden.products(); ++i)
    step.products.forward(step.stream, in_shape(step), x,
                          in_.operand + i * hidden.columns() * step.spec.d_model,
                          hidden_ + i * hidden.padded_width, terms);
  if (bias_row_ != nullptr)
    for (std::int64_t half = 0; half < hidden.halves; ++half)
      step.stream.copy(bias_row_ + half * hidden.padded_width,
                       in_bias_.weight + half * hidden.width, bytes_of(hidden.width));
  device::activation_forward(step.stream, activation(step), hidden_, bias(step), activated_);
  if (result == nullptr) return;
  step.products.forward(step.stream, out_shape(step), activated_, out_.operand, result,
                        ProductTerms<T>{.bias = adds_bias ? out_bias_.operand : nullptr});
}

// A half's gradient may begin where no kernel may write, so that it is added in aligned memory.
template <typename T>
void FeedForwardBranch<T>::add_bias_gradient(const DeviceStep& step) {
  const HiddenColumns& hidden = hidden_columns_;
  for (std::int64_t half = 0; half < hidden.halves; ++half) {
    float* const gradient = in_bias_.gradient + half * hidden.width;
    step.stream.copy(temporaries_.sum_of_bias, gradient, bytes_of(hidden.width));
    device::add_scaled(step.stream, hidden.width, 1,
                       static_cast<const float*>(temporaries_.d_bias + half * hidden.padded_width),
                       temporaries_.sum_of_bias);
    step.stream.copy(gradient, temporaries_.sum_of_bias, bytes_of(hidden.width));
  }
}

template <typename T>
void FeedForwardBranch<T>::backward(const DeviceStep& step, const T* x, const T* d_result, T* d_x,
                                    bool adds_bias) {
  const HiddenColumns& hidden = hidden_columns_;
  const std::int64_t width = step.spec.d_model;
  step.products.input_gradient(step.stream, out_shape(step), d_result, out_.operand,
                               temporaries_.d_activated);
  step.products.weight_gradient(step.stream, out_shape(step), d_result, activated_, out_.gradient);
  if (adds_bias && out_bias_)
    device::add_column_sums(step.stream, {step.rows.tokens(), width, width}, d_result,
                            out_bias_.gradient, temporaries_.sums);
  const bool by_row = bias_row_ != nullptr;
  if (by_row) step.stream.zero(temporaries_.d_bias, bytes_of(hidden.row()));
  device::activation_backward(step.stream, activation(step), hidden_, bias(step),
                              temporaries_.d_activated, temporaries_.d_hidden,
                              by_row ? temporaries_.d_bias : in_bias_.gradient, temporaries_.sums);
  if (by_row) add_bias_gradient(step);
  const auto d_hidden = [&](std::int64_t i) {
    return temporaries_.d_hidden + i * hidden.padded_width;
  };
  const auto weights = [&](std::int64_t i) { return i * hidden.columns() * width; };
  for (std::int64_t i = 0; i < hidden.products(); ++i)
    step.products.input_gradient(step.stream, in_shape(step), d_hidden(i), in_.operand + weights(i),
                                 d_x, ProductTerms<T>{.addend = i == 0 ? nullptr : d_x});
  step.sum_beside.begin(step.tensor, step.stream, d_x, step.rows.tokens() * width);
  for (std::int64_t i = 0; i < hidden.products(); ++i)
    step.products.weight_gradient(step.stream, in_shape(step), d_hidden(i), x,
                                  in_.gradient + weights(i));
}

template struct FeedForwardTemporaries<float>;
template struct FeedForwardTemporaries<simt::Bf16>;
template class FeedForwardBranch<float>;
template class FeedForwardBranch<simt::Bf16>;

}  // namespace isoloss
