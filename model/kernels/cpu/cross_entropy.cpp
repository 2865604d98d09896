#include "model/kernels/cpu/cross_entropy.h"

#include <algorithm>
#include <cmath>

#include "model/kernels/cpu/exponential.h"

namespace isoloss {
namespace {

template <typename Real>
Real largest_of(const Real* row, std::int64_t n) {
  Real largest = row[0];
#pragma omp simd reduction(max : largest)
  for (std::int64_t i = 0; i < n; ++i) largest = row[i] > largest ? row[i] : largest;
  return largest;
}

// Replaces the row by exp(row - largest) and returns the sum.
template <typename Real>
Real exponentials(Real* row, std::int64_t n, Real largest) {
  Real sum = 0;
#pragma omp simd reduction(+ : sum)
  for (std::int64_t i = 0; i < n; ++i) {
    row[i] = exponential(row[i] - largest);
    sum += row[i];
  }
  return sum;
}

}  // namespace

template <typename Real>
double cross_entropy_gradient(const LogitsShape& shape, Real* logits, const std::int64_t* targets,
                              double z_loss) {
  const std::int64_t n = shape.vocabulary;
  const double share = 1.0 / static_cast<double>(shape.rows);
  double total = 0;
  for (std::int64_t r = 0; r < shape.rows; ++r) {
    Real* row = logits + r * n;
    const Real largest = largest_of(row, n);
    const Real chosen = row[targets[r]];
    const Real sum = exponentials(row, n, largest);
    const double log_z = static_cast<double>(largest) + std::log(static_cast<double>(sum));
    total += log_z - static_cast<double>(chosen);
    const auto factor =
        static_cast<Real>(share * (1.0 + 2.0 * z_loss * log_z) / static_cast<double>(sum));
#pragma omp simd
    for (std::int64_t i = 0; i < n; ++i) row[i] *= factor;
    row[targets[r]] -= static_cast<Real>(share);
  }
  return total * share;
}

template <typename Real>
void cross_entropy_losses(const LogitsShape& shape, Real* logits, const std::int64_t* targets,
                          float* losses, std::uint8_t* greedy) {
  const std::int64_t n = shape.vocabulary;
  for (std::int64_t r = 0; r < shape.rows; ++r) {
    Real* row = logits + r * n;
    const Real largest = largest_of(row, n);
    const Real chosen = row[targets[r]];
    greedy[r] = std::find(row, row + targets[r], largest) == row + targets[r] && chosen == largest;
    const Real sum = exponentials(row, n, largest);
    losses[r] = static_cast<float>(static_cast<double>(largest) - static_cast<double>(chosen) +
                                   std::log(static_cast<double>(sum)));
  }
}

template double cross_entropy_gradient(const LogitsShape&, float*, const std::int64_t*, double);
template double cross_entropy_gradient(const LogitsShape&, double*, const std::int64_t*, double);
template void cross_entropy_losses(const LogitsShape&, float*, const std::int64_t*, float*,
                                   std::uint8_t*);
template void cross_entropy_losses(const LogitsShape&, double*, const std::int64_t*, float*,
                                   std::uint8_t*);

}  // namespace isoloss
