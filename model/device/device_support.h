// Which models the device can train.
#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "model/spec/model_spec.h"
#include "model/spec/shard.h"

namespace isoloss {

// Throws InputError that names the first field for whose value there is no kernel.
void check_device_support(const ModelSpec& spec);

// InputError where so many ranks cannot share the model's tensors there.
void check_device_shards(const ModelSpec& spec, int tensor_ranks);

// The first tensor of the model, or of a shard of it, that the optimizers there cannot read, where
// matrices with both sides at least `factored_from` wide have moments by rows and columns; empty:
// none. InputError as parameter_table (model/spec/shard.h).
std::string tensor_without_update(const ModelSpec& spec, std::optional<std::int64_t> factored_from,
                                  const Shard& shard = {});

}  // namespace isoloss
