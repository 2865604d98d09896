// How the kernels over rows are cut into blocks, and what they refuse.
#pragma once
#include <algorithm>
#include <cstdint>
#include <string>

#include "model/spec/error.h"

namespace isoloss::device {

// Blocks that keep every multiprocessor of today's largest GPUs busy several times over. A
// constant, so that the order of sums, and with it the bits, do not depend on the device.
inline constexpr std::int64_t kManyBlocks = 1056;

// Values of a row that a block reduces over: eight a thread.
inline constexpr std::int64_t kWidestRow = 6144;

inline std::int64_t ceil_divide(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }
inline unsigned blocks(std::int64_t work, std::int64_t of_a_block) {
  return static_cast<unsigned>(ceil_divide(work, of_a_block));
}

// Throws InputError where `columns`, `what` in words, cannot be read 16 bytes at a time.
inline void require_eights(const char* what, std::int64_t columns) {
  if (columns > 0 && columns % 8 == 0) return;
  throw InputError(std::string(what) + " of " + std::to_string(columns) +
                   " values (the device's kernels read eight at a time); use a multiple of 8");
}

// Whether the optimizers can read a tensor, four values at a time: where it begins and, where its
// moments are by rows and columns, each of its rows.
inline bool reads_by_fours(std::int64_t offset, bool factored, std::int64_t columns) {
  return offset % 4 == 0 && (!factored || columns % 4 == 0);
}

}  // namespace isoloss::device
