// What a block of queries walks over: tiles of keys and values, and of the bias the distances that
// a tile has to the block, two of each in shared memory so that one is copied while the other is
// used.
#pragma once
#include "model/kernels/cuda/attention_rows.h"
#include "model/kernels/cuda/attention_tiles.h"

namespace isoloss::tiles {

template <int width, int queries, int tile, int threads, bool biased>
struct KeyTiles {
  Bf16 *keys, *values;  // [2, tile, width] each
  float* biases;        // [2, queries + tile]: distances from -tile

  // Starts the copies of the tile that begins with key `at`, for queries from `first` on, as this
  // thread's next group.
  ISOLOSS_INLINE void copy(const CausalShape& shape, const AttentionInputs<Bf16>& inputs,
                           int sequence, int head, int first, int at, int stage) const {
    constexpr int kDistances = queries + tile;
    const int kv_head = head / static_cast<int>(shape.heads / shape.kv_heads);
    const int rows = static_cast<int>(shape.length) - at, channels = static_cast<int>(shape.d_head);
    copy_rows<width, tile, threads>(keys + stage * tile * width,
                                    head_row(inputs.key, shape, sequence, kv_head, at),
                                    inputs.key.stride, rows, channels);
    copy_rows<width, tile, threads>(values + stage * tile * width,
                                    head_row(inputs.value, shape, sequence, kv_head, at),
                                    inputs.value.stride, rows, channels);
    if (biased && threadIdx.x < kDistances / 4)
      simt::copy_16(biases + stage * kDistances + 4 * threadIdx.x,
                    head_bias(inputs.bias_by_distance, shape, head) + first - at - tile +
                        4 * static_cast<int>(threadIdx.x));
    simt::commit_copies();
  }
};

}  // namespace isoloss::tiles
