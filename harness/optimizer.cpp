#include "harness/optimizer.h"

#include "harness/adafactor.h"
#include "harness/adamw.h"
#include "harness/learning_rate.h"

namespace isoloss {

std::int64_t optimizer_state_size(const ParameterTable& table, const OptimizerSpec& spec) {
  return spec.kind == OptimizerKind::Adafactor ? adafactor_state_size(table, spec)
                                               : adamw_state_size(table);
}

template <typename Real>
double optimizer_step(const ParameterTable& table, const OptimizerSpec& spec, std::int64_t t,
                      std::span<const Real> gradients, std::span<Real> weights,
                      std::span<Real> state) {
  const double learning_rate = learning_rate_at(spec, t);
  if (spec.kind == OptimizerKind::Adafactor) {
    adafactor_step<Real>(table, spec, learning_rate, t, gradients, weights, state);
  } else {
    adamw_step<Real>(table, spec, learning_rate, t, gradients, weights, state);
  }
  return learning_rate;
}

template double optimizer_step(const ParameterTable&, const OptimizerSpec&, std::int64_t,
                               std::span<const float>, std::span<float>, std::span<float>);
template double optimizer_step(const ParameterTable&, const OptimizerSpec&, std::int64_t,
                               std::span<const double>, std::span<double>, std::span<double>);

}  // namespace isoloss
