// Adafactor (Shazeer & Stern 2018, arXiv 1804.04235) without momentum, as Mesh TensorFlow runs it
// for T5 and Primer: second moments in rows and columns where both dimensions of a matrix reach
// min_dim_factored, decay 1 - (t+1)^-0.8, update clipped by its RMS, step scaled by the tensor's
// RMS. Every statistic is per tensor of the parameter table.
#pragma once
#include <cstdint>
#include <span>
#include <type_traits>
#include <vector>

#include "model/parallel/communicator.h"
#include "model/spec/parameters.h"
#include "sweeps/run_spec.h"

namespace isoloss {

// Whether the tensor's second moments are kept as row and column means; a shard's are where the
// whole tensor's are.
bool is_factored(const Parameter& parameter, std::int64_t min_dim_factored);

// The flat state: per tensor its second moments, or rows then columns of a factored one, without
// padding.
ParameterTable adafactor_state_table(const ParameterTable& table, const OptimizerSpec& spec);

// What an update works in: grows to what its tensors need at the first step and is kept for the
// next ones, so that these allocate nothing.
struct AdafactorScratch {
  std::vector<double> sums, blocks, message;
  std::vector<float> factors32;
  std::vector<double> factors64;

  template <typename Real>
  std::vector<Real>& factors() {
    if constexpr (std::is_same_v<Real, float>) {
      return factors32;
    } else {
      return factors64;
    }
  }
};

// Update `t` (0 for the first): buffers are flat as the table lays them out, state starts as zeros.
// Where tensors are shards, `tensor_ranks` are the ranks that have the others: their statistics are
// added up in the order of ranks. The process's threads share a large tensor; sums run over blocks
// that the tensor's shape alone sets, so that bits depend on no thread count. `kept` is the memory
// to work in; null: of this step alone.
template <typename Real>
void adafactor_step(const ParameterTable& table, const OptimizerSpec& spec, double learning_rate,
                    std::int64_t t, std::span<const Real> gradients, std::span<Real> weights,
                    std::span<Real> state, Communicator* tensor_ranks = nullptr,
                    AdafactorScratch* kept = nullptr);

}  // namespace isoloss
