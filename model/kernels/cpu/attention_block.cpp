#include <algorithm>
#include <cmath>

#include "model/kernels/cpu/blocks.h"
#include "model/kernels/cpu/causal_attention.h"
#include "model/kernels/cpu/depthwise_convolution.h"
#include "model/kernels/cpu/passes.h"
#include "model/kernels/cpu/rotary.h"

namespace isoloss {
namespace {

using Slot = Workspace::Slot;

// Q, K and V among the columns of a projection, or their gradients. The views are made anew only
// where they are of another tensor than before: a workspace hands out the same one step after step.
struct PartsOfRows {
  at::Tensor all, query, key, value;
};

// What the pass was given and what it keeps. Widths are those of the weights, which are a rank's
// shard where ranks share the heads.
struct AttentionCall {
  const FusedStep& step;
  const AttentionWeights& weights;
  const Weight& relative_bias;
  NormKept norm = {};
  at::Tensor x = {}, normed = {}, projected = {}, mixed = {}, probabilities = {};
  PartsOfRows parts = {}, d_parts = {};  // as queries meet keys

  bool shared_qk() const { return step.spec.shared_qk != SharedQk::No; }
  std::int64_t width() const { return weights.output.value.size(1); }
  std::int64_t kv_width() const { return weights.value.value.size(0); }
  std::int64_t projected_width() const { return weights.projections.value.size(0); }
  ConvolutionShape convolution() const {
    return {step.batch, step.length, shared_qk() ? 2 : 3, step.spec.convolution_width, width()};
  }
  AttentionShape shape() const {
    AttentionShape shape{step.batch, step.length, width() / step.spec.d_head, step.spec.d_head};
    shape.kv_heads = kv_width() / step.spec.d_head;
    if (step.spec.attention_scale == AttentionScale::RunTime)
      shape.scale = 1.0 / std::sqrt(static_cast<double>(step.spec.d_head));
    return shape;
  }
  // With shared Q and K, Q is set apart from them.
  void divide(const at::Tensor& all, PartsOfRows& into) const {
    if (into.all.is_same(all)) return;
    into.all = all;
    into.key = all.narrow(1, projected_width() - 2 * kv_width(), kv_width());
    into.value = all.narrow(1, projected_width() - kv_width(), kv_width());
    if (!shared_qk()) into.query = all.narrow(1, 0, width());
  }
};

template <typename Stored>
Rows<const Stored> read_rows(const at::Tensor& tensor) {
  return {tensor.const_data_ptr<Stored>(), tensor.stride(0)};
}
template <typename Stored>
Rows<Stored> write_rows(const at::Tensor& tensor) {
  return {tensor.data_ptr<Stored>(), tensor.stride(0)};
}

// Q and K stand side by side in `parts`, so that one call turns both.
template <typename Stored>
void turn_queries_and_keys(const AttentionCall& call, const at::Tensor& parts, Turn turn) {
  if (call.step.spec.positions != Positions::Rotary) return;
  const AttentionShape shape = call.shape();
  rotate(shape, shape.heads + shape.kv_head_count(), call.step.spec.rotary_base, turn,
         write_rows<Stored>(parts));
}

// The convolved keys of every rank's heads, which shared Q and K makes its queries of.
template <typename Stored>
at::Tensor keys_of_all_ranks(const AttentionCall& call) {
  const FusedStep& step = call.step;
  const at::Tensor& own = call.parts.key;
  if (!shared_among_ranks(step)) return own;
  at::Tensor all = step.workspace.scratch(
      Slot::Keys, {step.rows(), call.width() * step.tensor_ranks->size()}, kStoredType<Stored>);
  all.zero_();
  all.narrow(1, call.width() * step.tensor_ranks->rank(), call.width()).copy_(own);
  sum_over_ranks<Stored>(step, all);
  return all;
}

// The bias of every head by distance, [heads, length], from that of its buckets.
template <typename Real>
const Real* bias_by_distance(const AttentionCall& call) {
  const at::Tensor& table = call.relative_bias.value;
  if (!table.defined()) return nullptr;
  const FusedStep& step = call.step;
  const at::Tensor bias = step.workspace.scratch(Slot::Bias, {table.size(0), step.length});
  const auto* buckets = step.buckets.const_data_ptr<std::int64_t>();
  const auto* from = table.const_data_ptr<Real>();
  auto* to = bias.data_ptr<Real>();
  for (std::int64_t h = 0; h < table.size(0); ++h, from += table.size(1), to += step.length)
    for (std::int64_t n = 0; n < step.length; ++n) to[n] = from[buckets[n]];
  return pointer<Real>(bias);
}

template <typename Real>
void add_bias_gradient(const AttentionCall& call, const at::Tensor& d_bias) {
  const at::Tensor& table = call.relative_bias.gradient;
  const std::int64_t length = call.step.length;
  const auto* buckets = call.step.buckets.const_data_ptr<std::int64_t>();
  const auto* from = d_bias.const_data_ptr<Real>();
  auto* to = table.data_ptr<Real>();
  for (std::int64_t h = 0; h < table.size(0); ++h, from += length, to += table.size(1))
    for (std::int64_t n = 0; n < length; ++n) to[buckets[n]] += from[n];
}

template <typename Stored>
at::Tensor attend(AttentionCall& call, const at::Tensor& x) {
  using Real = RealOf<Stored>;
  constexpr at::ScalarType kType = kStoredType<Stored>;
  const FusedStep& step = call.step;
  const AttentionWeights& weights = call.weights;
  Workspace& workspace = step.workspace;
  const std::int64_t d = step.spec.d_model;
  call.x = x;
  call.normed = workspace.keep({step.rows(), d}, kType);
  call.norm = run_norm<Stored>(step, weights.norm, x, call.normed);
  call.projected = workspace.keep({step.rows(), call.projected_width()}, kType);
  product_into(call.projected, {call.normed}, turned(operand(weights.projections)));
  if (weights.projection_biases.value.defined())
    add_bias(step.rows(), call.projected_width(), pointer<Real>(weights.projection_biases.value),
             pointer<Stored>(call.projected));
  at::Tensor convolved = call.projected;
  if (step.spec.convolution_width > 0) {
    convolved = workspace.keep({step.rows(), call.projected_width()}, kType);
    convolution_forward(call.convolution(), pointer<Stored>(call.projected),
                        pointer<Real>(weights.convolutions.value), pointer<Stored>(convolved));
  }
  call.divide(convolved, call.parts);
  if (call.shared_qk()) {
    call.parts.query = workspace.keep({step.rows(), call.width()}, kType);
    product_into(call.parts.query, {keys_of_all_ranks<Stored>(call)},
                 turned(operand(weights.query_from_key)));
  }
  turn_queries_and_keys<Stored>(call, convolved, Turn::Forward);
  call.mixed = workspace.keep({step.rows(), call.width()}, kType);
  call.probabilities = workspace.keep({attention_kept_size<Stored>(call.shape())});
  causal_attention_forward<Stored>(
      call.shape(), read_rows<Stored>(call.parts.query), read_rows<Stored>(call.parts.key),
      read_rows<Stored>(call.parts.value), bias_by_distance<Real>(call),
      write_rows<Stored>(call.mixed), pointer<Real>(call.probabilities));
  at::Tensor branch = workspace.scratch(Slot::Narrow, {step.rows(), d}, kType);
  product_into(branch, {call.mixed}, turned(operand(weights.output)));
  sum_over_ranks<Stored>(step, branch);
  at::Tensor y = workspace.keep({step.rows(), d});
  add_branch(step.rows(), d, pointer<Real>(x), pointer<Stored>(branch),
             pointer<Real>(weights.output_bias.value), pointer<Real>(y));
  return y;
}

// Adds to d_key what comes through Q = K W.
template <typename Stored>
void add_through_shared_keys(const AttentionCall& call) {
  const FusedStep& step = call.step;
  const at::Tensor &d_query = call.d_parts.query, &d_key = call.d_parts.key;
  const at::Tensor keys = keys_of_all_ranks<Stored>(call);
  add_weight_gradient<Stored>(step, call.weights.query_from_key, d_query, keys);
  if (!shared_among_ranks(step)) {
    product_into(d_key, Into::AddedTo, {d_query}, {operand(call.weights.query_from_key)});
    return;
  }
  at::Tensor d_keys = step.workspace.scratch(Slot::Keys, keys.sizes(), kStoredType<Stored>);
  product_into(d_keys, {d_query}, {operand(call.weights.query_from_key)});
  sum_over_ranks<Stored>(step, d_keys);
  at::Tensor(d_key).add_(d_keys.narrow(1, call.width() * step.tensor_ranks->rank(), call.width()));
}

template <typename Stored>
void attend_backward(AttentionCall& call, const at::Tensor& dy) {
  using Real = RealOf<Stored>;
  constexpr at::ScalarType kType = kStoredType<Stored>;
  const FusedStep& step = call.step;
  Workspace& workspace = step.workspace;
  const AttentionWeights& weights = call.weights;
  const std::int64_t d = step.spec.d_model;
  if (weights.output_bias.value.defined())
    add_rows(step.rows(), d, pointer<Real>(dy), pointer<Real>(weights.output_bias.gradient));
  const at::Tensor d_branch = as_operand<Stored>(step, dy);
  at::Tensor d_mixed = workspace.scratch(Slot::Narrow, {step.rows(), call.width()}, kType);
  product_into(d_mixed, {d_branch}, {operand(weights.output)});
  add_weight_gradient<Stored>(step, weights.output, d_branch, call.mixed);

  at::Tensor d_parts = workspace.scratch(Slot::Wide, {step.rows(), call.projected_width()}, kType);
  call.divide(d_parts, call.d_parts);
  if (call.shared_qk())
    call.d_parts.query = workspace.scratch(Slot::NarrowBefore, {step.rows(), call.width()}, kType);
  at::Tensor d_bias;
  if (call.relative_bias.value.defined()) {
    d_bias = workspace.scratch(Slot::Bias, {call.shape().heads, step.length});
    std::fill_n(pointer<Real>(d_bias), d_bias.numel(), Real(0));
  }
  causal_attention_backward<Stored>(
      call.shape(), read_rows<Stored>(call.parts.query), read_rows<Stored>(call.parts.key),
      read_rows<Stored>(call.parts.value), read_rows<Stored>(call.mixed),
      read_rows<Stored>(d_mixed), pointer<Real>(call.probabilities),
      {write_rows<Stored>(call.d_parts.query), write_rows<Stored>(call.d_parts.key),
       write_rows<Stored>(call.d_parts.value), pointer<Real>(d_bias)});
  if (d_bias.defined()) add_bias_gradient<Real>(call, d_bias);
  turn_queries_and_keys<Stored>(call, d_parts, Turn::Back);
  if (call.shared_qk()) add_through_shared_keys<Stored>(call);
  at::Tensor d_projected = d_parts;
  if (step.spec.convolution_width > 0) {
    d_projected = workspace.scratch(Slot::WideBefore, {step.rows(), call.projected_width()}, kType);
    convolution_backward(call.convolution(), pointer<Stored>(call.projected),
                         pointer<Real>(weights.convolutions.value), pointer<Stored>(d_parts),
                         pointer<Stored>(d_projected),
                         pointer<Real>(weights.convolutions.gradient));
  }
  if (weights.projection_biases.value.defined())
    add_rows(step.rows(), call.projected_width(), pointer<Stored>(d_projected),
             pointer<Real>(weights.projection_biases.gradient));
  add_weight_gradient<Stored>(step, weights.projections, d_projected, call.normed);
  at::Tensor d_normed = workspace.scratch(Slot::Narrow, {step.rows(), d}, kType);
  product_into(d_normed, {d_projected}, {operand(weights.projections)});
  sum_over_ranks<Stored>(step, d_normed);
  run_norm_backward<Stored>(step, weights.norm, call.norm, call.x, d_normed, dy, dy);
}

class FusedAttention final : public AttentionPass {
 public:
  FusedAttention(const FusedStep& step, const AttentionWeights& weights, const Weight& bias)
      : call_{step, weights, bias} {}
  at::Tensor forward(const at::Tensor& x) override {
    return with_stored(call_.weights.output,
                       [&]<typename Stored>() { return attend<Stored>(call_, x); });
  }
  void backward(const at::Tensor& dy) override {
    with_stored(call_.weights.output,
                [&]<typename Stored>() { attend_backward<Stored>(call_, dy); });
  }
  AttentionParts parts() const override {
    return {call_.projected, call_.parts.key, call_.parts.value};
  }

 private:
  AttentionCall call_;
};

}  // namespace

std::shared_ptr<AttentionPass> attention_pass(const FusedStep& step,
                                              const AttentionWeights& weights,
                                              const Weight& relative_bias) {
  return std::make_shared<FusedAttention>(step, weights, relative_bias);
}

}  // namespace isoloss
