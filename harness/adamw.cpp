#include "harness/adamw.h"

#include <cmath>
#include <cstddef>

namespace isoloss {

std::int64_t adamw_state_size(const ParameterTable& table) {
  std::int64_t size = 0;
  for (const Parameter& parameter : table.parameters) size += parameter.size();
  return 2 * size;
}

template <typename Real>
void adamw_step(const ParameterTable& table, const OptimizerSpec& spec, double learning_rate,
                std::int64_t t, std::span<const Real> gradients, std::span<Real> weights,
                std::span<Real> state) {
  const auto power = static_cast<double>(t) + 1;
  const Real beta1 = static_cast<Real>(spec.beta1), beta2 = static_cast<Real>(spec.beta2);
  const Real mix1 = static_cast<Real>(1 - spec.beta1), mix2 = static_cast<Real>(1 - spec.beta2);
  const Real epsilon = static_cast<Real>(spec.epsilon);
  const Real size = static_cast<Real>(learning_rate / (1 - std::pow(spec.beta1, power)));
  const Real correction = static_cast<Real>(1 / std::sqrt(1 - std::pow(spec.beta2, power)));
  const std::size_t half = state.size() / 2;
  std::size_t state_offset = 0;
  for (const Parameter& parameter : table.parameters) {
    const auto count = static_cast<std::size_t>(parameter.size());
    const Real keep =
        static_cast<Real>(parameter.decays ? 1 - learning_rate * spec.weight_decay : 1.0);
    const Real* __restrict g = gradients.data() + parameter.offset;
    Real* __restrict w = weights.data() + parameter.offset;
    Real* __restrict m = state.data() + state_offset;
    Real* __restrict v = state.data() + half + state_offset;
    for (std::size_t i = 0; i < count; ++i) {
      m[i] = beta1 * m[i] + mix1 * g[i];
      v[i] = beta2 * v[i] + mix2 * g[i] * g[i];
      w[i] = keep * w[i] - size * m[i] / (std::sqrt(v[i]) * correction + epsilon);
    }
    state_offset += count;
  }
}

template void adamw_step(const ParameterTable&, const OptimizerSpec&, double, std::int64_t,
                         std::span<const float>, std::span<float>, std::span<float>);
template void adamw_step(const ParameterTable&, const OptimizerSpec&, double, std::int64_t,
                         std::span<const double>, std::span<double>, std::span<double>);

}  // namespace isoloss
