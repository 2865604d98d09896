// Matrix products of the plain path. With Precision::BFloat16 the operands of a product, and in the
// backward pass those of its two products, are rounded to bfloat16 (to nearest, ties to even) and
// kept in float32, so that sums are float32: the definition that the fast path's bfloat16 is tested
// against. Other precisions round nothing.
#pragma once
#include <ATen/core/Tensor.h>

#include "model/layers/language_model.h"

namespace isoloss {

// a b: [..., m, k] and [..., k, n] with the same leading axes.
at::Tensor product(Precision precision, const at::Tensor& a, const at::Tensor& b);

// x W^T: x [..., in], `matrix` [out, in].
at::Tensor linear(Precision precision, const at::Tensor& x, const at::Tensor& matrix);

}  // namespace isoloss
