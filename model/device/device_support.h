// Which models the device can train.
#pragma once
#include <cstdint>

#include "model/spec/model_spec.h"

namespace isoloss {

// Throws InputError that names the first field for whose value there is no kernel.
void check_device_support(const ModelSpec& spec);

}  // namespace isoloss
