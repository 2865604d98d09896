#include <cmath>

#include "model/kernels/cuda/attention_bias_sums.h"
#include "model/kernels/cuda/attention_key_tiles.h"
#include "model/kernels/cuda/attention_launch.h"
#include "model/kernels/cuda/attention_tiles.h"

namespace isoloss {
namespace {

constexpr int kQueries = static_cast<int>(kBf16Queries);
constexpr int kKeys = 64;   // a copied tile
constexpr int kChunk = 32;  // keys worked on at a time, so that all sums stay in registers
constexpr int kColumns = kChunk / 8;
constexpr int kBiasSize = kQueries + kKeys;  // distances of a tile, from -kKeys

// Blocks of 16 queries a warp: two where registers allow, so that what it reads of K and V serves
// two products.
template <int width>
inline constexpr int kBlocks = width <= 64 ? 2 : 1;
template <int width>
inline constexpr int kThreads = kQueries / (16 * kBlocks<width>)*simt::kWarp;

// Writes sum(out d_out) of the tile's rows, zero beyond the last, to memory and to `dots`.
template <int width>
ISOLOSS_INLINE void dot_rows(float* dots, float* row_dots, const Bf16* out, std::int64_t out_stride,
                             const Bf16* d_out, std::int64_t d_out_stride, int rows, int channels) {
  constexpr int kChunks = width / 8;
  for (int i = static_cast<int>(threadIdx.x); i < kQueries * kChunks; i += kThreads<width>) {
    const int row = i / kChunks, channel = i % kChunks * 8;
    float sum = 0;
    if (row < rows && channel < channels) {
      const auto a = simt::load<Bf16, 8>(out + row * out_stride + channel);
      const auto b = simt::load<Bf16, 8>(d_out + row * d_out_stride + channel);
      ISOLOSS_UNROLL
      for (int c = 0; c < 8; ++c) sum += simt::to_float(a.values[c]) * simt::to_float(b.values[c]);
    }
    sum = simt::warp_sum<kChunks>(sum);
    if (channel == 0) dots[row] = row_dots[row] = sum;
  }
}

template <int width, bool biased>
__global__ void __launch_bounds__(kThreads<width>, width <= 64 ? 2 : 1)
    bfloat16_query_gradient(CausalShape shape, AttentionInputs<Bf16> inputs,
                            HeadColumns<const Bf16> out, HeadColumns<const Bf16> d_out,
                            const float* kept, float* row_dots, BiasSums bias_sums,
                            HeadColumns<Bf16> d_query) {
  constexpr int blocks = kBlocks<width>, threads = kThreads<width>;
  auto* query = reinterpret_cast<Bf16*>(simt::dynamic_shared());
  Bf16* gradient = query + kQueries * width;
  Bf16* keys = gradient + kQueries * width;
  Bf16* values = keys + 2 * kKeys * width;
  auto* dots = reinterpret_cast<float*>(values + 2 * kKeys * width);
  float* biases = dots + kQueries;
  float* diagonals = biases + 2 * kBiasSize;
  float* by_distance = diagonals + threads / simt::kWarp * kDiagonalSums<blocks, kColumns>;
  const int length = static_cast<int>(shape.length), channels = static_cast<int>(shape.d_head);
  const int head = static_cast<int>(blockIdx.y), sequence = static_cast<int>(blockIdx.z);
  const int tile = static_cast<int>(gridDim.x - 1 - blockIdx.x), first = tile * kQueries;
  const int end = first + kQueries < length ? first + kQueries : length;
  const int own = simt::warp() * 16 * blocks;
  const int row = simt::lane() / 4, column = 2 * (simt::lane() % 4);
  const int slots = bias_sums.near + 64;

  const tiles::KeyTiles<width, kQueries, kKeys, threads, biased> key_tiles{keys, values, biases};
  const auto copy_tile = [&](int at, int stage) {
    key_tiles.copy(shape, inputs, sequence, head, first, at, stage);
  };
  tiles::copy_rows<width, kQueries, threads>(query,
                                             head_row(inputs.query, shape, sequence, head, first),
                                             inputs.query.stride, length - first, channels);
  tiles::copy_rows<width, kQueries, threads>(gradient,
                                             head_row(d_out, shape, sequence, head, first),
                                             d_out.stride, length - first, channels);
  copy_tile(0, 0);
  dot_rows<width>(dots, row_dots + kept_row(shape, sequence, head, first),
                  head_row(out, shape, sequence, head, first), out.stride,
                  head_row(d_out, shape, sequence, head, first), d_out.stride, length - first,
                  channels);
  if constexpr (biased)
    for (int i = static_cast<int>(threadIdx.x); i < threads / simt::kWarp * slots; i += threads)
      by_distance[i] = 0;
  simt::wait_copies<0>();
  simt::sync_block();
  // Registers hold the left operands where the diagonal sums of a bias leave room for them.
  constexpr bool resident = width <= (biased ? 32 : 64);
  const tiles::LeftRows<width, blocks, resident> left(query, own), left_gradient(gradient, own);
  const float scale = shape.scale * simt::kLog2E;
  float log_sum[blocks][2], dot[blocks][2], sums[blocks][width / 8][4], far = 0;
  ISOLOSS_UNROLL
  for (int m = 0; m < blocks; ++m) {
    ISOLOSS_UNROLL
    for (int half = 0; half < 2; ++half) {
      const int at = own + 16 * m + 8 * half + row;
      log_sum[m][half] = kept[kept_row(shape, sequence, head, first + at)];
      dot[m][half] = dots[at];
    }
    ISOLOSS_UNROLL
    for (int n = 0; n < width / 8; ++n) {
      ISOLOSS_UNROLL
      for (int i = 0; i < 4; ++i) sums[m][n][i] = 0;
    }
  }
  int stage = 0;
  for (int at = 0; at < end; at += kKeys, stage ^= 1) {
    if (at + kKeys < end) {
      copy_tile(at + kKeys, stage ^ 1);
      simt::wait_copies<1>();
    } else {
      simt::wait_copies<0>();
    }
    simt::sync_block();
    ISOLOSS_ROLLED
    for (int chunk = 0; chunk < kKeys; chunk += kChunk) {
      // The distance of the warp's first query from the chunk's first key.
      const int nearest = first + own - at - chunk;
      if (nearest + 16 * blocks - 1 < 0) continue;
      float x[blocks][kColumns][4], d_weights[blocks][kColumns][4];
      tiles::multiply_rows(x, left, keys + stage * kKeys * width, chunk);
      tiles::multiply_rows(d_weights, left_gradient, values + stage * kKeys * width, chunk);
      const float* bias = biases + stage * kBiasSize + kKeys + own + row - chunk - column;
      const bool whole = nearest >= kChunk - 1;
      ISOLOSS_UNROLL
      for (int m = 0; m < blocks; ++m) {
        ISOLOSS_UNROLL
        for (int n = 0; n < kColumns; ++n) {
          ISOLOSS_UNROLL
          for (int i = 0; i < 4; ++i) {
            const int offset = 16 * m + i / 2 * 8 - 8 * n - i % 2;
            float logit = scale * x[m][n][i] - log_sum[m][i / 2];
            if constexpr (biased) logit += bias[offset];
            float weight = simt::fast_exp2(logit);
            if (!whole && nearest + row - column + offset < 0) weight = 0;
            x[m][n][i] = weight * (d_weights[m][n][i] - dot[m][i / 2]);
          }
        }
      }
      std::uint32_t rounded[blocks][kColumns / 2][4];
      tiles::round_weights(rounded, x);
      tiles::add_weighted<width>(sums, rounded, keys + stage * kKeys * width, chunk);
      if constexpr (biased) {
        if (nearest - (kChunk - 1) < bias_sums.near)
          add_diagonals(by_distance + simt::warp() * slots,
                        diagonals + simt::warp() * kDiagonalSums<blocks, kColumns>, x, nearest);
        else
          far += sum_all(x);
      }
    }
    simt::sync_block();
  }
  ISOLOSS_UNROLL
  for (int m = 0; m < blocks; ++m) {
    ISOLOSS_UNROLL
    for (int n = 0; n < width / 8; ++n) {
      ISOLOSS_UNROLL
      for (int i = 0; i < 4; ++i) sums[m][n][i] *= shape.scale;
    }
  }
  tiles::store_rows<width>(head_row(d_query, shape, sequence, head, first), d_query.stride,
                           length - first, channels, query, own, sums);
  if constexpr (biased)
    write_bias_sums<threads>(
        bias_sums, (static_cast<std::int64_t>(head) * gridDim.z + sequence) * gridDim.x + tile,
        by_distance, threads / simt::kWarp, slots, far, dots);
}

template <int width, bool biased>
void launch_width(Stream& stream, const CausalShape& shape, const AttentionInputs<Bf16>& inputs,
                  HeadColumns<const Bf16> out, HeadColumns<const Bf16> d_out, const float* kept,
                  float* row_dots, const BiasSums& bias, HeadColumns<Bf16> d_query) {
  constexpr int warps = kThreads<width> / simt::kWarp;
  const std::size_t for_bias =
      biased ? 2 * kBiasSize + warps * (kDiagonalSums<kBlocks<width>, kColumns> +
                                        static_cast<std::size_t>(bias.near) + 64)
             : 0;
  launch(stream,
         {.grid_x = static_cast<unsigned>((shape.length + kQueries - 1) / kQueries),
          .grid_y = static_cast<unsigned>(shape.heads),
          .grid_z = static_cast<unsigned>(shape.batch),
          .threads = kThreads<width>,
          .shared_bytes = sizeof(Bf16) * (2 * kQueries + 4 * kKeys) * width +
                          sizeof(float) * (kQueries + for_bias)},
         bfloat16_query_gradient<width, biased>, shape, inputs, out, d_out, kept, row_dots, bias,
         d_query);
}

}  // namespace

void query_gradient_kernel(Stream& stream, const CausalShape& shape,
                           const AttentionInputs<Bf16>& inputs, HeadColumns<const Bf16> out,
                           HeadColumns<const Bf16> d_out, const float* kept,
                           const AttentionScratch& scratch,
                           const AttentionGradients<Bf16>& gradients) {
  using Launch = decltype(&launch_width<64, true>);
  constexpr Launch kLaunches[4][2] = {{launch_width<16, false>, launch_width<16, true>},
                                      {launch_width<32, false>, launch_width<32, true>},
                                      {launch_width<64, false>, launch_width<64, true>},
                                      {launch_width<128, false>, launch_width<128, true>}};
  const int index = tiles::width_index(shape.d_head);
  kLaunches[index][gradients.buckets != nullptr](
      stream, shape, inputs, out, d_out, kept, scratch.row_dots,
      bias_sums(gradients.buckets, scratch.bias_sums), gradients.query);
}

}  // namespace isoloss
