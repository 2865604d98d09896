#include "model/kernels/cpu/activation.h"
#include "model/kernels/cpu/blocks.h"
#include "model/kernels/cpu/node.h"

namespace isoloss {
namespace {

using Slot = Workspace::Slot;

struct FeedForwardCall : torch::CustomClassHolder {
  FeedForwardCall(const FusedStep& of_step, const FeedForwardWeights& of_weights)
      : step(of_step), weights(of_weights) {}

  const FusedStep& step;
  const FeedForwardWeights& weights;
  NormKept norm;
  at::Tensor x, in, before, after,
      out;  // in: what the first product reads; out: before a post-norm

  std::int64_t width() const { return feed_forward_width(step.spec); }
  std::int64_t width_before() const { return step.spec.gated ? 2 * width() : width(); }
  bool pre_norm() const { return step.spec.norm_placement == NormPlacement::Pre; }
  ActivationShape activation() const {
    return {step.rows(), width(), step.spec.activation, step.spec.gated};
  }
};

// to = from + bias, row by row; `from` may be null (zero).
template <typename Real>
void add_bias(std::int64_t rows, std::int64_t width, const Real* from, const Real* bias, Real* to) {
  for (std::int64_t r = 0; r < rows; ++r) {
    Real* row = to + r * width;
    const Real* source = from == nullptr ? nullptr : from + r * width;
#pragma omp simd
    for (std::int64_t c = 0; c < width; ++c)
      row[c] = bias[c] + (source == nullptr ? Real(0) : source[c]);
  }
}

// sums += the sum over rows.
template <typename Real>
void add_rows(std::int64_t rows, std::int64_t width, const Real* from, Real* sums) {
  for (std::int64_t r = 0; r < rows; ++r) {
#pragma omp simd
    for (std::int64_t c = 0; c < width; ++c) sums[c] += from[r * width + c];
  }
}

template <typename Real>
at::Tensor feed(FeedForwardCall& call, const at::Tensor& x) {
  const FusedStep& step = call.step;
  const FeedForwardWeights& weights = call.weights;
  Workspace& workspace = step.workspace;
  const std::int64_t d = step.spec.d_model;
  call.x = x;
  call.in = x;
  if (call.pre_norm()) {
    call.in = workspace.keep({step.rows(), d});
    call.norm = run_norm<Real>(step, weights.norm, x, call.in);
  }
  call.before = workspace.keep({step.rows(), call.width_before()});
  at::mm_out(call.before, call.in, weights.hidden.value.t());
  call.after = workspace.keep({step.rows(), call.width()});
  activation_forward(call.activation(), pointer<Real>(weights.hidden_bias.value),
                     pointer<Real>(call.before), pointer<Real>(call.after));
  at::Tensor y = workspace.keep({step.rows(), d});
  add_bias<Real>(step.rows(), d, call.pre_norm() ? pointer<Real>(x) : nullptr,
                 pointer<Real>(weights.out_bias.value), pointer<Real>(y));
  y.addmm_(call.after, weights.out.value.t());
  if (call.pre_norm()) return y;
  call.out = y;
  y = workspace.keep({step.rows(), d});
  call.norm = run_norm<Real>(step, weights.norm, call.out, y);
  return y.add_(x);
}

// Overwrites dy with dx.
template <typename Real>
void feed_backward(FeedForwardCall& call, at::Tensor dy) {
  const FusedStep& step = call.step;
  const FeedForwardWeights& weights = call.weights;
  Workspace& workspace = step.workspace;
  const std::int64_t d = step.spec.d_model;
  at::Tensor d_out = dy;
  if (!call.pre_norm()) {
    d_out = workspace.scratch(Slot::NarrowBefore, {step.rows(), d});
    run_norm_backward<Real>(step, weights.norm, call.norm, call.out, dy, at::Tensor(), d_out);
  }
  add_rows(step.rows(), d, pointer<Real>(d_out), pointer<Real>(weights.out_bias.gradient));
  at::Tensor(weights.out.gradient).addmm_(d_out.t(), call.after);
  at::Tensor d_after = workspace.scratch(Slot::Wide, {step.rows(), call.width()});
  at::mm_out(d_after, d_out, weights.out.value);
  at::Tensor d_before =
      step.spec.gated ? workspace.scratch(Slot::WideBefore, {step.rows(), call.width_before()})
                      : d_after;
  activation_backward<Real>(call.activation(), pointer<Real>(call.before), pointer<Real>(d_after),
                            pointer<Real>(d_before), pointer<Real>(weights.hidden_bias.gradient));
  at::Tensor(weights.hidden.gradient).addmm_(d_before.t(), call.in);
  if (!call.pre_norm()) {
    dy.addmm_(d_before, weights.hidden.value);
    return;
  }
  at::Tensor d_in = workspace.scratch(Slot::Narrow, {step.rows(), d});
  at::mm_out(d_in, d_before, weights.hidden.value);
  run_norm_backward<Real>(step, weights.norm, call.norm, call.x, d_in, dy, dy);
}

struct FeedForwardNode : torch::autograd::Function<FeedForwardNode> {
  static Variable forward(AutogradContext* context, const Variable& x,
                          const c10::intrusive_ptr<FeedForwardCall>& call) {
    keep_call(context, call);
    return with_real(x, [&]<typename Real>() { return feed<Real>(*call, x); }).detach();
  }
  static variable_list backward(AutogradContext* context, variable_list d_out) {
    FeedForwardCall& call = kept_call<FeedForwardCall>(context);
    with_real(d_out[0], [&]<typename Real>() { feed_backward<Real>(call, d_out[0]); });
    return {d_out[0], Variable()};
  }
};

}  // namespace

at::Tensor fused_feed_forward(const FusedStep& step, const FeedForwardWeights& weights,
                              const at::Tensor& x) {
  return FeedForwardNode::apply(x, c10::make_intrusive<FeedForwardCall>(step, weights));
}

}  // namespace isoloss
