// LayerNorm and RMSNorm over rows of contiguous memory, forward and backward in one pass each. The
// plain version is norm() of model/layers/sublayers.h. Primer's norm is LayerNorm here: with
// c = x - mean, mean(x c) = mean(c^2) exactly, so only rounding differs. Any width.
#pragma once
#include <cstdint>

#include "model/kernels/cpu/stored.h"

namespace isoloss {

struct NormShape {
  std::int64_t rows = 0;
  std::int64_t width = 0;
  bool centred = true;  // false: RMS, no mean and no bias
  double epsilon = 1e-6;
};

// y = (x - mean) inverse scale + bias; keeps mean (unused by RMS) and inverse deviation, [rows].
template <typename Stored>
void norm_forward(const NormShape& shape, const RealOf<Stored>* x, const RealOf<Stored>* scale,
                  const RealOf<Stored>* bias, Stored* y, RealOf<Stored>* mean,
                  RealOf<Stored>* inverse);

// dx = residual + the gradient through the norm; residual may be null (zero) or dx itself. Adds the
// parameters' gradients to d_scale and d_bias (null for RMS).
template <typename Stored>
void norm_backward(const NormShape& shape, const RealOf<Stored>* x, const RealOf<Stored>* scale,
                   const RealOf<Stored>* mean, const RealOf<Stored>* inverse, const Stored* dy,
                   const RealOf<Stored>* residual, RealOf<Stored>* dx, RealOf<Stored>* d_scale,
                   RealOf<Stored>* d_bias);

}  // namespace isoloss
