// A training state as a row of tensors: the weights in the order of the parameter table, then the
// optimizer's state in the order of its own. Each rank saves the part that it has; whoever restores
// a state passes one whole tensor at a time, so that nobody holds the model twice.
#pragma once
#include <cstddef>
#include <functional>
#include <span>
#include <vector>

#include "model/spec/parameters.h"

namespace isoloss {

// Of the whole model, whatever a rank has of it.
struct StateTables {
  ParameterTable weights, optimizer;
};

// What one rank saves of a state: of every tensor, each value is in one rank's part. A rank alone
// has the whole model's tables.
struct StatePart {
  StateTables tables;                               // shards among them (model/spec/shard.h)
  std::vector<std::span<const std::byte>> tensors;  // the values, until the next update
};

// Fills in the next tensor's values.
using TensorSource = std::function<void(std::span<std::byte>)>;

}  // namespace isoloss
