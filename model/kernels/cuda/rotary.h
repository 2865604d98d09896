// Rotary positions (Su et al. 2021, arXiv 2104.09864) in the half-split order of
// model/layers/positions.h: channel i of a head turns with channel i + d_head / 2 by
// position * base^(-2 i / d_head). T = float or Bf16.
#pragma once
#include <cstdint>
#include <vector>

#include "model/kernels/cuda/device.h"

namespace isoloss::device {

struct RotaryShape {
  std::int64_t batch = 0;
  std::int64_t length = 0;
  std::int64_t heads = 0;   // beside each other, from the first column on
  std::int64_t d_head = 0;  // a multiple of 8, else InputError
  std::int64_t stride = 0;  // columns from a row to the next, a multiple of 8
};

// Cosines [length, d_head / 2], then sines [length, d_head / 2], of every angle; made once, on the
// host, in double, as angles lose digits.
std::vector<float> rotary_table(std::int64_t length, std::int64_t d_head, double base);

enum class Turn { Forward, Back };  // Back: of gradients

// In place on x [batch * length, stride], with the table in the device's memory.
template <typename T>
void rotate(Stream& stream, const RotaryShape& shape, const float* table, Turn turn, T* x);

}  // namespace isoloss::device
