#include "model/device/attention_branch.h"

#include <cmath>

#include "model/kernels/cuda/depthwise_convolution.h"

namespace isoloss {
namespace {

std::int64_t projected_width(const ModelSpec& spec) {
  return (spec.shared_qk == SharedQk::No ? attention_width(spec) : 0) + 2 * kv_width(spec);
}

bool has_convolution(const ModelSpec& spec) {
  return has_convolution(spec, 'q') || has_convolution(spec, 'k') || has_convolution(spec, 'v');
}

}  // namespace

template <typename T>
AttentionScratch<T>::AttentionScratch(const ModelSpec& spec, const DeviceRows& rows,
                                      MemoryLayout& layout) {
  const std::int64_t tokens = rows.tokens(), width = attention_width(spec);
  d_mixed = layout.take<T>("d_mixed", tokens * width);
  d_projected = layout.take<T>("d_projected", tokens * projected_width(spec));
  if (has_convolution(spec))
    d_convolved = layout.take<T>("d_convolved", tokens * projected_width(spec));
  if (spec.shared_qk != SharedQk::No) d_query = layout.take<T>("d_query", tokens * width);
  const CausalShape shape{rows.sequences, rows.length,  head_count(spec),
                          kv_head_count(spec), spec.d_head};
  attention = layout.take<float>(
      "attention scratch",
      attention_scratch_floats(
          shape, spec.positions == Positions::Relative ? spec.relative_buckets : 0));
}

template <typename T>
AttentionBranch<T>::AttentionBranch(const ModelSpec& spec, const DeviceRows& rows,
                                    const DeviceTensors<T>& tensors, const std::string& prefix,
                                    const SharedPositions<T>& positions,
                                    const AttentionScratch<T>& scratch, MemoryLayout& layout)
    : query_from_key_(tensors[prefix + "query_from_key"]),
      output_(tensors[prefix + "output"]),
      output_bias_(tensors[prefix + "output_bias"]),
      has_query_(spec.shared_qk == SharedQk::No),
      width_(attention_width(spec)),
      projected_width_(projected_width(spec)),
      positions_(positions),
      scratch_(scratch) {
  const std::string first = prefix + (has_query_ ? "query" : "key");
  projections_ = tensors[first];
  projection_biases_ = tensors[first + "_bias"];
  std::int64_t next = 0;
  const auto part = [&](const std::string& name, std::int64_t width) {
    Part made{next, width, {}};
    next += width;
    if (has_convolution(spec, name[0]))
      for (std::int64_t tap = 0; tap < spec.convolution_width; ++tap)
        made.taps.push_back(tensors[prefix + name + "_convolution." + std::to_string(tap)]);
    return made;
  };
  if (has_query_) query_ = part("query", width_);
  key_ = part("key", kv_width(spec));
  value_ = part("value", kv_width(spec));
  const std::int64_t tokens = rows.tokens();
  projected_ = layout.take<T>("projected", tokens * projected_width_);
  if (has_convolution(spec))
    convolved_ = layout.take<T>("convolved", tokens * projected_width_);
  if (!has_query_) query_made_ = layout.take<T>("query from key", tokens * width_);
  mixed_ = layout.take<T>("mixed", tokens * width_);
  kept_ = layout.take<float>("log of sums", tokens * head_count(spec));
}

template <typename T>
HeadColumns<T> AttentionBranch<T>::columns(const Part& part, T* projected, T* convolved) const {
  return {(part.taps.empty() ? projected : convolved) + part.first, projected_width_};
}

template <typename T>
HeadColumns<T> AttentionBranch<T>::query(T* projected, T* convolved, T* from_key) const {
  if (!has_query_) return {from_key, width_};
  return columns(query_, projected, convolved);
}

template <typename T>
CausalShape AttentionBranch<T>::shape(const DeviceStep& step) const {
  const ModelSpec& spec = step.spec;
  const float scale = spec.attention_scale == AttentionScale::RunTime
                          ? 1 / std::sqrt(static_cast<float>(spec.d_head))
                          : 1;
  return {step.rows.sequences, step.rows.length, head_count(spec),
          kv_head_count(spec), spec.d_head,      scale};
}

// Q = K W^T: over all channels, or a product for each head.
template <typename T>
ProductShape AttentionBranch<T>::query_shape(const DeviceStep& step) const {
  const ModelSpec& spec = step.spec;
  const bool full = spec.shared_qk == SharedQk::Full;
  const std::int64_t side = full ? width_ : spec.d_head;
  return {.rows = step.rows.tokens(),
          .in = side,
          .out = side,
          .x_stride = projected_width_,
          .y_stride = width_,
          .groups = full ? 1 : head_count(spec),
          .x_step = side,
          .weight_step = side * side,
          .y_step = side};
}

template <typename T>
void AttentionBranch<T>::rotate(const DeviceStep& step, const HeadColumns<T>& query,
                                const HeadColumns<T>& key, RotaryDirection direction) const {
  const ModelSpec& spec = step.spec;
  if (spec.positions != Positions::Rotary) return;
  rotate_heads(step.stream, *positions_.rotary, step.rows.sequences, head_count(spec), query,
               direction);
  rotate_heads(step.stream, *positions_.rotary, step.rows.sequences, kv_head_count(spec), key,
               direction);
}

template <typename T>
void AttentionBranch<T>::forward(const DeviceStep& step, const T* x, float* result,
                                 const float* addend) {
  const ModelSpec& spec = step.spec;
  const std::int64_t tokens = step.rows.tokens();
  step.products.forward(step.stream, product_shape(tokens, spec.d_model, projected_width_), x,
                        projections_.operand, projected_,
                        ProductTerms<T>{.bias = projection_biases_.operand});
  for (const Part* part : {&query_, &key_, &value_})
    if (!part->taps.empty())
      depthwise_convolution(step, *part);
  const HeadColumns<T> key = columns(key_, projected_, convolved_);
  const HeadColumns<T> value = columns(value_, projected_, convolved_);
  const HeadColumns<T> query = this->query(projected_, convolved_, query_made_);
  if (spec.key_value_scale != 1) {
    scale_columns(step.stream, key);
    scale_columns(step.stream, value);
  }
  if (!has_query_)
    step.products.forward(step.stream, query_shape(step), key.data, query_from_key_.operand,
                          query.data, ProductTerms<T>{});
  rotate(step, query, key, RotaryDirection::Forward);
  attention_forward<T>(step.stream, shape(step),
                       {{query.data, query.stride},
                        {key.data, key.stride},
                        {value.data, value.stride},
                        positions_.bias_by_distance},
                       {mixed_, width_}, kept_);
  step.products.forward(step.stream, product_shape(tokens, width_, spec.d_model), mixed_,
                        output_.operand, result,
                        ProductTerms<float>{.addend = addend, .bias = output_bias_.weight});
}

template <typename T>
void AttentionBranch<T>::backward(const DeviceStep& step, const T* x, const T* d_result, T* d_x) {
  const ModelSpec& spec = step.spec;
  const std::int64_t tokens = step.rows.tokens();
  const ProductShape out = product_shape(tokens, width_, spec.d_model);
  step.products.input_gradient(step.stream, out, d_result, output_.operand, scratch_.d_mixed);
  step.products.weight_gradient(step.stream, out, d_result, mixed_, output_.gradient);
  if (output_bias_)
    add_column_sums(step.stream, d_result, tokens, spec.d_model, output_bias_.gradient);

  const HeadColumns<T> key = columns(key_, projected_, convolved_);
  const HeadColumns<T> value = columns(value_, projected_, convolved_);
  const HeadColumns<T> query = this->query(projected_, convolved_, query_made_);
  T *const d_projected = scratch_.d_projected, *const d_convolved = scratch_.d_convolved;
  const HeadColumns<T> d_key = columns(key_, d_projected, d_convolved);
  const HeadColumns<T> d_value = columns(value_, d_projected, d_convolved);
  const HeadColumns<T> d_query = this->query(d_projected, d_convolved, scratch_.d_query);
  attention_backward<T>(step.stream, shape(step),
                        {{query.data, query.stride},
                         {key.data, key.stride},
                         {value.data, value.stride},
                         positions_.bias_by_distance},
                        {mixed_, width_}, {scratch_.d_mixed, width_}, kept_, scratch_.attention,
                        {d_query, d_key, d_value, positions_.buckets,
                         positions_.relative_bias.gradient});
  rotate(step, d_query, d_key, RotaryDirection::Backward);
  if (!has_query_) {
    // The product that made the queries read keys that were not turned yet.
    if (spec.positions == Positions::Rotary)
      rotate_heads(step.stream, *positions_.rotary, step.rows.sequences, kv_head_count(spec), key,
                   RotaryDirection::Backward);
    step.products.weight_gradient(step.stream, query_shape(step), d_query.data, key.data,
                                  query_from_key_.gradient);
    step.products.input_gradient(step.stream, query_shape(step), d_query.data,
                                 query_from_key_.operand, d_key.data,
                                 ProductTerms<T>{.addend = d_key.data});
  }
