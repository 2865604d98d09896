// What the fused blocks' autograd nodes share: how a call is kept between forward and backward, the
// norm inside a block, and the choice of scalar type.
#pragma once
#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include <utility>

#include "model/kernels/cpu/blocks.h"
#include "model/kernels/cpu/norm.h"

namespace isoloss {

using torch::autograd::AutogradContext;
using torch::autograd::Variable;
using torch::autograd::variable_list;

// A call (what a block was given and what its forward pass keeps) lives as long as its node.
template <typename Call>
void keep_call(AutogradContext* context, const c10::intrusive_ptr<Call>& call) {
  context->saved_data["call"] =
      c10::IValue::make_capsule(c10::intrusive_ptr<torch::CustomClassHolder>(call));
}
template <typename Call>
Call& kept_call(AutogradContext* context) {
  return static_cast<Call&>(*context->saved_data["call"].toCapsule());
}

struct NormKept {
  at::Tensor mean, inverse;  // [rows]
};

inline NormShape norm_shape(const FusedStep& step) {
  return {step.rows(), step.spec.d_model, step.spec.norm != Norm::Rms, step.spec.norm_epsilon};
}

// Null where the tensor is not defined.
template <typename Real>
Real* pointer(const at::Tensor& tensor) {
  return tensor.defined() ? tensor.data_ptr<Real>() : nullptr;
}

// Writes Norm(x) to y.
template <typename Real>
NormKept run_norm(const FusedStep& step, const NormWeights& weights, const at::Tensor& x,
                  const at::Tensor& y) {
  NormKept kept{step.workspace.keep({step.rows()}), step.workspace.keep({step.rows()})};
  norm_forward<Real>(norm_shape(step), pointer<Real>(x), pointer<Real>(weights.scale.value),
                     pointer<Real>(weights.bias.value), pointer<Real>(y), pointer<Real>(kept.mean),
                     pointer<Real>(kept.inverse));
  return kept;
}

// dx = residual (which may be undefined) + the gradient through the norm.
template <typename Real>
void run_norm_backward(const FusedStep& step, const NormWeights& weights, const NormKept& kept,
                       const at::Tensor& x, const at::Tensor& dy, const at::Tensor& residual,
                       const at::Tensor& dx) {
  norm_backward<Real>(norm_shape(step), pointer<Real>(x), pointer<Real>(weights.scale.value),
                      pointer<Real>(kept.mean), pointer<Real>(kept.inverse), pointer<Real>(dy),
                      pointer<Real>(residual), pointer<Real>(dx),
                      pointer<Real>(weights.scale.gradient), pointer<Real>(weights.bias.gradient));
}

// Calls work.operator()<Real>() with the scalar type of `like`.
template <typename Work>
auto with_real(const at::Tensor& like, const Work& work) {
  return like.scalar_type() == at::kDouble ? work.template operator()<double>()
                                           : work.template operator()<float>();
}

}  // namespace isoloss
