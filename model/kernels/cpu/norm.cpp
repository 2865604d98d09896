#include "model/kernels/cpu/norm.h"

#include <cmath>
#include <vector>

#include "model/kernels/cpu/parts.h"

namespace isoloss {
namespace {

template <typename Stored, typename Real>
void forward_rows(const NormShape& shape, std::int64_t first, std::int64_t last, const Real* x,
                  const Real* scale, const Real* bias, Stored* y, Real* mean, Real* inverse) {
  const std::int64_t width = shape.width;
  const Real share = Real(1) / static_cast<Real>(width);
  for (std::int64_t r = first; r < last; ++r) {
    const Real* row = x + r * width;
    Stored* out = y + r * width;
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
        out[i] = stored<Stored>((row[i] - centre) * factor * scale[i] + bias[i]);
    } else {
#pragma omp simd
      for (std::int64_t i = 0; i < width; ++i)
        out[i] = stored<Stored>((row[i] - centre) * factor * scale[i]);
    }
  }
}

template <typename Stored, typename Real>
void backward_rows(const NormShape& shape, std::int64_t first, std::int64_t last, const Real* x,
                   const Real* scale, const Real* mean, const Real* inverse, const Stored* dy,
                   const Real* residual, Real* dx, Real* d_scale, Real* d_bias) {
  const std::int64_t width = shape.width;
  const Real share = Real(1) / static_cast<Real>(width);
  for (std::int64_t r = first; r < last; ++r) {
    const Real* row = x + r * width;
    const Stored* g = dy + r * width;
    Real* out = dx + r * width;
    const Real centre = shape.centred ? mean[r] : Real(0);
    const Real factor = inverse[r];
    Real sum = 0;
    Real along = 0;
#pragma omp simd reduction(+ : sum, along)
    for (std::int64_t i = 0; i < width; ++i) {
      const Real gradient = real(g[i]);
      const Real unit = (row[i] - centre) * factor;
      sum += gradient * scale[i];
      along += gradient * scale[i] * unit;
      d_scale[i] += gradient * unit;
    }
    if (d_bias != nullptr) {
#pragma omp simd
      for (std::int64_t i = 0; i < width; ++i) d_bias[i] += real(g[i]);
    }
    sum = shape.centred ? sum * share : Real(0);
    along *= share;
    if (residual != nullptr) {
      const Real* kept = residual + r * width;
#pragma omp simd
      for (std::int64_t i = 0; i < width; ++i)
        out[i] =
            kept[i] + factor * (real(g[i]) * scale[i] - sum - (row[i] - centre) * factor * along);
    } else {
#pragma omp simd
      for (std::int64_t i = 0; i < width; ++i)
        out[i] = factor * (real(g[i]) * scale[i] - sum - (row[i] - centre) * factor * along);
    }
  }
}

}  // namespace

template <typename Stored>
void norm_forward(const NormShape& shape, const RealOf<Stored>* x, const RealOf<Stored>* scale,
                  const RealOf<Stored>* bias, Stored* y, RealOf<Stored>* mean,
                  RealOf<Stored>* inverse) {
  for_rows(shape.rows, shape.width, [&](std::int64_t first, std::int64_t last) {
    forward_rows(shape, first, last, x, scale, bias, y, mean, inverse);
  });
}

template <typename Stored>
void norm_backward(const NormShape& shape, const RealOf<Stored>* x, const RealOf<Stored>* scale,
                   const RealOf<Stored>* mean, const RealOf<Stored>* inverse, const Stored* dy,
                   const RealOf<Stored>* residual, RealOf<Stored>* dx, RealOf<Stored>* d_scale,
                   RealOf<Stored>* d_bias) {
  using Real = RealOf<Stored>;
  const std::int64_t parts = part_count(shape.rows * shape.width, kElementsWorthAThread);
  // The first part adds to the gradients themselves, the others to sums that are added in order.
  const auto width = static_cast<std::size_t>(shape.width);
  static thread_local std::vector<Real> memory;
  std::vector<Real>& sums = memory;  // the caller's, from whichever thread
  sums.assign(static_cast<std::size_t>(parts - 1) * 2 * width, Real(0));
  for_parts(parts, shape.rows, 1, [&](std::int64_t part, std::int64_t first, std::int64_t last) {
    Real* own = part == 0 ? nullptr : sums.data() + static_cast<std::size_t>(part - 1) * 2 * width;
    backward_rows(shape, first, last, x, scale, mean, inverse, dy, residual, dx,
                  own == nullptr ? d_scale : own,
                  d_bias == nullptr ? nullptr : (own == nullptr ? d_bias : own + width));
  });
  for (std::size_t part = 0; part + 1 < static_cast<std::size_t>(parts); ++part)
    for (std::size_t i = 0; i < width; ++i) {
      d_scale[i] += sums[part * 2 * width + i];
      if (d_bias != nullptr) d_bias[i] += sums[part * 2 * width + width + i];
    }
}

#define ISOLOSS_NORM(Stored)                                                                    \
  template void norm_forward(const NormShape&, const RealOf<Stored>*, const RealOf<Stored>*,    \
                             const RealOf<Stored>*, Stored*, RealOf<Stored>*, RealOf<Stored>*); \
  template void norm_backward(const NormShape&, const RealOf<Stored>*, const RealOf<Stored>*,   \
                              const RealOf<Stored>*, const RealOf<Stored>*, const Stored*,      \
                              const RealOf<Stored>*, RealOf<Stored>*, RealOf<Stored>*,          \
                              RealOf<Stored>*);
ISOLOSS_NORM(float)
ISOLOSS_NORM(double)
ISOLOSS_NORM(c10::BFloat16)
#undef ISOLOSS_NORM

}  // namespace isoloss
