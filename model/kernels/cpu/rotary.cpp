#include "model/kernels/cpu/rotary.h"

#include <cmath>
#include <vector>

#include "model/kernels/cpu/parts.h"

namespace isoloss {
namespace {

// Cosines and sines, [length, d_head / 2] each, of one thread's last call.
template <typename Real>
struct RotationTable {
  std::int64_t length = 0, half = 0;
  double base = 0;
  std::vector<Real> cosine, sine;

  void prepare(std::int64_t of_length, std::int64_t of_half, double of_base) {
    if (of_half == half && of_base == base && of_length <= length) return;
    length = of_length, half = of_half, base = of_base;
    cosine.clear();
    sine.clear();
    for (std::int64_t t = 0; t < length; ++t)
      for (std::int64_t i = 0; i < half; ++i) {
        const double angle = static_cast<double>(t) *
                             std::pow(base, -static_cast<double>(i) / static_cast<double>(half));
        cosine.push_back(static_cast<Real>(std::cos(angle)));
        sine.push_back(static_cast<Real>(std::sin(angle)));
      }
  }
};

}  // namespace

template <typename Stored>
void rotate(const AttentionShape& shape, std::int64_t heads, double base, Turn turn,
            Rows<Stored> rows) {
  using Real = RealOf<Stored>;
  const std::int64_t half = shape.d_head / 2;
  static thread_local RotationTable<Real> kept;
  RotationTable<Real>& table = kept;  // the caller's, from whichever thread
  table.prepare(shape.length, half, base);
  const Real sign = turn == Turn::Forward ? Real(1) : Real(-1);
  for_rows(shape.batch * shape.length, heads * shape.d_head,
           [&](std::int64_t first, std::int64_t last) {
             for (std::int64_t r = first; r < last; ++r) {
               const auto at = static_cast<std::size_t>(r % shape.length * half);
               const Real* cosine = table.cosine.data() + at;
               const Real* sine = table.sine.data() + at;
               for (std::int64_t h = 0; h < heads; ++h) {
                 Stored* low = rows.data + r * rows.stride + h * shape.d_head;
                 Stored* high = low + half;
#pragma omp simd
                 for (std::int64_t i = 0; i < half; ++i) {
                   const Real a = real(low[i]), b = real(high[i]), s = sign * sine[i];
                   low[i] = stored<Stored>(a * cosine[i] - b * s);
                   high[i] = stored<Stored>(b * cosine[i] + a * s);
                 }
               }
             }
           });
}

template void rotate(const AttentionShape&, std::int64_t, double, Turn, Rows<float>);
template void rotate(const AttentionShape&, std::int64_t, double, Turn, Rows<double>);
template void rotate(const AttentionShape&, std::int64_t, double, Turn, Rows<c10::BFloat16>);

}  // namespace isoloss
