// Which models the device can train.
#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "model/spec/model_spec.h"

namespace isoloss {

// Throws InputError that names the first field for whose value there is no kernel.
void check_device_support(const ModelSpec& spec);

// The first tensor of the model that the optimizers there cannot read, where matrices with both
// sides at least `factored_from` wide have moments by rows and columns; empty: none.
std::string tensor_without_update(const ModelSpec& spec, std::optional<std::int64_t> factored_from);

}  // namespace isoloss
