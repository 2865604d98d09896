// A run in the words of model/device. Every setting of a device's optimizer is the run's: the
// device has no defaults of its own.
#pragma once
#include <cstdint>

#include "model/device/device_model.h"
#include "model/device/device_training.h"
#include "sweeps/run_spec.h"

namespace isoloss {

// Of one of the ranks that share the run's batch.
DeviceModelOptions device_model_options(const RunSpec& spec, std::int64_t data_ranks);

// Of one rank alone: nothing is exchanged.
DeviceTrainingOptions device_training_options(const RunSpec& spec);

}  // namespace isoloss
