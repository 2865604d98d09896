#include <cmath>

#include "model/kernels/cpu/blocks.h"
#include "model/kernels/cpu/cross_entropy.h"
#include "model/kernels/cpu/node.h"
#include "model/kernels/cpu/parts.h"
#include "model/spec/shard.h"

namespace isoloss {
namespace {

using Slot = Workspace::Slot;

// The first id whose row of the embedding, and of the output layer, this rank has.
std::int64_t first_id(const FusedStep& step) {
  if (!shared_among_ranks(step)) return 0;
  return first_of_shard(step.spec.vocabulary,
                        {step.tensor_ranks->rank(), step.tensor_ranks->size()});
}

struct EmbeddingCall : torch::CustomClassHolder {
  EmbeddingCall(const FusedStep& of_step, const Weight& of_weight, const Weight& of_positions,
                const at::Tensor& of_ids)
      : step(of_step),
        weight(of_weight),
        positions(of_positions),
        ids(of_ids),
        first(first_id(of_step)) {}

  const FusedStep& step;
  const Weight& weight;
  const Weight& positions;
  at::Tensor ids;
  std::int64_t first;

  // The row of an id among this rank's, or -1.
  std::int64_t row(std::int64_t id) const {
    const std::int64_t here = id - first;
    return here >= 0 && here < weight.value.size(0) ? here : -1;
  }
};

template <typename Real>
void copy_rows_by_id(const EmbeddingCall& call, const at::Tensor& x) {
  const std::int64_t width = call.step.spec.d_model;
  const auto* ids = call.ids.const_data_ptr<std::int64_t>();
  const Real* from = call.weight.value.const_data_ptr<Real>();
  Real* to = pointer<Real>(x);
  for_rows(call.step.rows(), width, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t r = first; r < last; ++r) {
      const std::int64_t row = call.row(ids[r]);
      if (row < 0)
        std::fill_n(to + r * width, width, Real(0));
      else
        std::copy_n(from + row * width, width, to + r * width);
    }
  });
  sum_over_ranks<Real>(call.step, x);
}

template <typename Real>
void add_rows_by_id(const EmbeddingCall& call, const at::Tensor& dy) {
  const std::int64_t width = call.step.spec.d_model;
  const auto* ids = call.ids.const_data_ptr<std::int64_t>();
  const Real* from = dy.const_data_ptr<Real>();
  Real* to = pointer<Real>(call.weight.gradient);
  for_columns(call.step.rows(), width, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t r = 0; r < call.step.rows(); ++r) {
      const std::int64_t place = call.row(ids[r]);
      if (place < 0) continue;
      Real* row = to + place * width;
#pragma omp simd
      for (std::int64_t c = first; c < last; ++c) row[c] += from[r * width + c];
    }
  });
}

// Row r stands at place r % length of its sequence.
template <typename Real>
void add_positions(const EmbeddingCall& call, const at::Tensor& x) {
  const std::int64_t width = call.step.spec.d_model;
  const Real* from = call.positions.value.const_data_ptr<Real>();
  Real* to = pointer<Real>(x);
  for_rows(call.step.rows(), width, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t r = first; r < last; ++r) {
      const Real* position = from + r % call.step.length * width;
#pragma omp simd
      for (std::int64_t c = 0; c < width; ++c) to[r * width + c] += position[c];
    }
  });
}

template <typename Real>
void add_position_gradients(const EmbeddingCall& call, const at::Tensor& dy) {
  const std::int64_t width = call.step.spec.d_model;
  const Real* from = dy.const_data_ptr<Real>();
  Real* to = pointer<Real>(call.positions.gradient);
  for_columns(call.step.rows(), width, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t r = 0; r < call.step.rows(); ++r) {
      Real* position = to + r % call.step.length * width;
#pragma omp simd
      for (std::int64_t c = first; c < last; ++c) position[c] += from[r * width + c];
    }
  });
}

template <typename Work>
void with_real(const at::Tensor& like, const Work& work) {
  if (like.scalar_type() == at::kDouble)
    work.template operator()<double>();
  else
    work.template operator()<float>();
}

// The weight is an argument so that the graph has a leaf; its gradient is added here, not returned.
struct EmbeddingNode : torch::autograd::Function<EmbeddingNode> {
  static Variable forward(AutogradContext* context, const Variable& weight,
                          const c10::intrusive_ptr<EmbeddingCall>& call) {
    keep_call(context, call);
    const FusedStep& step = call->step;
    at::Tensor x = step.workspace.keep({step.rows(), step.spec.d_model});
    with_real(weight, [&]<typename Real>() {
      copy_rows_by_id<Real>(*call, x);
      if (call->positions.value.defined()) add_positions<Real>(*call, x);
    });
    return x.detach();
  }
  static variable_list backward(AutogradContext* context, variable_list d_out) {
    const EmbeddingCall& call = kept_call<EmbeddingCall>(context);
    const at::Tensor dy = d_out[0].contiguous();
    with_real(dy, [&]<typename Real>() {
      add_rows_by_id<Real>(call, dy);
      if (call.positions.value.defined()) add_position_gradients<Real>(call, dy);
    });
    return {Variable(), Variable()};
  }
};

