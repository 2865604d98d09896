// Kernels that sum over rows in every column: a block takes 256 columns (32 threads of eight each)
// and a run of rows, eight at a time; its sums over those rows go to memory as one part of what
// add_partial_sums() adds up.
#pragma once
#include <algorithm>
#include <cstdint>

#include "model/kernels/cuda/eight.h"
#include "model/kernels/cuda/launch_sizes.h"

namespace isoloss::device {

inline constexpr int kTileColumns = 256, kTileRows = 8;
inline constexpr int kTileThreads = kTileColumns / 8 * kTileRows;

struct ColumnTiles {
  std::int64_t tiles = 0;
  std::int64_t parts = 0;         // runs of rows
  std::int64_t rows_of_part = 0;  // a multiple of kTileRows
};

inline ColumnTiles column_tiles(std::int64_t rows, std::int64_t width) {
  const std::int64_t tiles = ceil_divide(width, kTileColumns);
  const std::int64_t most = std::max<std::int64_t>(1, kManyBlocks / tiles);
  const std::int64_t rows_of_part = ceil_divide(ceil_divide(rows, most), kTileRows) * kTileRows;
  return {tiles, ceil_divide(rows, rows_of_part), rows_of_part};
}

// Adds `mine` over the threads of the block that have the same columns and writes the tile's sums
// to to[first .. first + 256), those below `width`. All threads of the block call it. `shared`:
// kTileRows * kTileColumns floats.
ISOLOSS_INLINE void sum_tile(const Eight& mine, float* shared, float* to, std::int64_t first,
                             std::int64_t width) {
  const int column = static_cast<int>(threadIdx.x);
  store_eight(shared + column * 8, mine);
  simt::sync_block();
  float total = 0;
  ISOLOSS_UNROLL
  for (int row = 0; row < kTileRows; ++row) total += shared[row * kTileColumns + column];
  if (first + column < width) to[first + column] = total;
  simt::sync_block();
}
static_assert(kTileThreads == kTileColumns);

}  // namespace isoloss::device
