#include "harness/gradient_norm.h"

#include <cmath>
#include <cstddef>

#include "harness/lane_sum.h"

namespace isoloss {

template <typename Real>
double global_norm(const ParameterTable& table, std::span<const Real> gradients) {
  double sum = 0;
  for (const Parameter& parameter : table.parameters) {
    const Real* gradient = gradients.data() + parameter.offset;
    sum += lane_sum(static_cast<std::size_t>(parameter.size()), [gradient](std::size_t i) {
      const auto value = static_cast<double>(gradient[i]);
      return value * value;
    });
  }
  return std::sqrt(sum);
}

template <typename Real>
void clip_gradients(std::span<Real> gradients, double norm, double limit) {
  if (!(limit > 0 && norm > limit)) return;
  const Real scale = static_cast<Real>(limit / norm);
  for (Real& gradient : gradients) gradient *= scale;
}

template double global_norm(const ParameterTable&, std::span<const float>);
template double global_norm(const ParameterTable&, std::span<const double>);
template void clip_gradients(std::span<float>, double, double);
template void clip_gradients(std::span<double>, double, double);

}  // namespace isoloss
