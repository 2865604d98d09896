// The gradient of the relative bias inside a block of queries: sums by distance in shared memory,
// then by bucket. Words for the kernels that make the gradient of the query.
#pragma once
#include <cstdint>

#include "model/kernels/cuda/relative_bias.h"
#include "model/kernels/cuda/simt.h"

namespace isoloss {

// What a kernel needs to know; buckets 0: no bias.
struct BiasSums {
  const std::int32_t* bucket_of_distance = nullptr;
  int buckets = 0;
  int near = 0;              // DistanceBuckets::near
  float* partial = nullptr;  // [heads, batch * blocks, buckets]
};

inline BiasSums bias_sums(const DistanceBuckets* buckets, float* partial) {
  if (buckets == nullptr) return {};
  return {buckets->of_distance.data(), static_cast<int>(buckets->buckets),
          static_cast<int>(buckets->near), partial};
}

// Floats of scratch that a warp needs for add_diagonals.
template <int blocks, int columns>
inline constexpr int kDiagonalSums = (2 * blocks + columns - 1) * 64;

// Sums of gradients of logits, [blocks of 16 queries][blocks of 8 keys][4] as simt::multiply_add
// has them, along their diagonals, added to the warp's sums by distance; `nearest` is the distance
// of the first query from the first key. By a warp.
template <int blocks, int columns>
ISOLOSS_INLINE void add_diagonals(float* by_distance, float* scratch,
                                  const float (&d_logits)[blocks][columns][4], int nearest) {
  // Blocks of 8 x 8 whose rows and columns differ by the same lie on the same diagonals: their sum
  // goes to [difference][row][column].
  constexpr int kDifferences = 2 * blocks + columns - 1;
  const int lane = simt::lane();
  ISOLOSS_UNROLL
  for (int difference = 0; difference < kDifferences; ++difference) {
    simt::Pack<float, 2> sum{};
    ISOLOSS_UNROLL
    for (int n = 0; n < columns; ++n) {
      const int block = difference - (columns - 1) + n;
      if (block < 0 || block >= 2 * blocks) continue;
      sum.values[0] += d_logits[block / 2][n][block % 2 * 2];
      sum.values[1] += d_logits[block / 2][n][block % 2 * 2 + 1];
    }
    simt::store(scratch + difference * 64 + lane / 4 * 8 + 2 * (lane % 4), sum);
  }
  simt::sync_warp();
  // A diagonal crosses two blocks; lanes start at columns for which they read different banks.
  ISOLOSS_UNROLL
  for (int diagonal = lane - 8 * columns; diagonal < 16 * blocks; diagonal += simt::kWarp) {
    const int upper = (diagonal + 8 * columns) / 8 - 1, shift = lane % 8;
    float sum = 0;
    ISOLOSS_UNROLL
    for (int i = 0; i < 8; ++i) {
      const int column = (i + lane / 8 * 2 + shift / 4) % 8, row = column + shift;
      const int difference = upper + row / 8;
      if (difference >= 0 && difference < kDifferences)
        sum += scratch[difference * 64 + row % 8 * 8 + column];
    }
    if (nearest + diagonal >= 0) by_distance[nearest + diagonal] += sum;
  }
  simt::sync_warp();
}

template <int blocks, int columns>
ISOLOSS_INLINE float sum_all(const float (&x)[blocks][columns][4]) {
  float sum = 0;
  ISOLOSS_UNROLL
  for (int m = 0; m < blocks; ++m) {
    ISOLOSS_UNROLL
    for (int n = 0; n < columns; ++n) sum += (x[m][n][0] + x[m][n][1]) + (x[m][n][2] + x[m][n][3]);
  }
  return sum;
}

// Of the block (tile of `tiles`, head, sequence of `batch`): adds `copies` arrays of `slots` sums
// by distance (each in the block's shared memory, which is overwritten) and every thread's sum over
// distances that all lie in the last bucket, and writes the block's partial sums by bucket.
// `scratch` is as for block_sum.
template <int threads>
ISOLOSS_INLINE void write_bias_sums(const BiasSums& bias, std::int64_t block, float* by_distance,
                                    int copies, int slots, float far, float* scratch) {
  simt::sync_block();
  for (int d = static_cast<int>(threadIdx.x); d < slots; d += threads) {
    float sum = 0;
    for (int i = 0; i < copies; ++i) sum += by_distance[i * slots + d];
    if (d < bias.near)
      by_distance[d] = sum;
    else
      far += sum;
  }
  far = simt::block_sum<threads>(far, scratch);
  for (int b = static_cast<int>(threadIdx.x); b < bias.buckets; b += threads) {
    float sum = b == bias.buckets - 1 ? far : 0.0F;
    for (int d = 0; d < bias.near; ++d)
      if (bias.bucket_of_distance[d] == b) sum += by_distance[d];
    bias.partial[block * bias.buckets + b] = sum;
  }
}

}  // namespace isoloss
