// Words of the plain kernels of attention: tiles of 32 rows of a head in shared memory, in float32
// whatever is stored, worked on by four warps of which each owns eight rows and each lane, in
// turns, a row of the other matrix or every 32nd channel. Without matrix units: what float32 runs
// use, what takes tanh of the weights, and what the fast kernels are held against on a device.
#pragma once
#include <cstdint>

#include "model/kernels/cuda/attention_rows.h"
#include "model/kernels/cuda/simt.h"

namespace isoloss::plain_tiles {

inline constexpr int kTile = 32;  // rows
inline constexpr int kThreads = 128;
inline constexpr int kOwn = 8;  // rows of a warp
inline constexpr int kWeightsPitch = kTile + 1;
inline constexpr int kWeights = kTile * kWeightsPitch;

// Floats a row of a tile of 32 * groups channels: odd, so that rows lie in different banks.
template <int groups>
inline constexpr int kPitch = 32 * groups + 1;
template <int groups>
inline constexpr int kTileSize = kTile* kPitch<groups>;

// `rows` rows of `width` channels; the rest of the tile is zero.
template <int groups, typename T>
ISOLOSS_INLINE void load(float* tile, const T* from, std::int64_t stride, int rows, int width) {
  for (int i = static_cast<int>(threadIdx.x); i < kTile * 32 * groups; i += kThreads) {
    const int row = i / (32 * groups), channel = i % (32 * groups);
    tile[row * kPitch<groups> + channel] =
        row < rows && channel < width ? simt::to_float(from[row * stride + channel]) : 0.0F;
  }
}

// dots[r] = the warp's row r of `own` times the lane's row of `other`.
template <int groups>
ISOLOSS_INLINE void multiply_rows(float (&dots)[kOwn], const float* own, const float* other,
                                  int width) {
  const float* rows = own + simt::warp() * kOwn * kPitch<groups>;
  const float* row = other + simt::lane() * kPitch<groups>;
  ISOLOSS_UNROLL
  for (int r = 0; r < kOwn; ++r) dots[r] = 0;
  for (int c = 0; c < width; ++c) {
    const float x = row[c];
    ISOLOSS_UNROLL
    for (int r = 0; r < kOwn; ++r) dots[r] += rows[r * kPitch<groups> + c] * x;
  }
}

// sums[r][g] += over the tile's rows i: weights[the warp's row r][i] tile[i][lane + 32 g].
template <int groups>
ISOLOSS_INLINE void add_weighted(float (&sums)[kOwn][groups], const float* weights,
                                 const float* tile) {
  const float* rows = weights + simt::warp() * kOwn * kWeightsPitch;
  for (int i = 0; i < kTile; ++i) {
    ISOLOSS_UNROLL
    for (int g = 0; g < groups; ++g) {
      const float x = tile[i * kPitch<groups> + simt::lane() + 32 * g];
      ISOLOSS_UNROLL
      for (int r = 0; r < kOwn; ++r) sums[r][g] += rows[r * kWeightsPitch + i] * x;
    }
  }
}

// Writes the warp's rows, `factor` times, as far as there are `rows` in the tile.
template <int groups, typename T>
ISOLOSS_INLINE void store(T* to, std::int64_t stride, int rows, int width,
                          const float (&sums)[kOwn][groups], float factor) {
  ISOLOSS_UNROLL
  for (int r = 0; r < kOwn; ++r) {
    const int row = simt::warp() * kOwn + r;
    ISOLOSS_UNROLL
    for (int g = 0; g < groups; ++g) {
      const int channel = simt::lane() + 32 * g;
      if (row < rows && channel < width)
        to[row * stride + channel] = simt::rounded<T>(factor * sums[r][g]);
    }
  }
}

}  // namespace isoloss::plain_tiles
