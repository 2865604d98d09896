// Token shift: the first half of the channels (rounded down) comes from the step before, zeros at
// the first step (model/layers/sublayers.h, token_shifted). T = float or Bf16.
#pragma once
#include <cstdint>

#include "model/kernels/cuda/device.h"

namespace isoloss::device {

struct StepRows {
  std::int64_t batch = 0;
  std::int64_t length = 0;
  std::int64_t width = 0;  // a multiple of 8, else InputError
};

// x and y [batch * length, width], different memory.
template <typename T>
void shift_tokens(Stream& stream, const StepRows& rows, const T* x, T* y);

// The gradient of x from that of y, different memory.
template <typename T>
void shift_tokens_backward(Stream& stream, const StepRows& rows, const T* dy, T* dx);

}  // namespace isoloss::device
