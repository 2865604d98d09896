// CUDA's devices, joined by NCCL, for training.
#pragma once
#include <memory>

#include "harness/training/training_devices.h"

namespace isoloss {

// Looks for none before it is asked.
std::unique_ptr<TrainingDevices> cuda_devices();

}  // namespace isoloss
