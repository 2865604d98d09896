#include <cmath>

#include "model/kernels/cuda/attention_bias_sums.h"
#include "model/kernels/cuda/attention_float.h"
#include "model/kernels/cuda/attention_launch.h"

namespace isoloss {
namespace {

using namespace float_tiles;

// Of the warp's rows, sum(out d_out): what the softmax takes off every gradient of a weight.
template <int groups>
ISOLOSS_INLINE void dot_rows(float (&dots)[kOwn], const float* d_out_tile, const float* out,
                             std::int64_t stride, int rows, int width) {
  ISOLOSS_UNROLL
  for (int r = 0; r < kOwn; ++r) {
    const int row = simt::warp() * kOwn + r;
    float sum = 0;
    for (int c = simt::lane(); c < width; c += simt::kWarp)
      if (row < rows) sum += d_out_tile[row * kPitch<groups> + c] * out[row * stride + c];
    dots[r] = simt::warp_sum(sum);
  }
}

// Sums of a tile's gradients of logits along its diagonals, added to the block's sums by distance:
// `nearest` is the distance of the tile's first query and key.
ISOLOSS_INLINE void add_diagonals(float* by_distance, const float* d_logits, int nearest) {
  const int diagonal = static_cast<int>(threadIdx.x) - (kTile - 1);
  if (diagonal >= kTile || nearest + diagonal < 0) return;
  const int from = diagonal < 0 ? -diagonal : 0, to = diagonal > 0 ? kTile - diagonal : kTile;
  float sum = 0;
  for (int key = from; key < to; ++key) sum += d_logits[(key + diagonal) * kWeightsPitch + key];
  by_distance[nearest + diagonal] += sum;
}

template <int groups>
__global__ void float_query_gradient(CausalShape shape, AttentionInputs<float> inputs,
                                     HeadColumns<const float> out, HeadColumns<const float> d_out,
                                     const float* kept, float* row_dots, BiasSums bias_sums,
                                     HeadColumns<float> d_query) {
  __shared__ float scratch[32];
  auto* query = reinterpret_cast<float*>(simt::dynamic_shared());
  float* gradient = query + kTileSize<groups>;
  float* key = gradient + kTileSize<groups>;
  float* value = key + kTileSize<groups>;
  float* d_logits = value + kTileSize<groups>;
  float* by_distance = d_logits + kWeights;
  const int length = static_cast<int>(shape.length), width = static_cast<int>(shape.d_head);
  const int head = static_cast<int>(blockIdx.y), sequence = static_cast<int>(blockIdx.z);
  const int kv_head = head / static_cast<int>(shape.heads / shape.kv_heads);
  const int tile = static_cast<int>(gridDim.x - 1 - blockIdx.x), first = tile * kTile;
  const int own = simt::warp() * kOwn;
  const bool biased = bias_sums.buckets != 0;
  const float* bias = biased ? head_bias(inputs.bias_by_distance, shape, head) : nullptr;
  const float scale = shape.scale * kLog2E;

  load<groups>(query, head_row(inputs.query, shape, sequence, head, first), inputs.query.stride,
               length - first, width);
  load<groups>(gradient, head_row(d_out, shape, sequence, head, first), d_out.stride,
               length - first, width);
  const int slots = bias_sums.near + 2 * kTile;
  if (biased)
    for (int d = static_cast<int>(threadIdx.x); d < slots; d += kThreads) by_distance[d] = 0;
  simt::sync_block();
  float dots[kOwn], log_sum[kOwn], sums[kOwn][groups], far = 0;
  dot_rows<groups>(dots, gradient, head_row(out, shape, sequence, head, first), out.stride,
                   length - first, width);
  ISOLOSS_UNROLL
  for (int r = 0; r < kOwn; ++r) {
    const int step = first + own + r;
    log_sum[r] = step < length ? kept[kept_row(shape, sequence, head, step)] : INFINITY;
    if (simt::lane() == 0 && step < length)
      row_dots[kept_row(shape, sequence, head, step)] = dots[r];
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
    float logits[kOwn], d_weights[kOwn];
    multiply_rows<groups>(logits, query, key, width);
    multiply_rows<groups>(d_weights, gradient, value, width);
    const bool near = first - at - (kTile - 1) < bias_sums.near;
    ISOLOSS_UNROLL
    for (int r = 0; r < kOwn; ++r) {
      const int distance = first + own + r - at - simt::lane();
      const float x = scale * logits[r] + (biased ? bias[distance] : 0.0F);
      const float weight = distance < 0 ? 0.0F : simt::fast_exp2(x - log_sum[r]);
      const float d_logit = weight * (d_weights[r] - dots[r]);
      d_logits[(own + r) * kWeightsPitch + simt::lane()] = d_logit;
      if (biased && !near) far += d_logit;
    }
    simt::sync_warp();
    add_weighted<groups>(sums, d_logits, key);
    if (biased && near) {
      simt::sync_block();
      add_diagonals(by_distance, d_logits, first - at);
    }
  }
  store<groups>(head_row(d_query, shape, sequence, head, first), d_query.stride, length - first,
                width, sums, shape.scale);
  if (biased)
    write_bias_sums<kThreads>(
        bias_sums, (static_cast<std::int64_t>(head) * gridDim.z + sequence) * gridDim.x + tile,
        by_distance, 1, slots, far, scratch);
}

template <int groups>
__global__ void float_key_gradient(CausalShape shape, AttentionInputs<float> inputs,
                                   HeadColumns<const float> d_out, const float* kept,
                                   const float* row_dots, HeadColumns<float> d_key,
                                   HeadColumns<float> d_value) {
  auto* key = reinterpret_cast<float*>(simt::dynamic_shared());
  float* value = key + kTileSize<groups>;
  float* query = value + kTileSize<groups>;
  float* gradient = query + kTileSize<groups>;
  float* weights = gradient + kTileSize<groups>;
  float* d_logits = weights + kWeights;
  const int length = static_cast<int>(shape.length), width = static_cast<int>(shape.d_head);
  const int kv_head = static_cast<int>(blockIdx.y), sequence = static_cast<int>(blockIdx.z);
  const int shared_by = static_cast<int>(shape.heads / shape.kv_heads);
  const int first = static_cast<int>(blockIdx.x) * kTile, own = simt::warp() * kOwn;
  const float scale = shape.scale * kLog2E;

  load<groups>(key, head_row(inputs.key, shape, sequence, kv_head, first), inputs.key.stride,
               length - first, width);
  load<groups>(value, head_row(inputs.value, shape, sequence, kv_head, first), inputs.value.stride,
               length - first, width);
  float key_sums[kOwn][groups], value_sums[kOwn][groups];
  ISOLOSS_UNROLL
  for (int r = 0; r < kOwn; ++r) ISOLOSS_UNROLL
  for (int g = 0; g < groups; ++g) key_sums[r][g] = value_sums[r][g] = 0;
  for (int head = kv_head * shared_by; head < (kv_head + 1) * shared_by; ++head) {
    const bool biased = inputs.bias_by_distance != nullptr;
    const float* bias = biased ? head_bias(inputs.bias_by_distance, shape, head) : nullptr;
    for (int at = first; at < length; at += kTile) {
      simt::sync_block();
      load<groups>(query, head_row(inputs.query, shape, sequence, head, at), inputs.query.stride,
                   length - at, width);
      load<groups>(gradient, head_row(d_out, shape, sequence, head, at), d_out.stride, length - at,
                   width);
      const int step = at + simt::lane();
      const bool there = step < length;
      const float log_sum = there ? kept[kept_row(shape, sequence, head, step)] : INFINITY;
      const float dot = there ? row_dots[kept_row(shape, sequence, head, step)] : 0.0F;
      simt::sync_block();
      float logits[kOwn], d_weights[kOwn];
      multiply_rows<groups>(logits, key, query, width);
      multiply_rows<groups>(d_weights, value, gradient, width);
      ISOLOSS_UNROLL
      for (int r = 0; r < kOwn; ++r) {
        const int distance = step - first - own - r;
        const float x = scale * logits[r] + (biased ? bias[distance] : 0.0F);
        const float weight = distance < 0 ? 0.0F : simt::fast_exp2(x - log_sum);
        weights[(own + r) * kWeightsPitch + simt::lane()] = weight;
        d_logits[(own + r) * kWeightsPitch + simt::lane()] = weight * (d_weights[r] - dot);
      }
      simt::sync_warp();
      add_weighted<groups>(value_sums, weights, gradient);
      add_weighted<groups>(key_sums, d_logits, query);
    }
  }
  store<groups>(head_row(d_key, shape, sequence, kv_head, first), d_key.stride, length - first,
                width, key_sums, shape.scale);
  store<groups>(head_row(d_value, shape, sequence, kv_head, first), d_value.stride, length - first,
                width, value_sums, 1.0F);
}

template <int groups>
void launch_query_gradient(Stream& stream, const CausalShape& shape,
                           const AttentionInputs<float>& inputs, HeadColumns<const float> out,
                           HeadColumns<const float> d_out, const float* kept, float* row_dots,
                           const BiasSums& bias, HeadColumns<float> d_query) {
  const std::size_t by_distance =
      bias.buckets == 0 ? 0 : static_cast<std::size_t>(bias.near) + 2 * kTile;
  launch(stream,
         {.grid_x = static_cast<unsigned>((shape.length + kTile - 1) / kTile),
          .grid_y = static_cast<unsigned>(shape.heads),
          .grid_z = static_cast<unsigned>(shape.batch),
          .threads = kThreads,
          .shared_bytes = sizeof(float) * (4 * kTileSize<groups> + kWeights + by_distance)},
         float_query_gradient<groups>, shape, inputs, out, d_out, kept, row_dots, bias, d_query);
}

template <int groups>
void launch_key_gradient(Stream& stream, const CausalShape& shape,
                         const AttentionInputs<float>& inputs, HeadColumns<const float> d_out,
                         const float* kept, const float* row_dots, HeadColumns<float> d_key,
                         HeadColumns<float> d_value) {
  launch(stream,
         {.grid_x = static_cast<unsigned>((shape.length + kTile - 1) / kTile),
          .grid_y = static_cast<unsigned>(shape.kv_heads),
          .grid_z = static_cast<unsigned>(shape.batch),
          .threads = kThreads,
          .shared_bytes = sizeof(float) * (4 * kTileSize<groups> + 2 * kWeights)},
         float_key_gradient<groups>, shape, inputs, d_out, kept, row_dots, d_key, d_value);
}

}  // namespace

void query_gradient_kernel(Stream& stream, const CausalShape& shape,
                           const AttentionInputs<float>& inputs, HeadColumns<const float> out,
                           HeadColumns<const float> d_out, const float* kept,
                           const AttentionScratch& scratch,
                           const AttentionGradients<float>& gradients) {
  auto* run = shape.d_head <= 32   ? launch_query_gradient<1>
              : shape.d_head <= 64 ? launch_query_gradient<2>
                                   : launch_query_gradient<4>;
  run(stream, shape, inputs, out, d_out, kept, scratch.row_dots,
      bias_sums(gradients.buckets, scratch.bias_sums), gradients.query);
}

void key_gradient_kernel(Stream& stream, const CausalShape& shape,
                         const AttentionInputs<float>& inputs, HeadColumns<const float> d_out,
                         const float* kept, const AttentionScratch& scratch,
                         const AttentionGradients<float>& gradients) {
  auto* run = shape.d_head <= 32   ? launch_key_gradient<1>
              : shape.d_head <= 64 ? launch_key_gradient<2>
                                   : launch_key_gradient<4>;
  run(stream, shape, inputs, d_out, kept, scratch.row_dots, gradients.key, gradients.value);
}

}  // namespace isoloss
