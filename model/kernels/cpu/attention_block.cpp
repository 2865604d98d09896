#include <cmath>

#include "model/kernels/cpu/blocks.h"
#include "model/kernels/cpu/causal_attention.h"
#include "model/kernels/cpu/depthwise_convolution.h"
#include "model/kernels/cpu/node.h"
#include "model/kernels/cpu/rotary.h"

namespace isoloss {
namespace {

using Slot = Workspace::Slot;

// One call of the block: what it was given and what its forward pass keeps. Widths are those of the
// weights, which are a rank's shard where ranks share the heads.
struct AttentionCall : torch::CustomClassHolder {
  AttentionCall(const FusedStep& of_step, const AttentionWeights& of_weights, const Weight& bias)
      : step(of_step), weights(of_weights), relative_bias(bias) {}

  const FusedStep& step;
  const AttentionWeights& weights;
  const Weight& relative_bias;
  NormKept norm;
  at::Tensor x, normed, projected, convolved, query, mixed, probabilities;

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
  // Q, K and V among the columns of a projection; Q is apart with shared Q and K.
  at::Tensor query_of(const at::Tensor& all, const at::Tensor& apart) const {
    return shared_qk() ? apart : all.narrow(1, 0, width());
  }
  at::Tensor key_of(const at::Tensor& all) const {
    return all.narrow(1, projected_width() - 2 * kv_width(), kv_width());
  }
  at::Tensor value_of(const at::Tensor& all) const {
    return all.narrow(1, projected_width() - kv_width(), kv_width());
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
  at::Tensor own = call.key_of(call.convolved);
  if (!shared_among_ranks(step)) return own;
  at::Tensor all = step.workspace.scratch(
      Slot::Keys, {step.rows(), call.width() * step.tensor_ranks->size()}, kStoredType<Stored>);
  all.zero_();
  all.narrow(1, call.width() * step.tensor_ranks->rank(), call.width()).copy_(own);
  sum_over_ranks<Stored>(step, all);
  return all;
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
  at::mm_out(call.projected, call.normed, operand(weights.projections).t());
  if (weights.projection_biases.value.defined())
    add_bias(step.rows(), call.projected_width(), pointer<Real>(weights.projection_biases.value),
             pointer<Stored>(call.projected));
  call.convolved = call.projected;
  if (step.spec.convolution_width > 0) {
    call.convolved = workspace.keep({step.rows(), call.projected_width()}, kType);
    convolution_forward(call.convolution(), pointer<Stored>(call.projected),
                        pointer<Real>(weights.convolutions.value), pointer<Stored>(call.convolved));
  }
  if (call.shared_qk()) {
    call.query = workspace.keep({step.rows(), call.width()}, kType);
    at::mm_out(call.query, keys_of_all_ranks<Stored>(call), operand(weights.query_from_key).t());
  }
  turn_queries_and_keys<Stored>(call, call.convolved, Turn::Forward);
  call.query = call.query_of(call.convolved, call.query);
  call.mixed = workspace.keep({step.rows(), call.width()}, kType);
  call.probabilities = workspace.keep({attention_kept_size<Stored>(call.shape())});
  at::Tensor bias;
  if (call.relative_bias.value.defined())
    bias = call.relative_bias.value.index_select(1, step.buckets);
  causal_attention_forward<Stored>(
      call.shape(), read_rows<Stored>(call.query), read_rows<Stored>(call.key_of(call.convolved)),
      read_rows<Stored>(call.value_of(call.convolved)), pointer<Real>(bias),
      write_rows<Stored>(call.mixed), pointer<Real>(call.probabilities));
  at::Tensor branch = workspace.scratch(Slot::Narrow, {step.rows(), d}, kType);
  at::mm_out(branch, call.mixed, operand(weights.output).t());
  sum_over_ranks<Stored>(step, branch);
  at::Tensor y = workspace.keep({step.rows(), d});
  add_branch(step.rows(), d, pointer<Real>(x), pointer<Stored>(branch),
             pointer<Real>(weights.output_bias.value), pointer<Real>(y));
  return y;
}

// Adds to d_key what comes through Q = K W.
template <typename Stored>
void add_through_shared_keys(AttentionCall& call, const at::Tensor& d_query, at::Tensor d_key) {
  const FusedStep& step = call.step;
  const at::Tensor keys = keys_of_all_ranks<Stored>(call);
  add_weight_gradient<Stored>(step, call.weights.query_from_key, d_query, keys);
  if (!shared_among_ranks(step)) {
    d_key.addmm_(d_query, operand(call.weights.query_from_key));
    return;
  }
  at::Tensor d_keys = step.workspace.scratch(Slot::Keys, keys.sizes(), kStoredType<Stored>);
  at::mm_out(d_keys, d_query, operand(call.weights.query_from_key));
  sum_over_ranks<Stored>(step, d_keys);
  d_key.add_(d_keys.narrow(1, call.width() * step.tensor_ranks->rank(), call.width()));
}

// Overwrites dy with dx.
template <typename Stored>
void attend_backward(AttentionCall& call, at::Tensor dy) {
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
  at::mm_out(d_mixed, d_branch, operand(weights.output));
  add_weight_gradient<Stored>(step, weights.output, d_branch, call.mixed);

  at::Tensor d_parts = workspace.scratch(Slot::Wide, {step.rows(), call.projected_width()}, kType);
  at::Tensor d_query = workspace.scratch(Slot::NarrowBefore, {step.rows(), call.width()}, kType);
  d_query = call.query_of(d_parts, d_query);
  at::Tensor d_bias;
  if (call.relative_bias.value.defined())
    d_bias = workspace.scratch(Slot::Bias, {call.shape().heads, step.length}).zero_();
  at::Tensor d_key = call.key_of(d_parts);
  causal_attention_backward<Stored>(
      call.shape(), read_rows<Stored>(call.query), read_rows<Stored>(call.key_of(call.convolved)),
      read_rows<Stored>(call.value_of(call.convolved)), read_rows<Stored>(call.mixed),
      read_rows<Stored>(d_mixed), pointer<Real>(call.probabilities),
      {write_rows<Stored>(d_query), write_rows<Stored>(d_key),
       write_rows<Stored>(call.value_of(d_parts)), pointer<Real>(d_bias)});
  if (d_bias.defined()) at::Tensor(call.relative_bias.gradient).index_add_(1, step.buckets, d_bias);
  turn_queries_and_keys<Stored>(call, d_parts, Turn::Back);
  if (call.shared_qk()) add_through_shared_keys<Stored>(call, d_query, d_key);
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
  at::mm_out(d_normed, d_projected, operand(weights.projections));
  sum_over_ranks<Stored>(step, d_normed);
  run_norm_backward<Stored>(step, weights.norm, call.norm, call.x, d_normed, dy, dy);
}

struct AttentionNode : torch::autograd::Function<AttentionNode> {
  static Variable forward(AutogradContext* context, const Variable& x,
                          const c10::intrusive_ptr<AttentionCall>& call) {
    keep_call(context, call);
    return with_stored(call->weights.output,
                       [&]<typename Stored>() { return attend<Stored>(*call, x); })
        .detach();
  }
  static variable_list backward(AutogradContext* context, variable_list d_out) {
    AttentionCall& call = kept_call<AttentionCall>(context);
    with_stored(call.weights.output,
                [&]<typename Stored>() { attend_backward<Stored>(call, d_out[0]); });
    return {d_out[0], Variable()};
  }
};

}  // namespace

at::Tensor fused_attention(const FusedStep& step, const AttentionWeights& weights,
                           const Weight& relative_bias, const at::Tensor& x,
                           AttentionParts* parts) {
  const auto call = c10::make_intrusive<AttentionCall>(step, weights, relative_bias);
  at::Tensor y = AttentionNode::apply(x, call);
  if (parts)
    *parts = {call->projected, call->key_of(call->convolved), call->value_of(call->convolved)};
  return y;
}

}  // namespace isoloss
