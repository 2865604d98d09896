// Words of the bfloat16 kernels of attention: tiles of rows of a head in shared memory, and their
// products on the matrix units (simt::multiply_add). A tile is `width` channels wide, 16, 32, 64 or
// 128; a narrower head leaves zeros. The channels of a row lie in chunks of eight (16 bytes) whose
// order depends on the row, so that the eight rows that load_blocks reads together lie in different
// banks. Sums of a product of a warp are [blocks of 16 rows][blocks of 8 columns][4], each block as
// multiply_add has it.
#pragma once
#include <cstdint>

#include "model/kernels/cuda/attention_rows.h"
#include "model/kernels/cuda/simt.h"

namespace isoloss::tiles {

using simt::Bf16;

// Which of the widths 16, 32, 64 and 128 holds a head.
inline int width_index(std::int64_t d_head) {
  return d_head <= 16 ? 0 : d_head <= 32 ? 1 : d_head <= 64 ? 2 : 3;
}

// Where a row's chunk lies.
template <int width>
ISOLOSS_INLINE int place(int row, int chunk) {
  constexpr unsigned kChunks = width / 8, kInLine = kChunks < 8 ? kChunks : 8;
  constexpr unsigned kRowsInLine = 8 / kInLine;  // of 128 bytes, all banks
  const auto of_row = static_cast<unsigned>(row), of_chunk = static_cast<unsigned>(chunk);
  return static_cast<int>(of_row * width + 8 * (of_chunk ^ (of_row / kRowsInLine % kInLine)));
}

// Starts copies of `rows` rows (at most `tile_rows`) of `channels` channels; the rest is zero. The
// caller closes the group of copies.
template <int width, int tile_rows, int threads>
ISOLOSS_INLINE void copy_rows(Bf16* tile, const Bf16* from, std::int64_t stride, int rows,
                              int channels) {
  constexpr int kChunks = width / 8, kPass = threads / kChunks;  // rows copied at a time
  // From pass to pass the order of the chunks must not change.
  static_assert(kPass % 8 == 0 && tile_rows % kPass == 0);
  const int row = static_cast<int>(threadIdx.x) / kChunks,
            chunk = static_cast<int>(threadIdx.x) % kChunks;
  Bf16* to = tile + place<width>(row, chunk);
  from += row * stride + 8 * chunk;
  rows = 8 * chunk < channels ? rows - row : 0;
  ISOLOSS_UNROLL
  for (int pass = 0; pass < tile_rows / kPass; ++pass) {
    if (pass * kPass < rows)
      simt::copy_16(to + pass * kPass * width, from);
    else
      simt::store(to + pass * kPass * width, simt::Pack<Bf16, 8>{});
    from += kPass * stride;
  }
}

// The left operand of rows of a tile: registers where `resident`, else read when needed.
template <int width, int blocks, bool resident>
class LeftRows {
 public:
  ISOLOSS_INLINE LeftRows(const Bf16* tile, int row) : tile_(tile), row_(row) {
    if constexpr (resident) {
      ISOLOSS_UNROLL
      for (int step = 0; step < width / 16; ++step) read(kept_[step], step);
    }
  }
  // Channels 16 step ... of the rows.
  ISOLOSS_INLINE void get(std::uint32_t (&a)[blocks][4], int step) const {
    if constexpr (resident) {
      ISOLOSS_UNROLL
      for (int m = 0; m < blocks; ++m) {
        ISOLOSS_UNROLL
        for (int i = 0; i < 4; ++i) a[m][i] = kept_[step][m][i];
      }
    } else {
      read(a, step);
    }
  }

 private:
  ISOLOSS_INLINE void read(std::uint32_t (&a)[blocks][4], int step) const {
    const int lane = simt::lane();
    ISOLOSS_UNROLL
    for (int m = 0; m < blocks; ++m)
      simt::load_blocks(a[m],
                        tile_ + place<width>(row_ + 16 * m + lane % 16, 2 * step + lane / 16));
  }

