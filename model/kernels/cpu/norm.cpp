#include "model/kernels/cpu/norm.h"

#include <cmath>
#include <vector>

#include "model/kernels/cpu/parts.h"
#include "model/kernels/cpu/places.h"

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
      centre = share * sum_of_places<Real>(width, [=](auto at) { return read(row, at); });
      mean[r] = centre;
    }
    const Real spread = sum_of_places<Real>(width, [=](auto at) {
      const auto away = read(row, at) - centre;
      return away * away;
    });
    const Real factor = Real(1) / std::sqrt(spread * share + static_cast<Real>(shape.epsilon));
    inverse[r] = factor;
    if (bias != nullptr)
      for_places<Real>(0, width, [=](auto at) {
        write(out, at, (read(row, at) - centre) * factor * read(scale, at) + read(bias, at));
      });
    else
      for_places<Real>(0, width, [=](auto at) {
        write(out, at, (read(row, at) - centre) * factor * read(scale, at));
      });
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
    if (shape.centred)
      sum = share *
            sum_of_places<Real>(width, [=](auto at) { return read(g, at) * read(scale, at); });
    const Real along = share * sum_of_places<Real>(width, [=](auto at) {
                         const auto of_scale = read(g, at) * ((read(row, at) - centre) * factor);
                         add(d_scale, at, of_scale);
                         return of_scale * read(scale, at);
                       });
    if (d_bias != nullptr)
      for_places<Real>(0, width, [=](auto at) { add(d_bias, at, read(g, at)); });
    const auto through = [=](auto at) {
      return factor *
             (read(g, at) * read(scale, at) - sum - (read(row, at) - centre) * factor * along);
    };
    if (residual != nullptr)
      for_places<Real>(0, width, [=, kept = residual + r * width](auto at) {
        write(out, at, read(kept, at) + through(at));
      });
    else
      for_places<Real>(0, width, [=](auto at) { write(out, at, through(at)); });
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
