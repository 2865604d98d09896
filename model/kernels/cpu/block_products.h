// Matrix products of the fused blocks, [rows, inner] times [inner, columns]: of float32 matrices this
// room's own (matrix_product.h), on Intel's processors of small ones; of all others LibTorch's. Threads
// take rows of the result each.
#pragma once
#include <ATen/core/Tensor.h>

#include "model/kernels/cpu/matrix_product.h"

namespace isoloss {

// A matrix as it lies, or its transpose. Rows lie in one piece each.
struct Factor {
  const at::Tensor& matrix;
  bool turned = false;
};
inline Factor turned(const at::Tensor& matrix) { return {matrix, true}; }

// out = factor a b, or out += factor a b. All of one type, which bfloat16 sums are rounded to.
void product_into(const at::Tensor& out, Into into, const Factor& a, const Factor& b,
                  double factor = 1);
inline void product_into(const at::Tensor& out, const Factor& a, const Factor& b,
                         double factor = 1) {
  product_into(out, Into::Overwritten, a, b, factor);
}

}  // namespace isoloss
