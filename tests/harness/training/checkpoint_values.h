// What a checkpoint holds, as numbers.
#pragma once
#include <cstdint>
#include <functional>
#include <numeric>
#include <span>
#include <vector>

#include "harness/training/checkpoint.h"

namespace isoloss {

// Every tensor of `expected`, one behind the other: weights, then the optimizer's state.
inline std::vector<float> checkpoint_values(const Checkpoint& checkpoint,
                                            const StateTables& expected) {
  const TensorSource next = checkpoint.tensors(expected.weights, &expected.optimizer);
  std::vector<float> all;
  for (const ParameterTable* table : {&expected.weights, &expected.optimizer})
    for (const Parameter& p : table->parameters) {
      std::vector<float> tensor(static_cast<std::size_t>(
          std::accumulate(p.shape.begin(), p.shape.end(), std::int64_t{1}, std::multiplies<>())));
      next(std::as_writable_bytes(std::span(tensor)));
      all.insert(all.end(), tensor.begin(), tensor.end());
    }
  return all;
}

}  // namespace isoloss
