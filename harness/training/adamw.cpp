#include "harness/training/adamw.h"

#include <cmath>

namespace isoloss {

std::int64_t adamw_state_size(const ParameterTable& table) {
  std::int64_t size = 0;
  for (const Parameter& parameter : table.parameters) size += parameter.size();
  return 2 * size;
}

namespace {

constexpr std::int64_t kElementsWorthThreads = 65536;

// What every element of a tensor is updated with.
template <typename Real>
struct Coefficients {
  Coefficients(const OptimizerSpec& spec, double learning_rate, std::int64_t t)
      : beta1(static_cast<Real>(spec.beta1)),
        beta2(static_cast<Real>(spec.beta2)),
        mix1(static_cast<Real>(1 - spec.beta1)),
        mix2(static_cast<Real>(1 - spec.beta2)),
        epsilon(static_cast<Real>(spec.epsilon)) {
    const auto power = static_cast<double>(t) + 1;
    size = static_cast<Real>(learning_rate / (1 - std::pow(spec.beta1, power)));
    correction = static_cast<Real>(1 / std::sqrt(1 - std::pow(spec.beta2, power)));
  }
  Real beta1, beta2, mix1, mix2, epsilon;
  Real size = 0, correction = 0;
};

// Every element by itself, so that bits depend on no thread count.
template <typename Real>
void update(std::int64_t count, const Coefficients<Real>& c, Real keep, const Real* __restrict g,
            Real* __restrict w, Real* __restrict m, Real* __restrict v) {
#pragma omp parallel for simd schedule(static) if (count >= kElementsWorthThreads)
  for (std::int64_t i = 0; i < count; ++i) {
    m[i] = c.beta1 * m[i] + c.mix1 * g[i];
    v[i] = c.beta2 * v[i] + c.mix2 * g[i] * g[i];
    w[i] = keep * w[i] - c.size * m[i] / (std::sqrt(v[i]) * c.correction + c.epsilon);
  }
}

}  // namespace

template <typename Real>
void adamw_step(const ParameterTable& table, const OptimizerSpec& spec, double learning_rate,
                std::int64_t t, std::span<const Real> gradients, std::span<Real> weights,
                std::span<Real> state) {
  const Coefficients<Real> coefficients(spec, learning_rate, t);
  Real* first_moments = state.data();
  Real* second_moments = first_moments + state.size() / 2;
  for (const Parameter& parameter : table.parameters) {
    const Real keep =
        static_cast<Real>(parameter.decays ? 1 - learning_rate * spec.weight_decay : 1.0);
    update(parameter.size(), coefficients, keep, gradients.data() + parameter.offset,
           weights.data() + parameter.offset, first_moments, second_moments);
    first_moments += parameter.size();
    second_moments += parameter.size();
  }
}

template void adamw_step(const ParameterTable&, const OptimizerSpec&, double, std::int64_t,
                         std::span<const float>, std::span<float>, std::span<float>);
template void adamw_step(const ParameterTable&, const OptimizerSpec&, double, std::int64_t,
                         std::span<const double>, std::span<double>, std::span<double>);

}  // namespace isoloss
