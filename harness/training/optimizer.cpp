#include "harness/training/optimizer.h"

#include <utility>

#include "harness/training/adafactor.h"
#include "harness/training/adamw.h"
#include "harness/training/learning_rate.h"

namespace isoloss {

namespace {

// First moments of every tensor, then second moments (adamw.h).
ParameterTable adamw_state_table(const ParameterTable& table) {
  ParameterTable state;
  for (const char* which : {".first_moments", ".second_moments"}) {
    for (Parameter moments : table.parameters) {
      moments.name += which;
      moments.offset = state.buffer_size;
      state.buffer_size += moments.size();
      state.parameters.push_back(std::move(moments));
    }
  }
  return state;
}

}  // namespace

ParameterTable optimizer_state_table(const ParameterTable& table, const OptimizerSpec& spec) {
  return spec.kind == OptimizerKind::Adafactor ? adafactor_state_table(table, spec)
                                               : adamw_state_table(table);
}

std::int64_t optimizer_state_size(const ParameterTable& table, const OptimizerSpec& spec) {
  return optimizer_state_table(table, spec).buffer_size;
}

template <typename Real>
double optimizer_step(const ParameterTable& table, const OptimizerSpec& spec, std::int64_t t,
                      std::span<const Real> gradients, std::span<Real> weights,
                      std::span<Real> state, Communicator* tensor_ranks, OptimizerScratch* kept) {
  const double learning_rate = learning_rate_at(spec, t);
  if (spec.kind == OptimizerKind::Adafactor) {
    adafactor_step<Real>(table, spec, learning_rate, t, gradients, weights, state, tensor_ranks,
                         kept);
  } else {
    adamw_step<Real>(table, spec, learning_rate, t, gradients, weights, state);
  }
  return learning_rate;
}

template double optimizer_step(const ParameterTable&, const OptimizerSpec&, std::int64_t,
                               std::span<const float>, std::span<float>, std::span<float>,
                               Communicator*, OptimizerScratch*);
template double optimizer_step(const ParameterTable&, const OptimizerSpec&, std::int64_t,
                               std::span<const double>, std::span<double>, std::span<double>,
                               Communicator*, OptimizerScratch*);

}  // namespace isoloss
