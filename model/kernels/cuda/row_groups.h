// Kernels that reduce over each row: a row has as many whole warps as eight columns a thread need,
// and a block has several rows, a group of warps each.
#pragma once
#include <algorithm>
#include <cstdint>
#include <string>

#include "model/kernels/cuda/eight.h"
#include "model/kernels/cuda/launch_sizes.h"

namespace isoloss::device {

struct RowGroups {
  int warps = 0;   // of a row
  int groups = 0;  // rows of a block

  unsigned threads() const { return static_cast<unsigned>(warps * groups * simt::kWarp); }
};

// Blocks of at most `threads`, but always of a row. Throws InputError where a row has no such
// group.
inline RowGroups row_groups(std::int64_t width, int threads) {
  require_eights("a row", width);
  if (width > kWidestRow)
    throw InputError("a row of " + std::to_string(width) + " values (a block of the device holds " +
                     std::to_string(kWidestRow) + "); use a smaller d_model");
  const int warps = static_cast<int>(ceil_divide(width, 8 * simt::kWarp));
  return {warps, std::max(1, threads / (warps * simt::kWarp))};
}

// Over the group of `warps` warps that this thread belongs to, to all of them. All threads of the
// block call it. `scratch`: 32 values of shared memory.
ISOLOSS_INLINE float group_sum(float x, int warps, float* scratch) {
  x = simt::warp_sum(x);
  if (warps == 1) return x;
  if (simt::lane() == 0) scratch[simt::warp()] = x;
  simt::sync_block();
  const int first = simt::warp() / warps * warps;
  float total = 0;
  for (int i = 0; i < warps; ++i) total += scratch[first + i];
  simt::sync_block();
  return total;
}

}  // namespace isoloss::device
