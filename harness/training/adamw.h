// AdamW (Loshchilov & Hutter 2019, arXiv 1711.05101, algorithm 2): Adam with bias correction and
// decoupled weight decay, scaled by the learning rate, on the tensors whose table entry `decays`.
#pragma once
#include <cstdint>
#include <span>

#include "model/spec/parameters.h"
#include "sweeps/run_spec.h"

namespace isoloss {

// Elements of the flat state: first moments of every tensor, then second moments.
std::int64_t adamw_state_size(const ParameterTable& table);

// Update `t` (0 for the first): buffers are flat as the table lays them out, state starts as zeros.
template <typename Real>
void adamw_step(const ParameterTable& table, const OptimizerSpec& spec, double learning_rate,
                std::int64_t t, std::span<const Real> gradients, std::span<Real> weights,
                std::span<Real> state);

}  // namespace isoloss
