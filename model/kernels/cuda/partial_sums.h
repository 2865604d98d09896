// The second half of every gradient that many blocks add up: each block leaves its own sums in
// memory, and these are added in an order that the shape alone sets, so that bits repeat.
#pragma once
#include <cstdint>

#include "model/kernels/cuda/device.h"

namespace isoloss::device {

// Rows of `width` values whose first lies `stride` values after the one before.
struct PartialSums {
  const float* values = nullptr;
  std::int64_t parts = 0;
  std::int64_t stride = 0;
};

// to[c] += the sum over all parts and groups of values[part * stride + group * width + c], for c
// below `width`. Groups: 1, or heads that share what the sums are of.
void add_partial_sums(Stream& stream, const PartialSums& sums, std::int64_t width, float* to,
                      std::int64_t groups = 1);

}  // namespace isoloss::device