struct OutputCall : torch::CustomClassHolder {
  OutputCall(const FusedStep& of_step, const NormWeights& of_norm, const Weight& of_output,
             const at::Tensor& of_targets, double of_z_loss)
      : step(of_step),
        norm_weights(of_norm),
        output(of_output),
        targets(of_targets),
        z_loss(of_z_loss) {}

  const FusedStep& step;
  const NormWeights& norm_weights;
  const Weight& output;
  at::Tensor targets;
  double z_loss;
  NormKept norm;
  at::Tensor x, normed, logits;  // logits become their own gradient

  LogitsShape shape() const {
    return {step.rows(), output.value.size(0), first_id(step), step.tensor_ranks};
  }
  double scale() const {
    return step.spec.tied && step.spec.output_scale
               ? 1.0 / std::sqrt(static_cast<double>(step.spec.d_model))
               : 1.0;
  }
};

template <typename Stored>
void fill_logits(OutputCall& call, const at::Tensor& x) {
  const FusedStep& step = call.step;
  call.x = x;
  call.normed = step.workspace.keep({step.rows(), step.spec.d_model}, kStoredType<Stored>);
  call.norm = run_norm<Stored>(step, call.norm_weights, x, call.normed);
  call.logits = step.workspace.keep({step.rows(), call.output.value.size(0)}, kStoredType<Stored>);
  at::addmm_out(call.logits, call.logits, call.normed, operand(call.output).t(), 0, call.scale());
}

// Writes dx to the gradient stream, which the blocks below pass on.
template <typename Stored>
at::Tensor output_backward(OutputCall& call, double factor) {
  const FusedStep& step = call.step;
  const double scale = call.scale() * factor;
  add_weight_gradient<Stored>(step, call.output, call.logits, call.normed, scale);
  const at::IntArrayRef narrow = call.normed.sizes();
  at::Tensor d_normed = step.workspace.scratch(Slot::Narrow, narrow, kStoredType<Stored>);
  at::addmm_out(d_normed, d_normed, call.logits, operand(call.output), 0, scale);
  sum_over_ranks<Stored>(step, d_normed);
  at::Tensor dx = step.workspace.scratch(Slot::GradientStream, narrow);
  run_norm_backward<Stored>(step, call.norm_weights, call.norm, call.x, d_normed, at::Tensor(), dx);
  return dx;
}

struct OutputNode : torch::autograd::Function<OutputNode> {
  static Variable forward(AutogradContext* context, const Variable& x,
                          const c10::intrusive_ptr<OutputCall>& call) {
    keep_call(context, call);
    const double loss = with_stored(call->output, [&]<typename Stored>() {
      fill_logits<Stored>(*call, x);
      return cross_entropy_gradient(call->shape(), pointer<Stored>(call->logits),
                                    call->targets.const_data_ptr<std::int64_t>(), call->z_loss);
    });
    return at::scalar_tensor(loss, x.options().dtype(at::kDouble));
  }
  static variable_list backward(AutogradContext* context, variable_list d_out) {
    OutputCall& call = kept_call<OutputCall>(context);
    const double factor = d_out[0].item<double>();
    return {with_stored(call.output,
                        [&]<typename Stored>() { return output_backward<Stored>(call, factor); }),
            Variable()};
  }
};

}  // namespace

at::Tensor fused_embedding(const FusedStep& step, const Weight& embedding, const Weight& positions,
                           const at::Tensor& ids) {
  return EmbeddingNode::apply(embedding.value,
                              c10::make_intrusive<EmbeddingCall>(step, embedding, positions, ids));
}

at::Tensor fused_output_loss(const FusedStep& step, const NormWeights& norm, const Weight& output,
                             const at::Tensor& x, const at::Tensor& targets, double z_loss) {
  return OutputNode::apply(x, c10::make_intrusive<OutputCall>(step, norm, output, targets, z_loss));
}

at::Tensor fused_output_logits(const FusedStep& step, const NormWeights& norm, const Weight& output,
                               const at::Tensor& x) {
  const auto call = c10::make_intrusive<OutputCall>(step, norm, output, at::Tensor(), 0.0);
  with_stored(output, [&]<typename Stored>() { fill_logits<Stored>(*call, x); });
  return call->logits.to(x.scalar_type());
}

}  // namespace isoloss
