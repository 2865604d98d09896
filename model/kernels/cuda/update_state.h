// What an optimizer's update reads and leaves in the device's memory: no value of a step passes
// through the host on its way.
#pragma once
#include <cstdint>

namespace isoloss::device {

// Written before the step: by the host, copied ahead.
struct UpdateInput {
  double learning_rate = 0;
  std::int64_t step = 0;  // 0 for the first update
  // Whether the host has not heard yet of the step before: where that one was not finite, this one
  // changes nothing either.
  std::int64_t behind = 0;
};

// Written by finish_gradient_norm(), read by the update and, later, by the host.
struct UpdateState {
  double gradient_norm = 0;  // before clipping
  float loss = 0;
  float clip_factor = 1;    // what gradients are multiplied with
  std::int32_t finite = 0;  // loss and norm are (UpdateInput::behind); else nothing is changed
};

}  // namespace isoloss::device
