#include <cmath>

#include "model/kernels/cuda/attention_launch.h"
#include "model/kernels/cuda/attention_plain.h"

namespace isoloss {
namespace {

using namespace plain_tiles;

// With tanh of the weights a first pass finds what they are divided by.
template <typename T, int groups>
__global__ void plain_forward(CausalShape shape, AttentionInputs<T> inputs, HeadColumns<T> out,
                              float* kept) {
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
  const float scale = shape.scale * simt::kLog2E;

  load<groups>(query, head_row(inputs.query, shape, sequence, head, first), inputs.query.stride,
               length - first, width);
  float largest[kOwn], total[kOwn], log_sum[kOwn], sums[kOwn][groups];
  ISOLOSS_UNROLL
  for (int r = 0; r < kOwn; ++r) {
    largest[r] = -INFINITY;
    total[r] = log_sum[r] = 0;
    ISOLOSS_UNROLL
    for (int g = 0; g < groups; ++g) sums[r][g] = 0;
  }
  for (int pass = shape.tanh ? 0 : 1; pass < 2; ++pass) {
    const bool known = shape.tanh && pass == 1;
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
        float weight = 0;
        if (known) {
          weight = tanhf(simt::fast_exp2(x - log_sum[r]));
        } else {
          const float top = fmaxf(largest[r], simt::warp_max(x));
          const float keep = simt::fast_exp2(largest[r] - top);
          weight = simt::fast_exp2(x - top);
          total[r] = keep * total[r] + simt::warp_sum(weight);
          largest[r] = top;
          ISOLOSS_UNROLL
          for (int g = 0; g < groups; ++g) sums[r][g] *= keep;
        }
        weights[(own + r) * kWeightsPitch + simt::lane()] = weight;
      }
      simt::sync_warp();
      if (pass == 1) add_weighted<groups>(sums, weights, value);
    }
    ISOLOSS_UNROLL
    for (int r = 0; r < kOwn; ++r) log_sum[r] = largest[r] + log2f(total[r]);
  }
  ISOLOSS_UNROLL
  for (int r = 0; r < kOwn; ++r) {
    ISOLOSS_UNROLL
    for (int g = 0; g < groups; ++g)
      if (!shape.tanh) sums[r][g] /= total[r];
    const int step = first + own + r;
    if (kept != nullptr && simt::lane() == 0 && step < length)
      kept[kept_row(shape, sequence, head, step)] = log_sum[r];
  }
  store<groups>(head_row(out, shape, sequence, head, first), out.stride, length - first, width,
                sums, 1.0F);
}

template <typename T, int groups>
void launch_groups(Stream& stream, const CausalShape& shape, const AttentionInputs<T>& inputs,
                   HeadColumns<T> out, float* kept) {
  launch(stream,
         {.grid_x = static_cast<unsigned>((shape.length + kTile - 1) / kTile),
          .grid_y = static_cast<unsigned>(shape.heads),
          .grid_z = static_cast<unsigned>(shape.batch),
          .threads = kThreads,
          .shared_bytes = sizeof(float) * (3 * kTileSize<groups> + kWeights)},
         plain_forward<T, groups>, shape, inputs, out, kept);
}

}  // namespace

template <typename T>
void plain_forward_kernel(Stream& stream, const CausalShape& shape,
                          const AttentionInputs<T>& inputs, HeadColumns<T> out, float* kept) {
  auto* run = shape.d_head <= 32   ? launch_groups<T, 1>
              : shape.d_head <= 64 ? launch_groups<T, 2>
                                   : launch_groups<T, 4>;
  run(stream, shape, inputs, out, kept);
}

template void plain_forward_kernel(Stream&, const CausalShape&, const AttentionInputs<float>&,
                                   HeadColumns<float>, float*);
template void plain_forward_kernel(Stream&, const CausalShape&, const AttentionInputs<Bf16>&,
                                   HeadColumns<Bf16>, float*);

}  // namespace isoloss
