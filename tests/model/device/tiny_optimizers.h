// Optimizers for tests of what holds whatever their settings are.
#pragma once
#include "model/device/device_training.h"

namespace isoloss {

inline constexpr device::AdamWSettings kTinyAdamW{0.9, 0.95, 1e-8, 0};
// With an epsilon of one an update is a smooth function of gradients: rounding stays rounding.
inline constexpr device::AdamWSettings kSmoothAdamW{0.9, 0.95, 1, 0.1};
// Matrices of tiny models with both sides of 16 and more are factored.
inline constexpr DeviceAdafactor kTinyAdafactor{{0.8, 1.0, 1e-30, 1e-3}, 16};

}  // namespace isoloss
