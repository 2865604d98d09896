// A training state as a row of tensors: the weights in the order of the parameter table, then the
// optimizer's state in the order of its own. Whoever saves or restores a state passes one tensor at
// a time, so that nobody holds the model twice.
#pragma once
#include <cstddef>
#include <functional>
#include <span>

#include "model/spec/parameters.h"

namespace isoloss {

// Of the whole model, whatever a rank has of it.
struct StateTables {
  ParameterTable weights, optimizer;
};

// Takes the next tensor's values, as raw bytes of the run's precision.
using TensorSink = std::function<void(std::span<const std::byte>)>;
// Fills in the next tensor's values.
using TensorSource = std::function<void(std::span<std::byte>)>;

}  // namespace isoloss
