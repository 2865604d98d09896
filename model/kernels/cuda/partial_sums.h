// The second half of every gradient that many blocks add up: each block leaves its own sums in
// memory, a part, and these are added in an order that the shape alone sets, so that bits repeat.
#pragma once
#include <cstdint>
#include <span>

#include "model/kernels/cuda/device.h"

namespace isoloss::device {

struct PartialSums {
  const float* values = nullptr;
  std::int64_t parts = 0;
  std::int64_t stride = 0;  // from a part to the next
};

// What is added to: to[row * channels + c] += the sum over parts and groups of
// values[part * stride + first + row * row_stride + group * channels + c].
struct SumTarget {
  float* to = nullptr;  // null: nothing is wanted here
  std::int64_t first = 0;
  std::int64_t channels = 0;
  std::int64_t rows = 1;
  std::int64_t row_stride = 0;
  std::int64_t groups = 1;  // heads that share what the sums are of
};

// At most four targets, in one launch.
void add_partial_sums(Stream& stream, const PartialSums& sums, std::span<const SumTarget> targets);

}  // namespace isoloss::device
