// LayerNorm and RMSNorm over rows of contiguous memory, forward and backward in one pass each. The
// plain version is norm() of model/layers/sublayers.h. Primer's norm is LayerNorm here: with
// c = x - mean, mean(x c) = mean(c^2) exactly, so only rounding differs. One thread, any width.
#pragma once
#include <cstdint>

namespace isoloss {

struct NormShape {
  std::int64_t rows = 0;
  std::int64_t width = 0;
  bool centred = true;  // false: RMS, no mean and no bias
  double epsilon = 1e-6;
};

// y = (x - mean) inverse scale + bias; keeps mean (unused by RMS) and inverse deviation, [rows].
template <typename Real>
void norm_forward(const NormShape& shape, const Real* x, const Real* scale, const Real* bias,
                  Real* y, Real* mean, Real* inverse);

// dx = residual + the gradient through the norm; residual may be null (zero) or dx itself. Adds the
// parameters' gradients to d_scale and d_bias (null for RMS).
template <typename Real>
void norm_backward(const NormShape& shape, const Real* x, const Real* scale, const Real* mean,
                   const Real* inverse, const Real* dy, const Real* residual, Real* dx,
                   Real* d_scale, Real* d_bias);

}  // namespace isoloss
