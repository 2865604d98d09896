#include <cmath>

#include "model/kernels/cpu/blocks.h"
#include "model/kernels/cpu/cross_entropy.h"
#include "model/kernels/cpu/node.h"

namespace isoloss {
namespace {

using Slot = Workspace::Slot;

struct EmbeddingCall : torch::CustomClassHolder {
  EmbeddingCall(const FusedStep& of_step, const Weight& of_weight, const at::Tensor& of_ids)
      : step(of_step), weight(of_weight), ids(of_ids) {}

  const FusedStep& step;
  const Weight& weight;
  at::Tensor ids;
};

template <typename Real>
void add_rows_by_id(const EmbeddingCall& call, const at::Tensor& dy) {
  const std::int64_t width = call.step.spec.d_model;
  const auto* ids = call.ids.const_data_ptr<std::int64_t>();
  const Real* from = dy.const_data_ptr<Real>();
  Real* to = pointer<Real>(call.weight.gradient);
  for (std::int64_t r = 0; r < call.step.rows(); ++r) {
    Real* row = to + ids[r] * width;
#pragma omp simd
    for (std::int64_t c = 0; c < width; ++c) row[c] += from[r * width + c];
  }
}

// The weight is an argument so that the graph has a leaf; its gradient is added here, not returned.
struct EmbeddingNode : torch::autograd::Function<EmbeddingNode> {
  static Variable forward(AutogradContext* context, const Variable& weight,
                          const c10::intrusive_ptr<EmbeddingCall>& call) {
    keep_call(context, call);
    const FusedStep& step = call->step;
    at::Tensor x = step.workspace.keep({step.rows(), step.spec.d_model});
    return at::index_select_out(x, weight, 0, call->ids).detach();
  }
  static variable_list backward(AutogradContext* context, variable_list d_out) {
    const EmbeddingCall& call = kept_call<EmbeddingCall>(context);
    with_real(d_out[0], [&]<typename Real>() { add_rows_by_id<Real>(call, d_out[0]); });
    return {Variable(), Variable()};
  }
};

struct OutputCall : torch::CustomClassHolder {
  OutputCall(const FusedStep& of_step, const NormWeights& of_norm, const Weight& of_embedding,
             const at::Tensor& of_targets, double of_z_loss)
      : step(of_step),
        norm_weights(of_norm),
        embedding(of_embedding),
        targets(of_targets),
        z_loss(of_z_loss) {}

  const FusedStep& step;
  const NormWeights& norm_weights;
  const Weight& embedding;
  at::Tensor targets;
  double z_loss;
  NormKept norm;
  at::Tensor x, normed, logits;  // logits become their own gradient

  LogitsShape shape() const { return {step.rows(), step.spec.vocabulary}; }
  double scale() const { return 1.0 / std::sqrt(static_cast<double>(step.spec.d_model)); }
};

template <typename Real>
void fill_logits(OutputCall& call, const at::Tensor& x) {
  const FusedStep& step = call.step;
  call.x = x;
  call.normed = step.workspace.keep({step.rows(), step.spec.d_model});
  call.norm = run_norm<Real>(step, call.norm_weights, x, call.normed);
  call.logits = step.workspace.keep({step.rows(), step.spec.vocabulary});
  at::addmm_out(call.logits, call.logits, call.normed, call.embedding.value.t(), 0, call.scale());
}

// Writes dx to the gradient stream, which the blocks below pass on.
template <typename Real>
at::Tensor output_backward(OutputCall& call, double factor) {
  const FusedStep& step = call.step;
  at::Tensor(call.embedding.gradient)
      .addmm_(call.logits.t(), call.normed, 1, call.scale() * factor);
  const at::IntArrayRef narrow = call.normed.sizes();
  at::Tensor d_normed = step.workspace.scratch(Slot::Narrow, narrow);
  at::addmm_out(d_normed, d_normed, call.logits, call.embedding.value, 0, call.scale() * factor);
  at::Tensor dx = step.workspace.scratch(Slot::GradientStream, narrow);
  run_norm_backward<Real>(step, call.norm_weights, call.norm, call.x, d_normed, at::Tensor(), dx);
  return dx;
}

struct OutputNode : torch::autograd::Function<OutputNode> {
  static Variable forward(AutogradContext* context, const Variable& x,
                          const c10::intrusive_ptr<OutputCall>& call) {
    keep_call(context, call);
    const double loss = with_real(x, [&]<typename Real>() {
      fill_logits<Real>(*call, x);
      return cross_entropy_gradient(call->shape(), pointer<Real>(call->logits),
                                    call->targets.const_data_ptr<std::int64_t>(), call->z_loss);
    });
    return at::scalar_tensor(loss, x.options().dtype(at::kDouble));
  }
  static variable_list backward(AutogradContext* context, variable_list d_out) {
    OutputCall& call = kept_call<OutputCall>(context);
    const double factor = d_out[0].item<double>();
    return {with_real(call.x, [&]<typename Real>() { return output_backward<Real>(call, factor); }),
            Variable()};
  }
};

}  // namespace

at::Tensor fused_embedding(const FusedStep& step, const Weight& embedding, const at::Tensor& ids) {
  return EmbeddingNode::apply(embedding.value,
                              c10::make_intrusive<EmbeddingCall>(step, embedding, ids));
}

at::Tensor fused_output_loss(const FusedStep& step, const NormWeights& norm,
                             const Weight& embedding, const at::Tensor& x,
                             const at::Tensor& targets, double z_loss) {
  return OutputNode::apply(x,
                           c10::make_intrusive<OutputCall>(step, norm, embedding, targets, z_loss));
}

at::Tensor fused_output_logits(const FusedStep& step, const NormWeights& norm,
                               const Weight& embedding, const at::Tensor& x) {
  const auto call = c10::make_intrusive<OutputCall>(step, norm, embedding, at::Tensor(), 0.0);
  with_real(x, [&]<typename Real>() { fill_logits<Real>(*call, x); });
  return call->logits;
}

}  // namespace isoloss
