// What the fused passes share: the norm inside a block, its products, and the choice of scalar
// types.
#pragma once
#include <ATen/ATen.h>

#include <span>
#include <type_traits>
#include <utility>

#include "model/kernels/cpu/block_products.h"
#include "model/kernels/cpu/blocks.h"
#include "model/kernels/cpu/norm.h"
#include "model/kernels/cpu/row_operations.h"
#include "model/kernels/cpu/transpose.h"

namespace isoloss {

struct NormKept {
  at::Tensor mean, inverse;  // [rows]
};

inline NormShape norm_shape(const FusedStep& step) {
  return {step.rows(), step.spec.d_model, step.spec.norm != Norm::Rms, step.spec.norm_epsilon};
}

// Null where the tensor is not defined.
template <typename T>
T* pointer(const at::Tensor& tensor) {
  return tensor.defined() ? tensor.data_ptr<T>() : nullptr;
}

template <typename Stored>
constexpr at::ScalarType kStoredType = c10::CppTypeToScalarType<Stored>::value;

// What products read: the weight itself, or its bfloat16 copy.
inline const at::Tensor& operand(const Weight& weight) {
  return weight.rounded.defined() ? weight.rounded : weight.value;
}

// Calls work.operator()<Stored>() with the type that products read and write.
template <typename Work>
auto with_stored(const Weight& like, const Work& work) {
  switch (operand(like).scalar_type()) {
    case at::kDouble:
      return work.template operator()<double>();
    case at::kBFloat16:
      return work.template operator()<at::BFloat16>();
    default:
      return work.template operator()<float>();
  }
}

// Writes Norm(x) to y.
template <typename Stored>
NormKept run_norm(const FusedStep& step, const NormWeights& weights, const at::Tensor& x,
                  const at::Tensor& y) {
  using Real = RealOf<Stored>;
  NormKept kept{step.workspace.keep({step.rows()}), step.workspace.keep({step.rows()})};
  norm_forward<Stored>(norm_shape(step), pointer<Real>(x), pointer<Real>(weights.scale.value),
                       pointer<Real>(weights.bias.value), pointer<Stored>(y),
                       pointer<Real>(kept.mean), pointer<Real>(kept.inverse));
  return kept;
}

// dx = residual (which may be undefined) + the gradient through the norm.
template <typename Stored>
void run_norm_backward(const FusedStep& step, const NormWeights& weights, const NormKept& kept,
                       const at::Tensor& x, const at::Tensor& dy, const at::Tensor& residual,
                       const at::Tensor& dx) {
  using Real = RealOf<Stored>;
  norm_backward<Stored>(norm_shape(step), pointer<Real>(x), pointer<Real>(weights.scale.value),
                        pointer<Real>(kept.mean), pointer<Real>(kept.inverse), pointer<Stored>(dy),
                        pointer<Real>(residual), pointer<Real>(dx),
                        pointer<Real>(weights.scale.gradient),
                        pointer<Real>(weights.bias.gradient));
}

// The tensor as products read it: itself, or rounded into the step's scratch.
template <typename Stored>
at::Tensor as_operand(const FusedStep& step, const at::Tensor& x) {
  if (x.scalar_type() == kStoredType<Stored>) return x;
  at::Tensor rounded =
      step.workspace.scratch(Workspace::Slot::Operand, x.sizes(), kStoredType<Stored>);
  store_all<Stored>(x.numel(), pointer<RealOf<Stored>>(x), pointer<Stored>(rounded));
  return rounded;
}

// gradient += factor dy^T x. In bfloat16 the narrower of the two is transposed first: the product
// reads rows twice as fast.
template <typename Stored>
void add_weight_gradient(const FusedStep& step, const Weight& weight, const at::Tensor& dy,
                         const at::Tensor& x, double factor = 1) {
  at::Tensor gradient = weight.gradient;
  if constexpr (std::is_same_v<Stored, RealOf<Stored>>) {
    product_into(gradient, Into::AddedTo, turned(dy), {x}, factor);
  } else {
    constexpr at::ScalarType kType = kStoredType<Stored>;
    const bool turned = x.size(1) < dy.size(1);  // the product is the gradient's transpose
    const at::Tensor narrow = turned ? x.contiguous() : dy.contiguous();
    at::Tensor columns = step.workspace.scratch(Workspace::Slot::Transposed,
                                                {narrow.size(1), narrow.size(0)}, kType);
    transpose(narrow.size(0), narrow.size(1), pointer<Stored>(narrow), pointer<Stored>(columns));
    at::Tensor product = step.workspace.scratch(Workspace::Slot::WeightGradient,
                                                {narrow.size(1), (turned ? dy : x).size(1)}, kType);
    at::mm_out(product, columns, turned ? dy : x);
    const auto scale = static_cast<RealOf<Stored>>(factor);
    auto* to = pointer<RealOf<Stored>>(gradient);
    if (turned)
      add_transposed(product.size(0), product.size(1), pointer<Stored>(product), scale, to);
    else
      add_all<Stored>(gradient.numel(), pointer<Stored>(product), scale, to);
  }
}

inline bool shared_among_ranks(const FusedStep& step) {
  return step.tensor_ranks != nullptr && step.tensor_ranks->size() > 1;
}

// Replaces x, contiguous, by its sum over the step's ranks.
template <typename Stored>
void sum_over_ranks(const FusedStep& step, const at::Tensor& x) {
  using Real = RealOf<Stored>;
  if (!shared_among_ranks(step)) return;
  const auto count = static_cast<std::size_t>(x.numel());
  if constexpr (std::is_same_v<Stored, Real>) {
    step.tensor_ranks->all_reduce_sum(std::span<Real>(x.data_ptr<Real>(), count));
  } else {
    at::Tensor exact = step.workspace.scratch(Workspace::Slot::Sum, x.sizes());
    exact.copy_(x);
    step.tensor_ranks->all_reduce_sum(std::span<Real>(exact.data_ptr<Real>(), count));
    store_all<Stored>(x.numel(), pointer<Real>(exact), pointer<Stored>(x));
  }
}

}  // namespace isoloss
