#include <cmath>

#include "model/kernels/cpu/blocks.h"
#include "model/kernels/cpu/cross_entropy.h"
#include "model/kernels/cpu/parts.h"
#include "model/kernels/cpu/passes.h"
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

struct EmbeddingCall {
  const FusedStep& step;
  const Weight& weight;
  const Weight& positions;
  std::int64_t first;  // id of this rank's first row
  const std::int64_t* ids = nullptr;

  // The row of an id among this rank's, or -1.
  std::int64_t row(std::int64_t id) const {
    const std::int64_t here = id - first;
    return here >= 0 && here < weight.value.size(0) ? here : -1;
  }
};

template <typename Real>
void copy_rows_by_id(const EmbeddingCall& call, const at::Tensor& x) {
  const std::int64_t width = call.step.spec.d_model;
  const std::int64_t* ids = call.ids;
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
  const std::int64_t* ids = call.ids;
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

class FusedEmbedding final : public EmbeddingPass {
 public:
  FusedEmbedding(const FusedStep& step, const Weight& embedding, const Weight& positions)
      : call_{step, embedding, positions, first_id(step)} {}
  at::Tensor forward(const std::int64_t* ids) override {
    call_.ids = ids;
    at::Tensor x = call_.step.workspace.keep({call_.step.rows(), call_.step.spec.d_model});
    with_real(x, [&]<typename Real>() {
      copy_rows_by_id<Real>(call_, x);
      if (call_.positions.value.defined()) add_positions<Real>(call_, x);
    });
    return x;
  }
  void backward(const at::Tensor& dy) override {
    with_real(dy, [&]<typename Real>() {
      add_rows_by_id<Real>(call_, dy);
      if (call_.positions.value.defined()) add_position_gradients<Real>(call_, dy);
    });
  }

 private:
  EmbeddingCall call_;
};

struct OutputCall {
  const FusedStep& step;
  const NormWeights& norm_weights;
  const Weight& output;
  NormKept norm = {};
  at::Tensor x = {}, normed = {}, logits = {};  // logits become their own gradient

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
  product_into(call.logits, {call.normed}, turned(operand(call.output)), call.scale());
}

// dx is the gradient stream.
template <typename Stored>
at::Tensor output_backward(OutputCall& call, double factor) {
  const FusedStep& step = call.step;
  const double scale = call.scale() * factor;
  add_weight_gradient<Stored>(step, call.output, call.logits, call.normed, scale);
  const at::IntArrayRef narrow = call.normed.sizes();
  at::Tensor d_normed = step.workspace.scratch(Slot::Narrow, narrow, kStoredType<Stored>);
  product_into(d_normed, {call.logits}, {operand(call.output)}, scale);
  sum_over_ranks<Stored>(step, d_normed);
  at::Tensor dx = step.workspace.scratch(Slot::GradientStream, narrow);
  run_norm_backward<Stored>(step, call.norm_weights, call.norm, call.x, d_normed, at::Tensor(), dx);
  return dx;
}

class FusedOutput final : public OutputPass {
 public:
  FusedOutput(const FusedStep& step, const NormWeights& norm, const Weight& output)
      : call_{step, norm, output} {}
  double loss(const at::Tensor& x, const std::int64_t* targets, double z_loss) override {
    return with_stored(call_.output, [&]<typename Stored>() {
      fill_logits<Stored>(call_, x);
      return cross_entropy_gradient(call_.shape(), pointer<Stored>(call_.logits), targets, z_loss);
    });
  }
  at::Tensor backward(double factor) override {
    return with_stored(call_.output,
                       [&]<typename Stored>() { return output_backward<Stored>(call_, factor); });
  }
  at::Tensor logits(const at::Tensor& x) override {
    with_stored(call_.output, [&]<typename Stored>() { fill_logits<Stored>(call_, x); });
    return call_.logits.to(x.scalar_type());
  }

 private:
  OutputCall call_;
};

}  // namespace

std::shared_ptr<EmbeddingPass> embedding_pass(const FusedStep& step, const Weight& embedding,
                                              const Weight& positions) {
  return std::make_shared<FusedEmbedding>(step, embedding, positions);
}

std::shared_ptr<OutputPass> output_pass(const FusedStep& step, const NormWeights& norm,
                                        const Weight& output) {
  return std::make_shared<FusedOutput>(step, norm, output);
}

}  // namespace isoloss