  const Bf16* tile_;
  int row_;
  std::uint32_t kept_[resident ? width / 16 : 1][blocks][4];
};

// sums = left times rows `row` ... row + 8 columns of `tile`, transposed.
template <int width, int blocks, int columns, bool resident>
ISOLOSS_INLINE void multiply_rows(float (&sums)[blocks][columns][4],
                                  const LeftRows<width, blocks, resident>& left, const Bf16* tile,
                                  int row) {
  const int lane = simt::lane();
  ISOLOSS_UNROLL
  for (int m = 0; m < blocks; ++m) {
    ISOLOSS_UNROLL
    for (int n = 0; n < columns; ++n) {
      ISOLOSS_UNROLL
      for (int i = 0; i < 4; ++i) sums[m][n][i] = 0;
    }
  }
  ISOLOSS_UNROLL
  for (int step = 0; step < width / 16; ++step) {
    std::uint32_t a[blocks][4];
    left.get(a, step);
    ISOLOSS_UNROLL
    for (int n = 0; n < columns; n += 2) {
      std::uint32_t b[4];
      simt::load_blocks(
          b, tile + place<width>(row + 8 * n + lane / 16 * 8 + lane % 8, 2 * step + lane / 8 % 2));
      ISOLOSS_UNROLL
      for (int m = 0; m < blocks; ++m) {
        simt::multiply_add(sums[m][n], a[m], {b[0], b[1]});
        simt::multiply_add(sums[m][n + 1], a[m], {b[2], b[3]});
      }
    }
  }
}

// sums += weights times rows `row` ... of `tile`; weights are sums of a product, rounded.
template <int width, int blocks, int steps>
ISOLOSS_INLINE void add_weighted(float (&sums)[blocks][width / 8][4],
                                 const std::uint32_t (&weights)[blocks][steps][4], const Bf16* tile,
                                 int row) {
  const int lane = simt::lane();
  ISOLOSS_UNROLL
  for (int step = 0; step < steps; ++step) {
    ISOLOSS_UNROLL
    for (int n = 0; n < width / 8; n += 2) {
      std::uint32_t b[4];
      simt::load_blocks_transposed(b,
                                   tile + place<width>(row + 16 * step + lane % 16, n + lane / 16));
      ISOLOSS_UNROLL
      for (int m = 0; m < blocks; ++m) {
        simt::multiply_add(sums[m][n], weights[m][step], {b[0], b[1]});
        simt::multiply_add(sums[m][n + 1], weights[m][step], {b[2], b[3]});
      }
    }
  }
}

// Sums of a product as the left operand of the next.
template <int blocks, int columns>
ISOLOSS_INLINE void round_weights(std::uint32_t (&to)[blocks][columns / 2][4],
                                  const float (&sums)[blocks][columns][4]) {
  ISOLOSS_UNROLL
  for (int m = 0; m < blocks; ++m) {
    ISOLOSS_UNROLL
    for (int n = 0; n < columns; ++n) {
      to[m][n / 2][n % 2 * 2] = simt::packed(sums[m][n][0], sums[m][n][1]);
      to[m][n / 2][n % 2 * 2 + 1] = simt::packed(sums[m][n][2], sums[m][n][3]);
    }
  }
}

// Rounds the warp's sums and writes those of its rows that are among the tile's first `rows`, by
// way of its own rows of `tile`, whose contents are lost.
template <int width, int blocks>
ISOLOSS_INLINE void store_rows(Bf16* to, std::int64_t stride, int rows, int channels, Bf16* tile,
                               int row, const float (&sums)[blocks][width / 8][4]) {
  constexpr int kChunks = width / 8;
  const int lane = simt::lane();
  ISOLOSS_UNROLL
  for (int m = 0; m < blocks; ++m) {
    ISOLOSS_UNROLL
    for (int n = 0; n < kChunks; ++n) {
      ISOLOSS_UNROLL
      for (int half = 0; half < 2; ++half)
        *reinterpret_cast<std::uint32_t*>(
            tile + place<width>(row + 16 * m + 8 * half + lane / 4, n) + 2 * (lane % 4)) =
            simt::packed(sums[m][n][2 * half], sums[m][n][2 * half + 1]);
    }
  }
  simt::sync_warp();
  ISOLOSS_UNROLL
  for (int i = 0; i < 16 * blocks * kChunks / simt::kWarp; ++i) {
    const int at = i * simt::kWarp + lane, mine = row + at / kChunks, chunk = at % kChunks;
    if (mine < rows && 8 * chunk < channels)
      simt::store(to + mine * stride + 8 * chunk,
                  simt::load<Bf16, 8>(tile + place<width>(mine, chunk)));
  }
}

}  // namespace isoloss::tiles
