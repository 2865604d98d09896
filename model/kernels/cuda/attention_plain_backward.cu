#include <cmath>

#include "model/kernels/cuda/attention_bias_sums.h"
#include "model/kernels/cuda/attention_launch.h"
#include "model/kernels/cuda/attention_plain.h"

namespace isoloss {
namespace {

using namespace plain_tiles;

// Of the warp's rows, sum(out d_out): what the softmax takes off every gradient of a weight.
template <int groups, typename T>
ISOLOSS_INLINE void dot_rows(float (&dots)[kOwn], const float* d_out_tile, const T* out,
                             std::int64_t stride, int rows, int width) {
  ISOLOSS_UNROLL
  for (int r = 0; r < kOwn; ++r) {
    const int row = simt::warp() * kOwn + r;
    float sum = 0;
    for (int c = simt::lane(); c < width; c += simt::kWarp)
      if (row < rows)
        sum += d_out_tile[row * kPitch<groups> + c] * simt::to_float(out[row * stride + c]);
    dots[r] = simt::warp_sum(sum);
  }
}

// What a weight of the softmax, after tanh where it is taken, passes on of its gradient.
ISOLOSS_INLINE float d_softmax(bool with_tanh, float weight, float d_weight) {
  if (!with_tanh) return d_weight;
  const float taken = tanhf(weight);
  return d_weight * (1 - taken * taken);
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

// With tanh of the weights a first pass finds what the softmax takes off each row's gradients.
template <typename T, int groups>
__global__ void plain_query_gradient(CausalShape shape, AttentionInputs<T> inputs,
                                     HeadColumns<const T> out, HeadColumns<const T> d_out,
                                     const float* kept, float* row_dots, BiasSums bias_sums,
                                     HeadColumns<T> d_query) {
  __shared__ __align__(16) float scratch[32];
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
  const float scale = shape.scale * simt::kLog2E;

  load<groups>(query, head_row(inputs.query, shape, sequence, head, first), inputs.query.stride,
               length - first, width);
  load<groups>(gradient, head_row(d_out, shape, sequence, head, first), d_out.stride,
               length - first, width);
  const int slots = bias_sums.near + 2 * kTile;
  if (biased)
    for (int d = static_cast<int>(threadIdx.x); d < slots; d += kThreads) by_distance[d] = 0;
  simt::sync_block();
  float dots[kOwn], log_sum[kOwn], sums[kOwn][groups], far = 0;
  if (!shape.tanh)
    dot_rows<groups>(dots, gradient, head_row(out, shape, sequence, head, first), out.stride,
                     length - first, width);
  ISOLOSS_UNROLL
  for (int r = 0; r < kOwn; ++r) {
    const int step = first + own + r;
    log_sum[r] = step < length ? kept[kept_row(shape, sequence, head, step)] : INFINITY;
    if (shape.tanh) dots[r] = 0;
    ISOLOSS_UNROLL
    for (int g = 0; g < groups; ++g) sums[r][g] = 0;
  }
  for (int pass = shape.tanh ? 0 : 1; pass < 2; ++pass) {
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
        const float passed = d_softmax(shape.tanh, weight, d_weights[r]);
        if (pass == 0) {
          dots[r] += weight * passed;
          continue;
        }
        const float d_logit = weight * (passed - dots[r]);
        d_logits[(own + r) * kWeightsPitch + simt::lane()] = d_logit;
        if (biased && !near) far += d_logit;
      }
      if (pass == 0) continue;
      simt::sync_warp();
      add_weighted<groups>(sums, d_logits, key);
      if (biased && near) {
        simt::sync_block();
        add_diagonals(by_distance, d_logits, first - at);
      }
    }
    if (pass == 1) break;
    ISOLOSS_UNROLL
    for (int r = 0; r < kOwn; ++r) dots[r] = simt::warp_sum(dots[r]);
  }
  ISOLOSS_UNROLL
  for (int r = 0; r < kOwn; ++r) {
    const int step = first + own + r;
    if (simt::lane() == 0 && step < length)
      row_dots[kept_row(shape, sequence, head, step)] = dots[r];
  }
  store<groups>(head_row(d_query, shape, sequence, head, first), d_query.stride, length - first,
                width, sums, shape.scale);
  if (biased)
    write_bias_sums<kThreads>(
        bias_sums, (static_cast<std::int64_t>(head) * gridDim.z + sequence) * gridDim.x + tile,
        by_distance, 1, slots, far, scratch);
}

template <typename T, int groups>
__global__ void plain_key_gradient(CausalShape shape, AttentionInputs<T> inputs,
                                   HeadColumns<const T> d_out, const float* kept,
                                   const float* row_dots, HeadColumns<T> d_key,
                                   HeadColumns<T> d_value) {
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
  const float scale = shape.scale * simt::kLog2E;

  load<groups>(key, head_row(inputs.key, shape, sequence, kv_head, first), inputs.key.stride,
               length - first, width);
  load<groups>(value, head_row(inputs.value, shape, sequence, kv_head, first), inputs.value.stride,
               length - first, width);
  float key_sums[kOwn][groups], value_sums[kOwn][groups];
  ISOLOSS_UNROLL
  for (int r = 0; r < kOwn; ++r) {
    ISOLOSS_UNROLL
    for (int g = 0; g < groups; ++g) key_sums[r][g] = value_sums[r][g] = 0;
  }
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
        const float passed = d_softmax(shape.tanh, weight, d_weights[r]);
        weights[(own + r) * kWeightsPitch + simt::lane()] = shape.tanh ? tanhf(weight) : weight;
        d_logits[(own + r) * kWeightsPitch + simt::lane()] = weight * (passed - dot);
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

template <typename T, int groups>
void launch_query_gradient(Stream& stream, const CausalShape& shape,
                           const AttentionInputs<T>& inputs, HeadColumns<const T> out,
                           HeadColumns<const T> d_out, const float* kept, float* row_dots,
                           const BiasSums& bias, HeadColumns<T> d_query) {
  const std::size_t by_distance =
      bias.buckets == 0 ? 0 : static_cast<std::size_t>(bias.near) + 2 * kTile;
  launch(stream,
         {.grid_x = static_cast<unsigned>((shape.length + kTile - 1) / kTile),
          .grid_y = static_cast<unsigned>(shape.heads),
          .grid_z = static_cast<unsigned>(shape.batch),
          .threads = kThreads,
          .shared_bytes = sizeof(float) * (4 * kTileSize<groups> + kWeights + by_distance)},
         plain_query_gradient<T, groups>, shape, inputs, out, d_out, kept, row_dots, bias, d_query);
}

template <typename T, int groups>
void launch_key_gradient(Stream& stream, const CausalShape& shape, const AttentionInputs<T>& inputs,
                         HeadColumns<const T> d_out, const float* kept, const float* row_dots,
                         HeadColumns<T> d_key, HeadColumns<T> d_value) {
  launch(stream,
         {.grid_x = static_cast<unsigned>((shape.length + kTile - 1) / kTile),
          .grid_y = static_cast<unsigned>(shape.kv_heads),
          .grid_z = static_cast<unsigned>(shape.batch),
          .threads = kThreads,
          .shared_bytes = sizeof(float) * (4 * kTileSize<groups> + 2 * kWeights)},
         plain_key_gradient<T, groups>, shape, inputs, d_out, kept, row_dots, d_key, d_value);
}

}  // namespace

template <typename T>
void plain_query_gradient_kernel(Stream& stream, const CausalShape& shape,
                                 const AttentionInputs<T>& inputs, HeadColumns<const T> out,
                                 HeadColumns<const T> d_out, const float* kept,
                                 const AttentionScratch& scratch,
                                 const AttentionGradients<T>& gradients) {
  auto* run = shape.d_head <= 32   ? launch_query_gradient<T, 1>
              : shape.d_head <= 64 ? launch_query_gradient<T, 2>
                                   : launch_query_gradient<T, 4>;
  run(stream, shape, inputs, out, d_out, kept, scratch.row_dots,
      bias_sums(gradients.buckets, scratch.bias_sums), gradients.query);
}

template <typename T>
void plain_key_gradient_kernel(Stream& stream, const CausalShape& shape,
                               const AttentionInputs<T>& inputs, HeadColumns<const T> d_out,
                               const float* kept, const AttentionScratch& scratch,
                               const AttentionGradients<T>& gradients) {
  auto* run = shape.d_head <= 32   ? launch_key_gradient<T, 1>
              : shape.d_head <= 64 ? launch_key_gradient<T, 2>
                                   : launch_key_gradient<T, 4>;
  run(stream, shape, inputs, d_out, kept, scratch.row_dots, gradients.key, gradients.value);
}

#define ISOLOSS_PLAIN_GRADIENTS(T)                                                                \
  template void plain_query_gradient_kernel<T>(                                                   \
      Stream&, const CausalShape&, const AttentionInputs<T>&, HeadColumns<const T>,               \
      HeadColumns<const T>, const float*, const AttentionScratch&, const AttentionGradients<T>&); \
  template void plain_key_gradient_kernel<T>(                                                     \
      Stream&, const CausalShape&, const AttentionInputs<T>&, HeadColumns<const T>, const float*, \
      const AttentionScratch&, const AttentionGradients<T>&);
ISOLOSS_PLAIN_GRADIENTS(float)
ISOLOSS_PLAIN_GRADIENTS(Bf16)
#undef ISOLOSS_PLAIN_GRADIENTS

}  // namespace isoloss
