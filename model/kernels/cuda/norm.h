// Norms over rows and what surrounds them in a residual network, each way in one pass over memory:
// forward adds a branch to the residual stream and norms the sum; backward takes the gradient
// through the norm, adds it to the stream's, and hands the branch its part. Layer:
// (x - mean) rsqrt(var + eps) scale + bias. RMS (Zhang & Sennrich 2019): x rsqrt(mean x^2 + eps)
// scale. Primer's norm is Layer's here: with c = x - mean, mean(x c) = mean(c^2) exactly, so only
// rounding differs. T (float or Bf16) is what products read, S (float or T) what the stream holds:
// float but for a norm of a branch itself. Widths are multiples of 8 up to 6144; memory is aligned
// to 16 bytes. Another width throws InputError.
#pragma once
#include <cstdint>

#include "model/kernels/cuda/device.h"

namespace isoloss::device {

struct NormShape {
  std::int64_t rows = 0;
  std::int64_t width = 0;
  bool centred = true;  // false: RMS, no mean and no bias
  float epsilon = 1e-6F;
};

struct NormWeights {
  const float* scale = nullptr;  // [width]
  const float* bias = nullptr;   // [width]; null for RMS
};
// Of each row, [rows]: kept by forward for backward.
struct NormStatistics {
  float* mean = nullptr;  // null for RMS
  float* inverse_deviation = nullptr;
};

// What a sub-layer adds to the stream: factor * rezero * (values + bias).
template <typename T>
struct Branch {
  const T* values = nullptr;      // [rows, width]; null: nothing is added
  const float* bias = nullptr;    // [width]; null: none
  const float* rezero = nullptr;  // [1]; null: 1
  float factor = 1;
};

// y = norm(x + branch), kept in `sum` (may be x; null where there is no branch).
template <typename In, typename T, typename Out>
void norm_forward(Stream& stream, const NormShape& shape, const In* x, const Branch<T>& branch,
                  In* sum, const NormWeights& weights, Out* y, const NormStatistics& statistics);

// sum = x + branch; `sum` may be x.
template <typename T>
void add_branch(Stream& stream, std::int64_t rows, std::int64_t width, const float* x,
                const Branch<T>& branch, float* sum);

// What backward writes of the branch; null: not wanted.
template <typename T>
struct BranchGradient {
  T* values = nullptr;      // [rows, width], overwritten; null: nor is the rest
  float* bias = nullptr;    // [width], added to
  float* rezero = nullptr;  // [1], added to
};
struct NormGradient {
  float* scale = nullptr;  // [width], added to
  float* bias = nullptr;   // [width], added to; null for RMS
};

// Floats of scratch memory that a backward pass over such rows needs.
std::int64_t norm_scratch(const NormShape& shape);

// dx = above + (gradient of dy through the norm whose input was x), where `above` is the stream's
// gradient from above: may be dx, null for zero. Then the branch that had been added to the stream
// to make x gets its gradient from dx.
template <typename In, typename T, typename Out>
void norm_backward(Stream& stream, const NormShape& shape, const In* x, const NormWeights& weights,
                   const NormStatistics& statistics, const Out* dy, const In* above, In* dx,
                   const NormGradient& gradient, const Branch<T>& branch,
                   const BranchGradient<T>& branch_gradient, float* scratch);

// The same for add_branch: d_sum [rows, width] is the stream's gradient, left alone.
template <typename T>
void branch_backward(Stream& stream, std::int64_t rows, std::int64_t width, const float* d_sum,
                     const Branch<T>& branch, const BranchGradient<T>& branch_gradient,
                     float* scratch);

}  // namespace isoloss::device
