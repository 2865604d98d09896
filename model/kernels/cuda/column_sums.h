// Sums of columns, for gradients of biases that no other kernel makes on its way.
#pragma once
#include <cstdint>

#include "model/kernels/cuda/device.h"

namespace isoloss::device {

struct ColumnSumsShape {
  std::int64_t rows = 0;
  std::int64_t width = 0;   // a multiple of 8, else InputError
  std::int64_t stride = 0;  // from a row to the next, a multiple of 8
};

// Floats of scratch memory.
std::int64_t column_sums_scratch(const ColumnSumsShape& shape);

// to[c] += the sum over rows of x[row, c], in an order that the shape alone sets. T = float or
// Bf16.
template <typename T>
void add_column_sums(Stream& stream, const ColumnSumsShape& shape, const T* x, float* to,
                     float* scratch);

}  // namespace isoloss::device
