// Transposition for the products that give weights' gradients in bfloat16: the matrix units read
// rows, and sums over rows of both operands have to find one of them turned. Plain versions are
// LibTorch's t().
#pragma once
#include <c10/util/BFloat16.h>

#include <cstdint>

namespace isoloss {

// to[c][r] = from[r][c] for a contiguous `from` of rows x columns.
void transpose(std::int64_t rows, std::int64_t columns, const c10::BFloat16* from,
               c10::BFloat16* to);

// to[c][r] += factor from[r][c], `to` contiguous.
void add_transposed(std::int64_t rows, std::int64_t columns, const c10::BFloat16* from,
                    float factor, float* to);

}  // namespace isoloss
