#include <cmath>

#include "model/kernels/cuda/attention_launch.h"
#include "model/kernels/cuda/attention_tiles.h"

namespace isoloss {
namespace {

constexpr int kKeys = 128;
constexpr int kQueries = 64;  // a copied tile
constexpr int kChunk = 32;    // queries worked on at a time, so that all sums stay in registers
constexpr int kColumns = kChunk / 8;
constexpr int kBiasSize = kKeys + kQueries;  // distances of a tile, from -kKeys

// Blocks of 16 keys a warp: two where registers allow, so that what it reads of Q and of the
// gradient serves two products.
template <int width>
inline constexpr int kBlocks = width <= 64 ? 2 : 1;
template <int width>
inline constexpr int kThreads = kKeys / (16 * kBlocks<width>)*simt::kWarp;

// Rows are keys and columns queries, so that weights and their gradients leave the registers of
// one product only for those of the next.
template <int width, bool biased>
__global__ void __launch_bounds__(kThreads<width>, width <= 64 ? 2 : 1)
    bfloat16_key_gradient(CausalShape shape, AttentionInputs<Bf16> inputs,
                          HeadColumns<const Bf16> d_out, const float* kept, const float* row_dots,
                          HeadColumns<Bf16> d_key, HeadColumns<Bf16> d_value) {
  constexpr int blocks = kBlocks<width>, threads = kThreads<width>;
  auto* key = reinterpret_cast<Bf16*>(simt::dynamic_shared());
  Bf16* value = key + kKeys * width;
  Bf16* queries = value + kKeys * width;
  Bf16* gradients = queries + 2 * kQueries * width;
  auto* log_sums = reinterpret_cast<float*>(gradients + 2 * kQueries * width);
  float* dots = log_sums + 2 * kQueries;
  float* biases = dots + 2 * kQueries;
  const int length = static_cast<int>(shape.length), channels = static_cast<int>(shape.d_head);
  const int kv_head = static_cast<int>(blockIdx.y), sequence = static_cast<int>(blockIdx.z);
  const int shared_by = static_cast<int>(shape.heads / shape.kv_heads);
  const int first = static_cast<int>(blockIdx.x) * kKeys;  // the first keys have the most queries
  const int own = simt::warp() * 16 * blocks;
  const int row = simt::lane() / 4, column = 2 * (simt::lane() % 4);

  const auto copy_tile = [&](int head, int at, int stage) {
    tiles::copy_rows<width, kQueries, threads>(queries + stage * kQueries * width,
                                               head_row(inputs.query, shape, sequence, head, at),
                                               inputs.query.stride, length - at, channels);
    tiles::copy_rows<width, kQueries, threads>(gradients + stage * kQueries * width,
                                               head_row(d_out, shape, sequence, head, at),
                                               d_out.stride, length - at, channels);
    const int thread = static_cast<int>(threadIdx.x), part = 4 * (thread % 16);
    const std::int64_t rows = kept_row(shape, sequence, head, at);
    if (thread < 16)
      simt::copy_16(log_sums + stage * kQueries + part, kept + rows + part);
    else if (thread < 32)
      simt::copy_16(dots + stage * kQueries + part, row_dots + rows + part);
    else if (biased && thread < 32 + kBiasSize / 4)
      simt::copy_16(
          biases + stage * kBiasSize + 4 * (thread - 32),
          head_bias(inputs.bias_by_distance, shape, head) + at - first - kKeys + 4 * (thread - 32));
    simt::commit_copies();
  };
  tiles::copy_rows<width, kKeys, threads>(key,
                                          head_row(inputs.key, shape, sequence, kv_head, first),
                                          inputs.key.stride, length - first, channels);
  tiles::copy_rows<width, kKeys, threads>(value,
                                          head_row(inputs.value, shape, sequence, kv_head, first),
                                          inputs.value.stride, length - first, channels);
  copy_tile(kv_head * shared_by, first, 0);
  simt::wait_copies<0>();
  simt::sync_block();
  const tiles::LeftRows<width, blocks, (width <= 32)> left(key, own), left_value(value, own);
  const float scale = shape.scale * simt::kLog2E;
  float key_sums[blocks][width / 8][4], value_sums[blocks][width / 8][4];
  ISOLOSS_UNROLL
  for (int m = 0; m < blocks; ++m) {
    ISOLOSS_UNROLL
    for (int n = 0; n < width / 8; ++n) {
      ISOLOSS_UNROLL
      for (int i = 0; i < 4; ++i) key_sums[m][n][i] = value_sums[m][n][i] = 0;
    }
  }
  // Tiles of queries, one head after the other.
  int head = kv_head * shared_by, at = first, stage = 0;
  for (bool more = true; more; stage ^= 1) {
    int next_head = head, next = at + kQueries;
    if (next >= length) ++next_head, next = first;
    more = next_head < (kv_head + 1) * shared_by;
    if (more) {
      copy_tile(next_head, next, stage ^ 1);
      simt::wait_copies<1>();
    } else {
      simt::wait_copies<0>();
    }
    simt::sync_block();
    const Bf16* query = queries + stage * kQueries * width;
    const Bf16* gradient = gradients + stage * kQueries * width;
    ISOLOSS_ROLLED
    for (int chunk = 0; chunk < kQueries; chunk += kChunk) {
      // The distance of the chunk's first query from the warp's first key.
      const int nearest = at + chunk - first - own;
      if (nearest + kChunk - 1 < 0) continue;
      float x[blocks][kColumns][4], d_weights[blocks][kColumns][4];
      tiles::multiply_rows(x, left, query, chunk);
      const float* bias = biases + stage * kBiasSize + kKeys + chunk + column - own - row;
      const float* log_sum = log_sums + stage * kQueries + chunk + column;
      const bool whole = nearest >= 16 * blocks - 1;
      ISOLOSS_UNROLL
      for (int n = 0; n < kColumns; ++n) {
        const auto of_columns = simt::load<float, 2>(log_sum + 8 * n);
        ISOLOSS_UNROLL
        for (int m = 0; m < blocks; ++m) {
          ISOLOSS_UNROLL
          for (int i = 0; i < 4; ++i) {
            const int offset = 8 * n + i % 2 - 16 * m - i / 2 * 8;
            float logit = scale * x[m][n][i] - of_columns.values[i % 2];
            if constexpr (biased) logit += bias[offset];
            x[m][n][i] = simt::fast_exp2(logit);
            if (!whole && nearest + column - row + offset < 0) x[m][n][i] = 0;
          }
        }
      }
      std::uint32_t rounded[blocks][kColumns / 2][4];
      tiles::round_weights(rounded, x);
      tiles::add_weighted<width>(value_sums, rounded, gradient, chunk);
      tiles::multiply_rows(d_weights, left_value, gradient, chunk);
      const float* dot = dots + stage * kQueries + chunk + column;
      ISOLOSS_UNROLL
      for (int n = 0; n < kColumns; ++n) {
        const auto of_columns = simt::load<float, 2>(dot + 8 * n);
        ISOLOSS_UNROLL
        for (int m = 0; m < blocks; ++m) {
          ISOLOSS_UNROLL
          for (int i = 0; i < 4; ++i) x[m][n][i] *= d_weights[m][n][i] - of_columns.values[i % 2];
        }
      }
      tiles::round_weights(rounded, x);
      tiles::add_weighted<width>(key_sums, rounded, query, chunk);
    }
    simt::sync_block();
    head = next_head;
    at = next;
  }
  ISOLOSS_UNROLL
  for (int m = 0; m < blocks; ++m) {
    ISOLOSS_UNROLL
    for (int n = 0; n < width / 8; ++n) {
      ISOLOSS_UNROLL
      for (int i = 0; i < 4; ++i) key_sums[m][n][i] *= shape.scale;
    }
  }
  tiles::store_rows<width>(head_row(d_key, shape, sequence, kv_head, first), d_key.stride,
                           length - first, channels, key, own, key_sums);
  tiles::store_rows<width>(head_row(d_value, shape, sequence, kv_head, first), d_value.stride,
                           length - first, channels, value, own, value_sums);
}

template <int width, bool biased>
void launch_width(Stream& stream, const CausalShape& shape, const AttentionInputs<Bf16>& inputs,
                  HeadColumns<const Bf16> d_out, const float* kept, const float* row_dots,
                  HeadColumns<Bf16> d_key, HeadColumns<Bf16> d_value) {
  launch(stream,
         {.grid_x = static_cast<unsigned>((shape.length + kKeys - 1) / kKeys),
          .grid_y = static_cast<unsigned>(shape.kv_heads),
          .grid_z = static_cast<unsigned>(shape.batch),
          .threads = kThreads<width>,
          .shared_bytes = sizeof(Bf16) * (2 * kKeys + 4 * kQueries) * width +
                          sizeof(float) * (4 * kQueries + (biased ? 2 * kBiasSize : 0))},
         bfloat16_key_gradient<width, biased>, shape, inputs, d_out, kept, row_dots, d_key,
         d_value);
}

}  // namespace

void key_gradient_kernel(Stream& stream, const CausalShape& shape,
                         const AttentionInputs<Bf16>& inputs, HeadColumns<const Bf16> d_out,
                         const float* kept, const AttentionScratch& scratch,
                         const AttentionGradients<Bf16>& gradients) {
  using Launch = decltype(&launch_width<64, true>);
  constexpr Launch kLaunches[4][2] = {{launch_width<16, false>, launch_width<16, true>},
                                      {launch_width<32, false>, launch_width<32, true>},
                                      {launch_width<64, false>, launch_width<64, true>},
                                      {launch_width<128, false>, launch_width<128, true>}};
  kLaunches[tiles::width_index(shape.d_head)][inputs.bias_by_distance != nullptr](
      stream, shape, inputs, d_out, kept, scratch.row_dots, gradients.key, gradients.value);
}

}  // namespace isoloss
