// The optimizer of a run: its flat state and one update of the flat weights, by the kind that the
// spec names.
#pragma once
#include <cstdint>
#include <span>

#include "model/spec/parameters.h"
#include "sweeps/run_spec.h"

namespace isoloss {

// Elements of the flat state, all zero before the first update.
std::int64_t optimizer_state_size(const ParameterTable& table, const OptimizerSpec& spec);

// Update number `t` (0 for the first) at the schedule's learning rate, which it returns.
template <typename Real>
double optimizer_step(const ParameterTable& table, const OptimizerSpec& spec, std::int64_t t,
                      std::span<const Real> gradients, std::span<Real> weights,
                      std::span<Real> state);

}  // namespace isoloss
