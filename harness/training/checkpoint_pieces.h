// Whole tensors put together from the files of the ranks that saved a state together.
#pragma once
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "harness/training/state_tensors.h"
#include "results/checkpoint_file.h"

namespace isoloss {

// The tensors of `weights`, then of `optimizer` (null: none), one after the other; the files must
// outlive the source. Where a tensor is missing, has another shape than the table's, is not in it
// or lacks some of its values, `refuse` is told so and throws.
TensorSource tensors_of_parts(std::span<const std::unique_ptr<CheckpointFile>> files,
                              const ParameterTable& weights, const ParameterTable* optimizer,
                              const std::function<void(const std::string&)>& refuse);

}  // namespace isoloss
