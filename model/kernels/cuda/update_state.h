// What an optimizer's update reads and leaves in the device's memory: no value of a step passes
// through the host on its way.
#pragma once
#include <cstdint>

namespace isoloss::device {

// Written before the step: by the host, copied ahead.
struct UpdateInput {
  double learning_rate = 0;
  std::int64_t step = 0;  // 0 for the first update
};

// Written by finish_gradient_norm(), read by the update and, later, by the host.
struct UpdateState {
  double gradient_norm = 0;  // before clipping
  float loss = 0;
  float clip_factor = 1;    // what gradients are multiplied with
  std::int32_t finite = 0;  // loss and norm are; else the update changes nothing
};

}  // namespace isoloss::device
