// The optimizer of a run: its flat state and one update of the flat weights, by the kind that the
// spec names.
#pragma once
#include <cstdint>
#include <span>

#include "harness/training/adafactor.h"
#include "model/parallel/communicator.h"
#include "model/spec/parameters.h"
#include "sweeps/run_spec.h"

namespace isoloss {

// The flat state, all zero before the first update, as a table of what each tensor has in it; a
// shard's state is a shard of the whole tensor's.
ParameterTable optimizer_state_table(const ParameterTable& table, const OptimizerSpec& spec);

// Its elements.
std::int64_t optimizer_state_size(const ParameterTable& table, const OptimizerSpec& spec);

// What updates work in, kept from one to the next (adafactor.h).
using OptimizerScratch = AdafactorScratch;

// Update number `t` (0 for the first) at the schedule's learning rate, which it returns; with
// `tensor_ranks` and `kept` as adafactor_step has them.
template <typename Real>
double optimizer_step(const ParameterTable& table, const OptimizerSpec& spec, std::int64_t t,
                      std::span<const Real> gradients, std::span<Real> weights,
                      std::span<Real> state, Communicator* tensor_ranks = nullptr,
                      OptimizerScratch* kept = nullptr);

}  // namespace isoloss
