#include "model/kernels/cpu/activation.h"
#include "model/kernels/cpu/blocks.h"
#include "model/kernels/cpu/passes.h"

namespace isoloss {
namespace {

using Slot = Workspace::Slot;

// Widths are those of the weights, which are a rank's shard where ranks share the hidden channels.
struct FeedForwardCall {
  const FusedStep& step;
  const FeedForwardWeights& weights;
  NormKept norm = {};
  at::Tensor x = {}, in = {}, before = {}, after = {};  // in: what the first product reads
  at::Tensor out = {};                                  // before a norm that follows

  std::int64_t width() const { return weights.in.value.size(0); }
  std::int64_t width_before() const { return weights.hidden.value.size(0); }
  bool pre_norm() const { return step.spec.norm_placement == NormPlacement::Pre; }
  ActivationShape activation() const {
    return {step.rows(), width(), step.spec.activation, step.spec.gated};
  }
};

template <typename Stored>
at::Tensor feed(FeedForwardCall& call, const at::Tensor& x) {
  using Real = RealOf<Stored>;
  constexpr at::ScalarType kType = kStoredType<Stored>;
  const FusedStep& step = call.step;
  const FeedForwardWeights& weights = call.weights;
  Workspace& workspace = step.workspace;
  const std::int64_t d = step.spec.d_model;
  call.x = x;
  call.in = x;
  if (call.pre_norm() || kType != x.scalar_type())
    call.in = workspace.keep({step.rows(), d}, kType);
  if (call.pre_norm())
    call.norm = run_norm<Stored>(step, weights.norm, x, call.in);
  else if (kType != x.scalar_type())
    store_all<Stored>(x.numel(), pointer<Real>(x), pointer<Stored>(call.in));
  call.before = workspace.keep({step.rows(), call.width_before()}, kType);
  product_into(call.before, {call.in}, turned(operand(weights.hidden)));
  call.after = workspace.keep({step.rows(), call.width()}, kType);
  activation_forward(call.activation(), pointer<Real>(weights.hidden_bias.value),
                     pointer<Stored>(call.before), pointer<Stored>(call.after));
  at::Tensor branch = workspace.scratch(Slot::Narrow, {step.rows(), d}, kType);
  product_into(branch, {call.after}, turned(operand(weights.out)));
  sum_over_ranks<Stored>(step, branch);
  at::Tensor y = workspace.keep({step.rows(), d});
  add_branch(step.rows(), d, call.pre_norm() ? pointer<Real>(x) : nullptr, pointer<Stored>(branch),
             pointer<Real>(weights.out_bias.value), pointer<Real>(y));
  if (call.pre_norm()) return y;
  call.out = y;
  y = workspace.keep({step.rows(), d});
  call.norm = run_norm<Real>(step, weights.norm, call.out, y);
  add_branch(step.rows(), d, pointer<Real>(y), pointer<Real>(x), static_cast<Real*>(nullptr),
             pointer<Real>(y));
  return y;
}

template <typename Stored>
void feed_backward(const FeedForwardCall& call, const at::Tensor& dy) {
  using Real = RealOf<Stored>;
  constexpr at::ScalarType kType = kStoredType<Stored>;
  const FusedStep& step = call.step;
  const FeedForwardWeights& weights = call.weights;
  Workspace& workspace = step.workspace;
  const std::int64_t d = step.spec.d_model;
  at::Tensor d_out = dy;
  if (!call.pre_norm()) {
    d_out = workspace.scratch(Slot::NarrowBefore, {step.rows(), d});
    run_norm_backward<Real>(step, weights.norm, call.norm, call.out, dy, at::Tensor(), d_out);
  }
  if (weights.out_bias.value.defined())
    add_rows(step.rows(), d, pointer<Real>(d_out), pointer<Real>(weights.out_bias.gradient));
  const at::Tensor d_branch = as_operand<Stored>(step, d_out);
  add_weight_gradient<Stored>(step, weights.out, d_branch, call.after);
  at::Tensor d_after = workspace.scratch(Slot::Wide, {step.rows(), call.width()}, kType);
  product_into(d_after, {d_branch}, {operand(weights.out)});
  at::Tensor d_before =
      step.spec.gated
          ? workspace.scratch(Slot::WideBefore, {step.rows(), call.width_before()}, kType)
          : d_after;
  activation_backward(call.activation(), pointer<Real>(weights.hidden_bias.value),
                      pointer<Stored>(call.before), pointer<Stored>(d_after),
                      pointer<Stored>(d_before), pointer<Real>(weights.hidden_bias.gradient));
  add_weight_gradient<Stored>(step, weights.hidden, d_before, call.in);
  at::Tensor d_in = workspace.scratch(Slot::Narrow, {step.rows(), d}, kType);
  product_into(d_in, {d_before}, {operand(weights.hidden)});
  sum_over_ranks<Stored>(step, d_in);
  if (call.pre_norm())
    run_norm_backward<Stored>(step, weights.norm, call.norm, call.x, d_in, dy, dy);
  else
    add_all(d_in.numel(), pointer<Stored>(d_in), Real(1), pointer<Real>(dy));
}

class FusedFeedForward final : public SubLayerPass {
 public:
  FusedFeedForward(const FusedStep& step, const FeedForwardWeights& weights)
      : call_{step, weights} {}
  at::Tensor forward(const at::Tensor& x) override {
    return with_stored(call_.weights.out,
                       [&]<typename Stored>() { return feed<Stored>(call_, x); });
  }
  void backward(const at::Tensor& dy) override {
    with_stored(call_.weights.out, [&]<typename Stored>() { feed_backward<Stored>(call_, dy); });
  }

 private:
  FeedForwardCall call_;
};

}  // namespace

std::shared_ptr<SubLayerPass> feed_forward_pass(const FusedStep& step,
                                                const FeedForwardWeights& weights) {
  return std::make_shared<FusedFeedForward>(step, weights);
}

}  // namespace isoloss
