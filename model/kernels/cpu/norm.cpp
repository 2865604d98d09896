#include "model/kernels/cpu/norm.h"

#include <cmath>

namespace isoloss {

template <typename Real>
void norm_forward(const NormShape& shape, const Real* x, const Real* scale, const Real* bias,
                  Real* y, Real* mean, Real* inverse) {
  const std::int64_t width = shape.width;
  const Real share = Real(1) / static_cast<Real>(width);
  for (std::int64_t r = 0; r < shape.rows; ++r) {
    const Real* row = x + r * width;
    Real* out = y + r * width;
    Real centre = 0;
    if (shape.centred) {
#pragma omp simd reduction(+ : centre)
      for (std::int64_t i = 0; i < width; ++i) centre += row[i];
      centre *= share;
      mean[r] = centre;
    }
    Real spread = 0;
#pragma omp simd reduction(+ : spread)
    for (std::int64_t i = 0; i < width; ++i) spread += (row[i] - centre) * (row[i] - centre);
    const Real factor = Real(1) / std::sqrt(spread * share + static_cast<Real>(shape.epsilon));
    inverse[r] = factor;
    if (bias != nullptr) {
#pragma omp simd
      for (std::int64_t i = 0; i < width; ++i)
        out[i] = (row[i] - centre) * factor * scale[i] + bias[i];
    } else {
#pragma omp simd
      for (std::int64_t i = 0; i < width; ++i) out[i] = (row[i] - centre) * factor * scale[i];
    }
  }
}

template <typename Real>
void norm_backward(const NormShape& shape, const Real* x, const Real* scale, const Real* mean,
                   const Real* inverse, const Real* dy, const Real* residual, Real* dx,
                   Real* d_scale, Real* d_bias) {
  const std::int64_t width = shape.width;
  const Real share = Real(1) / static_cast<Real>(width);
  for (std::int64_t r = 0; r < shape.rows; ++r) {
    const Real* row = x + r * width;
    const Real* g = dy + r * width;
    Real* out = dx + r * width;
    const Real centre = shape.centred ? mean[r] : Real(0);
    const Real factor = inverse[r];
    Real sum = 0;
    Real along = 0;
#pragma omp simd reduction(+ : sum, along)
    for (std::int64_t i = 0; i < width; ++i) {
      const Real unit = (row[i] - centre) * factor;
      sum += g[i] * scale[i];
      along += g[i] * scale[i] * unit;
      d_scale[i] += g[i] * unit;
    }
    if (d_bias != nullptr) {
#pragma omp simd
      for (std::int64_t i = 0; i < width; ++i) d_bias[i] += g[i];
    }
    sum = shape.centred ? sum * share : Real(0);
    along *= share;
    if (residual != nullptr) {
      const Real* kept = residual + r * width;
#pragma omp simd
      for (std::int64_t i = 0; i < width; ++i)
        out[i] = kept[i] + factor * (g[i] * scale[i] - sum - (row[i] - centre) * factor * along);
    } else {
#pragma omp simd
      for (std::int64_t i = 0; i < width; ++i)
        out[i] = factor * (g[i] * scale[i] - sum - (row[i] - centre) * factor * along);
    }
  }
}

template void norm_forward(const NormShape&, const float*, const float*, const float*, float*,
                           float*, float*);
template void norm_forward(const NormShape&, const double*, const double*, const double*, double*,
                           double*, double*);
template void norm_backward(const NormShape&, const float*, const float*, const float*,
                            const float*, const float*, const float*, float*, float*, float*);
template void norm_backward(const NormShape&, const double*, const double*, const double*,
                            const double*, const double*, const double*, double*, double*, double*);

}  // namespace isoloss
