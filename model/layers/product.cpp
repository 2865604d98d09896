#include "model/layers/product.h"

#include <torch/torch.h>

namespace isoloss {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::Variable;
using torch::autograd::variable_list;

at::Tensor rounded(const at::Tensor& x) { return x.to(at::kBFloat16).to(x.scalar_type()); }

// An operand: rounded going forward, its gradient passed as it is (float32 master weights).
struct RoundedOperand : torch::autograd::Function<RoundedOperand> {
  static Variable forward(AutogradContext*, const Variable& x) { return rounded(x); }
  static variable_list backward(AutogradContext*, variable_list d) { return {d[0]}; }
};

// A result: as it is going forward; its gradient is an operand of the backward pass's products.
struct RoundedGradient : torch::autograd::Function<RoundedGradient> {
  static Variable forward(AutogradContext*, const Variable& x) { return x.view_as(x); }
  static variable_list backward(AutogradContext*, variable_list d) { return {rounded(d[0])}; }
};

}  // namespace

at::Tensor product(Precision precision, const at::Tensor& a, const at::Tensor& b) {
  if (precision != Precision::BFloat16) return at::matmul(a, b);
  return RoundedGradient::apply(at::matmul(RoundedOperand::apply(a), RoundedOperand::apply(b)));
}

at::Tensor linear(Precision precision, const at::Tensor& x, const at::Tensor& matrix) {
  if (precision != Precision::BFloat16) return at::linear(x, matrix);
  return RoundedGradient::apply(
      at::linear(RoundedOperand::apply(x), RoundedOperand::apply(matrix)));
}

}  // namespace isoloss
