#include "harness/training/gradient_norm.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "harness/files/lane_sum.h"

namespace isoloss {

namespace {

constexpr std::int64_t kBlock = 16384;  // elements whose sum is one thread's
constexpr std::int64_t kBlocks = 256;   // whose sums are held at once

template <typename Real>
double sum_of_squares(const Real* values, std::int64_t count) {
  return lane_sum(static_cast<std::size_t>(count), [values](std::size_t i) {
    const auto value = static_cast<double>(values[i]);
    return value * value;
  });
}

}  // namespace

template <typename Real>
double global_norm(const ParameterTable& table, std::span<const Real> gradients) {
  double sum = 0;
  std::array<double, kBlocks> sums;
  for (const Parameter& parameter : table.parameters) {
    const Real* gradient = gradients.data() + parameter.offset;
    for (std::int64_t first = 0; first < parameter.size(); first += kBlock * kBlocks) {
      const std::int64_t count = std::min(parameter.size() - first, kBlock * kBlocks);
      const std::int64_t blocks = (count + kBlock - 1) / kBlock;
#pragma omp parallel for schedule(static) if (blocks > 2)
      for (std::int64_t i = 0; i < blocks; ++i)
        sums[static_cast<std::size_t>(i)] =
            sum_of_squares(gradient + first + i * kBlock, std::min(kBlock, count - i * kBlock));
      for (std::int64_t i = 0; i < blocks; ++i) sum += sums[static_cast<std::size_t>(i)];
    }
  }
  return std::sqrt(sum);
}

template <typename Real>
void clip_gradients(std::span<Real> gradients, double norm, double limit) {
  if (!(limit > 0 && norm > limit)) return;
  const Real scale = static_cast<Real>(limit / norm);
  Real* values = gradients.data();
  const auto count = static_cast<std::int64_t>(gradients.size());
#pragma omp parallel for simd schedule(static) if (count >= 4 * kBlock)
  for (std::int64_t i = 0; i < count; ++i) values[i] *= scale;
}

template double global_norm(const ParameterTable&, std::span<const float>);
template double global_norm(const ParameterTable&, std::span<const double>);
template void clip_gradients(std::span<float>, double, double);
template void clip_gradients(std::span<double>, double, double);

}  // namespace isoloss
