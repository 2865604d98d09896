#include "model/device/feed_forward_branch.h"

#include <algorithm>

#include "model/kernels/cuda/column_sums.h"

namespace isoloss {
namespace {

device::ActivationShape activation_shape(const ModelSpec& spec, const DeviceRows& rows) {
  return {spec.activation, spec.gated, rows.tokens(), feed_forward_width(spec)};
}
std::int64_t width_before_activation(const ModelSpec& spec) {
  return feed_forward_width(spec) * (spec.gated ? 2 : 1);
}

}  // namespace

template <typename T>
FeedForwardTemporaries<T>::FeedForwardTemporaries(const ModelSpec& spec, const DeviceRows& rows,
                                                  MemoryLayout& layout) {
  const std::int64_t tokens = rows.tokens();
  d_activated = layout.take<T>("d_activated", tokens * feed_forward_width(spec));
  d_hidden = layout.take<T>("d_hidden", tokens * width_before_activation(spec));
  sums = layout.take<float>(
      "sums", std::max(device::activation_scratch(activation_shape(spec, rows)),
                       device::column_sums_scratch({tokens, spec.d_model, spec.d_model})));
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
      hidden_width_(width_before_activation(spec)),
      activation_(activation_shape(spec, rows)),
      temporaries_(temporaries),
      hidden_(layout.take<T>("hidden", rows.tokens() * hidden_width_)),
      activated_(layout.take<T>("activated", rows.tokens() * activation_.width)) {}

template <typename T>
void FeedForwardBranch<T>::forward(const DeviceStep& step, const T* x, T* result, bool adds_bias) {
  const std::int64_t tokens = step.rows.tokens(), width = step.spec.d_model;
  step.products.forward(step.stream, product_shape(tokens, width, hidden_width_), x, in_.operand,
                        hidden_);
  device::activation_forward(step.stream, activation_, hidden_, in_bias_.weight, activated_);
  step.products.forward(step.stream, product_shape(tokens, activation_.width, width), activated_,
                        out_.operand, result,
                        ProductTerms<T>{.bias = adds_bias ? out_bias_.operand : nullptr});
}

template <typename T>
void FeedForwardBranch<T>::backward(const DeviceStep& step, const T* x, const T* d_result, T* d_x,
                                    bool adds_bias) {
  const std::int64_t tokens = step.rows.tokens(), width = step.spec.d_model;
  const ProductShape out = product_shape(tokens, activation_.width, width);
  step.products.input_gradient(step.stream, out, d_result, out_.operand, temporaries_.d_activated);
  step.products.weight_gradient(step.stream, out, d_result, activated_, out_.gradient);
  if (adds_bias && out_bias_)
    device::add_column_sums(step.stream, {tokens, width, width}, d_result, out_bias_.gradient,
                            temporaries_.sums);
  device::activation_backward(step.stream, activation_, hidden_, in_bias_.weight,
                              temporaries_.d_activated, temporaries_.d_hidden, in_bias_.gradient,
                              temporaries_.sums);
  const ProductShape in = product_shape(tokens, width, hidden_width_);
  step.products.weight_gradient(step.stream, in, temporaries_.d_hidden, x, in_.gradient);
  step.products.input_gradient(step.stream, in, temporaries_.d_hidden, in_.operand, d_x);
}

template struct FeedForwardTemporaries<float>;
template struct FeedForwardTemporaries<simt::Bf16>;
template class FeedForwardBranch<float>;
template class FeedForwardBranch<simt::Bf16>;

}  // namespace isoloss
