#include "model/kernels/cpu/blocks.h"
#include "model/kernels/cpu/causal_attention.h"
#include "model/kernels/cpu/depthwise_convolution.h"
#include "model/kernels/cpu/node.h"

namespace isoloss {
namespace {

using Slot = Workspace::Slot;

// One call of the block: what it was given and what its forward pass keeps.
struct AttentionCall : torch::CustomClassHolder {
  AttentionCall(const FusedStep& of_step, const AttentionWeights& of_weights, const Weight& bias)
      : step(of_step), weights(of_weights), relative_bias(bias) {}

  const FusedStep& step;
  const AttentionWeights& weights;
  const Weight& relative_bias;
  NormKept norm;
  at::Tensor x, normed, projected, convolved, query, mixed, probabilities;

  std::int64_t width() const { return attention_width(step.spec); }
  std::int64_t parts() const { return step.spec.shared_qk != SharedQk::No ? 2 : 3; }
  ConvolutionShape convolution() const {
    return {step.batch, step.length, parts(), step.spec.convolution_width, width()};
  }
  AttentionShape shape() const {
    return {step.batch, step.length, head_count(step.spec), step.spec.d_head};
  }
  // Part i of a [rows, parts * width] tensor.
  at::Tensor part(const at::Tensor& all, std::int64_t i) const {
    return all.narrow(1, i * width(), width());
  }
  // Q, K and V among the parts; Q is apart with shared Q and K.
  at::Tensor query_of(const at::Tensor& all, const at::Tensor& apart) const {
    return step.spec.shared_qk != SharedQk::No ? apart : part(all, 0);
  }
  at::Tensor key_of(const at::Tensor& all) const { return part(all, parts() - 2); }
  at::Tensor value_of(const at::Tensor& all) const { return part(all, parts() - 1); }
};

template <typename Real>
Rows<const Real> read_rows(const at::Tensor& tensor) {
  return {tensor.const_data_ptr<Real>(), tensor.stride(0)};
}
template <typename Real>
Rows<Real> write_rows(const at::Tensor& tensor) {
  return {tensor.data_ptr<Real>(), tensor.stride(0)};
}

template <typename Real>
at::Tensor attend(AttentionCall& call, const at::Tensor& x) {
  const FusedStep& step = call.step;
  Workspace& workspace = step.workspace;
  call.x = x;
  call.normed = workspace.keep({step.rows(), step.spec.d_model});
  call.norm = run_norm<Real>(step, call.weights.norm, x, call.normed);
  call.projected = workspace.keep({step.rows(), call.parts() * call.width()});
  at::mm_out(call.projected, call.normed, call.weights.projections.value.t());
  call.convolved = call.projected;
  if (step.spec.convolution_width > 0) {
    call.convolved = workspace.keep({step.rows(), call.parts() * call.width()});
    convolution_forward(call.convolution(), pointer<Real>(call.projected),
                        pointer<Real>(call.weights.convolutions.value),
                        pointer<Real>(call.convolved));
  }
  if (step.spec.shared_qk != SharedQk::No) {
    call.query = workspace.keep({step.rows(), call.width()});
    at::mm_out(call.query, call.key_of(call.convolved), call.weights.query_from_key.value.t());
  }
  call.query = call.query_of(call.convolved, call.query);
  call.mixed = workspace.keep({step.rows(), call.width()});
  call.probabilities = workspace.keep({attention_kept_size<Real>(call.shape())});
  const at::Tensor bias = call.relative_bias.value.index_select(1, step.buckets);
  causal_attention_forward<Real>(
      call.shape(), read_rows<Real>(call.query), read_rows<Real>(call.key_of(call.convolved)),
      read_rows<Real>(call.value_of(call.convolved)), pointer<Real>(bias),
      write_rows<Real>(call.mixed), pointer<Real>(call.probabilities));
  at::Tensor y = workspace.keep({step.rows(), step.spec.d_model});
  return at::addmm_out(y, x, call.mixed, call.weights.output.value.t());
}

// Overwrites dy with dx.
template <typename Real>
void attend_backward(AttentionCall& call, at::Tensor dy) {
  const FusedStep& step = call.step;
  Workspace& workspace = step.workspace;
  const AttentionWeights& weights = call.weights;
  at::Tensor d_mixed = workspace.scratch(Slot::Narrow, {step.rows(), call.width()});
  at::mm_out(d_mixed, dy, weights.output.value);
  at::Tensor(weights.output.gradient).addmm_(dy.t(), call.mixed);

  at::Tensor d_parts = workspace.scratch(Slot::Wide, {step.rows(), call.parts() * call.width()});
  at::Tensor d_query = workspace.scratch(Slot::NarrowBefore, {step.rows(), call.width()});
  d_query = call.query_of(d_parts, d_query);
  at::Tensor d_bias = workspace.scratch(Slot::Bias, {head_count(step.spec), step.length}).zero_();
  at::Tensor d_key = call.key_of(d_parts);
  causal_attention_backward<Real>(
      call.shape(), read_rows<Real>(call.query), read_rows<Real>(call.key_of(call.convolved)),
      read_rows<Real>(call.value_of(call.convolved)), read_rows<Real>(call.mixed),
      read_rows<Real>(d_mixed), pointer<Real>(call.probabilities),
      {write_rows<Real>(d_query), write_rows<Real>(d_key), write_rows<Real>(call.value_of(d_parts)),
       pointer<Real>(d_bias)});
  at::Tensor(call.relative_bias.gradient).index_add_(1, step.buckets, d_bias);
  if (step.spec.shared_qk != SharedQk::No) {
    at::Tensor(weights.query_from_key.gradient).addmm_(d_query.t(), call.key_of(call.convolved));
    d_key.addmm_(d_query, weights.query_from_key.value);
  }
  at::Tensor d_projected = d_parts;
  if (step.spec.convolution_width > 0) {
    d_projected = workspace.scratch(Slot::WideBefore, {step.rows(), call.parts() * call.width()});
    convolution_backward(call.convolution(), pointer<Real>(call.projected),
                         pointer<Real>(weights.convolutions.value), pointer<Real>(d_parts),
                         pointer<Real>(d_projected), pointer<Real>(weights.convolutions.gradient));
  }
  at::Tensor(weights.projections.gradient).addmm_(d_projected.t(), call.normed);
  at::Tensor d_normed = workspace.scratch(Slot::Narrow, {step.rows(), step.spec.d_model});
  at::mm_out(d_normed, d_projected, weights.projections.value);
  run_norm_backward<Real>(step, weights.norm, call.norm, call.x, d_normed, dy, dy);
}

struct AttentionNode : torch::autograd::Function<AttentionNode> {
  static Variable forward(AutogradContext* context, const Variable& x,
                          const c10::intrusive_ptr<AttentionCall>& call) {
    keep_call(context, call);
    return with_real(x, [&]<typename Real>() { return attend<Real>(*call, x); }).detach();
  }
  static variable_list backward(AutogradContext* context, variable_list d_out) {
    AttentionCall& call = kept_call<AttentionCall>(context);
    with_real(d_out[0], [&]<typename Real>() { attend_backward<Real>(call, d_out[0]); });
    return {d_out[0], Variable()};
  }
};

}  // namespace

at::Tensor fused_attention(const FusedStep& step, const AttentionWeights& weights,
                           const Weight& relative_bias, const at::Tensor& x) {
  return AttentionNode::apply(x, c10::make_intrusive<AttentionCall>(step, weights, relative_bias));
}

}  // namespace isoloss
