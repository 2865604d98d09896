#include <cmath>

#include "model/kernels/cuda/attention_float.h"
#include "model/kernels/cuda/attention_launch.h"

namespace isoloss {
namespace {

using namespace float_tiles;

template <int groups>
__global__ void float_forward(CausalShape shape, AttentionInputs<float> inputs,
                              HeadColumns<float> out, float* kept) {
  auto* query = reinterpret_cast<float*>(simt::dynamic_shared());
  float* key = query + kTileSize<groups>;
  float* value = key + kTileSize<groups>;
  float* weights = value + kTileSize<groups>;
  const int length = static_cast<int>(shape.length), width = static_cast<int>(shape.d_head);
  const int head = static_cast<int>(blockIdx.y), sequence = static_cast<int>(blockIdx.z);
  const int kv_head = head / static_cast<int>(shape.heads / shape.kv_heads);
  // The last queries have the most keys and go first.
  const int first = static_cast<int>(gridDim.x - 1 - blockIdx.x) * kTile;
  const int own = simt::warp() * kOwn;
  const bool biased = inputs.bias_by_distance != nullptr;
  const float* bias = biased ? head_bias(inputs.bias_by_distance, shape, head) : nullptr;
  const float scale = shape.scale * kLog2E;

  load<groups>(query, head_row(inputs.query, shape, sequence, head, first), inputs.query.stride,
               length - first, width);
  float largest[kOwn], total[kOwn], sums[kOwn][groups];
  ISOLOSS_UNROLL
  for (int r = 0; r < kOwn; ++r) {
    largest[r] = -INFINITY;
    total[r] = 0;
    ISOLOSS_UNROLL
    for (int g = 0; g < groups; ++g) sums[r][g] = 0;
  }
  for (int at = 0; at <= first; at += kTile) {
    simt::sync_block();
    load<groups>(key, head_row(inputs.key, shape, sequence, kv_head, at), inputs.key.stride,
                 length - at, width);
    load<groups>(value, head_row(inputs.value, shape, sequence, kv_head, at), inputs.value.stride,
                 length - at, width);
    simt::sync_block();
    float logits[kOwn];
    multiply_rows<groups>(logits, query, key, width);
    ISOLOSS_UNROLL
    for (int r = 0; r < kOwn; ++r) {
      const int distance = first + own + r - at - simt::lane();
      float x = scale * logits[r];
      if (biased) x += bias[distance];
      if (distance < 0) x = -INFINITY;
      const float top = fmaxf(largest[r], simt::warp_max(x));
      const float keep = simt::fast_exp2(largest[r] - top), weight = simt::fast_exp2(x - top);
      total[r] = keep * total[r] + simt::warp_sum(weight);
      largest[r] = top;
      weights[(own + r) * kWeightsPitch + simt::lane()] = weight;
      ISOLOSS_UNROLL
      for (int g = 0; g < groups; ++g) sums[r][g] *= keep;
    }
    simt::sync_warp();
    add_weighted<groups>(sums, weights, value);
  }
  ISOLOSS_UNROLL
  for (int r = 0; r < kOwn; ++r) {
    ISOLOSS_UNROLL
    for (int g = 0; g < groups; ++g) sums[r][g] /= total[r];
    const int step = first + own + r;
    if (kept != nullptr && simt::lane() == 0 && step < length)
      kept[kept_row(shape, sequence, head, step)] = largest[r] + log2f(total[r]);
  }
  store<groups>(head_row(out, shape, sequence, head, first), out.stride, length - first, width,
                sums, 1.0F);
}

template <int groups>
void launch_groups(Stream& stream, const CausalShape& shape, const AttentionInputs<float>& inputs,
                   HeadColumns<float> out, float* kept) {
  launch(stream,
         {.grid_x = static_cast<unsigned>((shape.length + kTile - 1) / kTile),
          .grid_y = static_cast<unsigned>(shape.heads),
          .grid_z = static_cast<unsigned>(shape.batch),
          .threads = kThreads,
          .shared_bytes = sizeof(float) * (3 * kTileSize<groups> + kWeights)},
         float_forward<groups>, shape, inputs, out, kept);
}

}  // namespace

void forward_kernel(Stream& stream, const CausalShape& shape, const AttentionInputs<float>& inputs,
                    HeadColumns<float> out, float* kept) {
  if (shape.d_head <= 32) return launch_groups<1>(stream, shape, inputs, out, kept);
  if (shape.d_head <= 64) return launch_groups<2>(stream, shape, inputs, out, kept);
  launch_groups<4>(stream, shape, inputs, out, kept);
}

}  // namespace isoloss
