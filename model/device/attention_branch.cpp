#include "model/device/attention_branch.h"

#include <algorithm>
#include <cmath>

#include "model/kernels/cuda/column_sums.h"
#include "model/kernels/cuda/elementwise.h"

namespace isoloss {
namespace {

bool projects_queries(const ModelSpec& spec) { return spec.shared_qk == SharedQk::No; }

std::int64_t width_of_projections(const ModelSpec& spec) {
  return (projects_queries(spec) ? attention_width(spec) : 0) + 2 * kv_width(spec);
}

// Each of several ranks makes its heads' queries of all heads' keys.
bool reads_all_keys(const ModelSpec& spec, const TensorRanks& tensor) {
  return spec.shared_qk == SharedQk::Full && !tensor.alone();
}

// One kernel does the convolutions and the constant factor of keys and values.
bool convolves(const ModelSpec& spec) {
  return spec.convolution_width > 0 || spec.key_value_scale != 1;
}

CausalShape causal_shape(const ModelSpec& spec, const DeviceRows& rows) {
  const float scale = spec.attention_scale == AttentionScale::RunTime
                          ? 1 / std::sqrt(static_cast<float>(spec.d_head))
                          : 1;
  return {rows.sequences, rows.length, head_count(spec),   kv_head_count(spec),
          spec.d_head,    scale,       spec.attention_tanh};
}

// Taps of the convolutions by part; gradients of taps beside them.
template <typename T>
device::ConvolutionShape convolution_shape(const ModelSpec& spec, const DeviceRows& rows,
                                           const DeviceTensors<T>& tensors,
                                           const std::string& prefix,
                                           std::array<float*, 3>& d_taps) {
  device::ConvolutionShape shape{rows.sequences, rows.length, spec.convolution_width, {}};
  std::size_t next = 0;
  const auto add = [&](const std::string& name, std::int64_t width, double factor) {
    device::ConvolutionPart& part = shape.parts[next];
    part.width = width;
    part.factor = static_cast<float>(factor);
    if (has_convolution(spec, name[0])) {
      const DeviceTensor<T> taps = tensors[prefix + name + "_convolution.0"];
      part.taps = taps.weight;
      part.channels = spec.convolution_shared ? spec.d_head : width;
      d_taps[next] = taps.gradient;
    }
    ++next;
  };
  if (projects_queries(spec)) add("query", attention_width(spec), 1);
  add("key", kv_width(spec), spec.key_value_scale);
  add("value", kv_width(spec), spec.key_value_scale);
  return shape;
}

}  // namespace

template <typename T>
AttentionTemporaries<T>::AttentionTemporaries(const ModelSpec& spec, const DeviceRows& rows,
                                              const TensorRanks& tensor, MemoryLayout& layout) {
  const std::int64_t tokens = rows.tokens(), projected = width_of_projections(spec);
  d_mixed = layout.take<T>("d_mixed", tokens * attention_width(spec));
  d_projected = layout.take<T>("d_projected", tokens * projected);
  std::int64_t floats = std::max(
      device::column_sums_scratch({.rows = tokens, .width = projected, .stride = projected}),
      device::column_sums_scratch({.rows = tokens, .width = spec.d_model, .stride = spec.d_model}));
  if (convolves(spec)) {
    d_convolved = layout.take<T>("d_convolved", tokens * projected);
    std::array<float*, 3> d_taps{};
    const DeviceTensors<T> none({}, nullptr, nullptr, nullptr);
    device::ConvolutionShape shape = convolution_shape(spec, rows, none, "", d_taps);
    floats = std::max(floats, device::convolution_scratch(shape));
  }
  if (!projects_queries(spec)) d_query = layout.take<T>("d_query", tokens * attention_width(spec));
  if (reads_all_keys(spec, tensor))
    d_keys_of_all =
        layout.take<T>("d_keys of all", tokens * attention_width(spec) * tensor.shard.ranks);
  const bool relative = spec.positions == Positions::Relative;
  attention = layout.take<float>(
      "attention",
      attention_scratch_floats(causal_shape(spec, rows), relative ? spec.relative_buckets : 0));
  sums = layout.take<float>("sums", floats);
}

template <typename T>
AttentionBranch<T>::AttentionBranch(const ModelSpec& spec, const DeviceRows& rows,
                                    const DeviceTensors<T>& tensors, const std::string& prefix,
                                    const TensorRanks& tensor, const PositionTables<T>& positions,
                                    const AttentionTemporaries<T>& temporaries,
                                    MemoryLayout& layout)
    : query_from_key_(tensors[prefix + "query_from_key"]),
      output_(tensors[prefix + "output"]),
      output_bias_(tensors[prefix + "output_bias"]),
      query_width_(attention_width(spec)),
      kv_width_(isoloss::kv_width(spec)),
      projected_width_(width_of_projections(spec)),
      convolves_(convolves(spec)),
      convolution_(convolution_shape(spec, rows, tensors, prefix, d_taps_)),
      positions_(positions),
      temporaries_(temporaries) {
  const std::string first = prefix + (projects_queries(spec) ? "query" : "key");
  projections_ = tensors[first];
  projection_biases_ = tensors[first + "_bias"];
  const std::int64_t tokens = rows.tokens();
  projected_ = layout.take<T>("projected", tokens * projected_width_);
  if (convolves_) convolved_ = layout.take<T>("convolved", tokens * projected_width_);
  if (query_from_key_) made_query_ = layout.take<T>("query of key", tokens * query_width_);
  if (reads_all_keys(spec, tensor))
    keys_of_all_ = layout.take<T>("keys of all", tokens * query_width_ * tensor.shard.ranks);
  mixed_ = layout.take<T>("mixed", tokens * query_width_);
  kept_ = layout.take<float>("log of sums", attention_kept_floats(causal_shape(spec, rows)));
}

template <typename T>
auto AttentionBranch<T>::heads(T* parts, T* query_from_key) const -> Heads<T> {
  T* const key = query_from_key_ ? parts : parts + query_width_;
  return {query_from_key_ ? HeadColumns<T>{query_from_key, query_width_}
                          : HeadColumns<T>{parts, projected_width_},
          {key, projected_width_},
          {key + kv_width_, projected_width_}};
}

template <typename T>
AttentionInputs<T> AttentionBranch<T>::inputs() const {
  const Heads<T> in = heads(convolves_ ? convolved_ : projected_, made_query_);
  return {{in.query.data, in.query.stride},
          {in.key.data, in.key.stride},
          {in.value.data, in.value.stride},
          positions_.bias_by_distance};
}

// Q = K W^T: one product over all channels, of all ranks, or one for each head.
template <typename T>
ProductShape AttentionBranch<T>::query_shape(const DeviceStep& step) const {
  const bool full = step.spec.shared_qk == SharedQk::Full;
  const std::int64_t side = full ? query_width_ : step.spec.d_head;
  if (keys_of_all_ != nullptr)
    return product_shape(step.rows.tokens(), side * step.tensor.shard.ranks, side);
  return {.rows = step.rows.tokens(),
          .in = side,
          .out = side,
          .x_stride = projected_width_,
          .y_stride = query_width_,
          .groups = full ? 1 : head_count(step.spec),
          .x_step = side,
          .weight_step = side * side,
          .y_step = side};
}

template <typename T>
void AttentionBranch<T>::turn(const DeviceStep& step, std::int64_t heads, device::Turn turn,
                              const HeadColumns<T>& x) const {
  if (step.spec.positions != Positions::Rotary) return;
  device::rotate(step.stream,
                 {step.rows.sequences, step.rows.length, heads, step.spec.d_head, x.stride},
                 positions_.rotary, turn, x.data);
}

template <typename T>
void AttentionBranch<T>::make_queries(const DeviceStep& step) {
  const Heads<T> in = heads(convolves_ ? convolved_ : projected_, made_query_);
  const T* keys = in.key.data;
  if (keys_of_all_ != nullptr) {
    // A sum of parts that are zero but in their own columns.
    const std::int64_t tokens = step.rows.tokens(), width = query_width_ * step.tensor.shard.ranks;
    step.stream.zero(keys_of_all_, static_cast<std::size_t>(tokens * width) * sizeof(T));
    device::copy_columns<T>(step.stream, tokens, query_width_, {keys, in.key.stride},
                            {keys_of_all_ + step.tensor.shard.rank * query_width_, width});
    step.tensor.sum(step.stream, keys_of_all_, tokens * width);
    keys = keys_of_all_;
  }
  step.products.forward(step.stream, query_shape(step), keys, query_from_key_.operand,
                        in.query.data);
}

template <typename T>
void AttentionBranch<T>::make_queries_backward(const DeviceStep& step, const Heads<T>& gradients) {
  const ProductShape shape = query_shape(step);
  const T* const d_query = gradients.query.data;
  if (keys_of_all_ != nullptr) {
    T* const d_keys = temporaries_.d_keys_of_all;
    step.products.input_gradient(step.stream, shape, d_query, query_from_key_.operand, d_keys);
    step.sum_beside.begin(step.tensor, step.stream, d_keys, shape.rows * shape.in);
    step.products.weight_gradient(step.stream, shape, d_query, keys_of_all_,
                                  query_from_key_.gradient);
    step.sum_beside.end(step.stream);
    device::add_columns<T>(step.stream, shape.rows, query_width_,
                           {d_keys + step.tensor.shard.rank * query_width_, shape.in},
                           {gradients.key.data, gradients.key.stride});
    return;
  }
  const Heads<T> in = heads(convolves_ ? convolved_ : projected_, made_query_);
  turn(step, kv_head_count(step.spec), device::Turn::Back, in.key);
  step.products.weight_gradient(step.stream, shape, d_query, in.key.data, query_from_key_.gradient);
  step.products.input_gradient(step.stream, shape, d_query, query_from_key_.operand,
                               gradients.key.data, ProductTerms<T>{.addend = gradients.key.data});
}

template <typename T>
void AttentionBranch<T>::forward(const DeviceStep& step, const T* x, T* result, bool adds_bias) {
  const ModelSpec& spec = step.spec;
  const std::int64_t tokens = step.rows.tokens();
  step.products.forward(step.stream, product_shape(tokens, spec.d_model, projected_width_), x,
                        projections_.operand, projected_,
                        ProductTerms<T>{.bias = convolves_ ? nullptr : projection_biases_.operand});
  if (convolves_)
    device::convolution_forward(step.stream, convolution_, projected_, projection_biases_.weight,
                                convolved_);
  const Heads<T> in = heads(convolves_ ? convolved_ : projected_, made_query_);
  if (query_from_key_) make_queries(step);
  turn(step, head_count(spec), device::Turn::Forward, in.query);
  turn(step, kv_head_count(spec), device::Turn::Forward, in.key);
  attention_forward<T>(step.stream, causal_shape(spec, step.rows), inputs(), {mixed_, query_width_},
                       kept_);
  if (result == nullptr) return;
  step.products.forward(step.stream, product_shape(tokens, query_width_, spec.d_model), mixed_,
                        output_.operand, result,
                        ProductTerms<T>{.bias = adds_bias ? output_bias_.operand : nullptr});
}

template <typename T>
void AttentionBranch<T>::backward(const DeviceStep& step, const T* x, const T* d_result, T* d_x,
                                  bool adds_bias) {
  const ModelSpec& spec = step.spec;
  const std::int64_t tokens = step.rows.tokens();
  const ProductShape out = product_shape(tokens, query_width_, spec.d_model);
  step.products.input_gradient(step.stream, out, d_result, output_.operand, temporaries_.d_mixed);
  step.products.weight_gradient(step.stream, out, d_result, mixed_, output_.gradient);
  if (adds_bias && output_bias_)
    device::add_column_sums(step.stream, {tokens, spec.d_model, spec.d_model}, d_result,
                            output_bias_.gradient, temporaries_.sums);

  const Heads<T> gradients =
      heads(convolves_ ? temporaries_.d_convolved : temporaries_.d_projected, temporaries_.d_query);
  attention_backward<T>(step.stream, causal_shape(spec, step.rows), inputs(),
                        {mixed_, query_width_}, {temporaries_.d_mixed, query_width_}, kept_,
                        temporaries_.attention,
                        {gradients.query, gradients.key, gradients.value, positions_.buckets,
                         positions_.relative_bias.gradient});
  turn(step, head_count(spec), device::Turn::Back, gradients.query);
  turn(step, kv_head_count(spec), device::Turn::Back, gradients.key);
  if (query_from_key_) make_queries_backward(step, gradients);
  if (convolves_)
    device::convolution_backward(step.stream, convolution_, projected_, projection_biases_.weight,
                                 temporaries_.d_convolved, temporaries_.d_projected, d_taps_,
                                 projection_biases_.gradient, temporaries_.sums);
  else if (projection_biases_)
    device::add_column_sums(step.stream, {tokens, projected_width_, projected_width_},
                            temporaries_.d_projected, projection_biases_.gradient,
                            temporaries_.sums);
  const ProductShape in = product_shape(tokens, spec.d_model, projected_width_);
  step.products.input_gradient(step.stream, in, temporaries_.d_projected, projections_.operand,
                               d_x);
  step.sum_beside.begin(step.tensor, step.stream, d_x, tokens * spec.d_model);
  step.products.weight_gradient(step.stream, in, temporaries_.d_projected, x,
                                projections_.gradient);
}

template struct AttentionTemporaries<float>;
template struct AttentionTemporaries<simt::Bf16>;
template class AttentionBranch<float>;
template class AttentionBranch<simt::Bf16>;

}  // namespace isoloss
