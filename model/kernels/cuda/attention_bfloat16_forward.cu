#include <cmath>

#include "model/kernels/cuda/attention_key_tiles.h"
#include "model/kernels/cuda/attention_launch.h"
#include "model/kernels/cuda/attention_tiles.h"

namespace isoloss {
namespace {

constexpr int kQueries = static_cast<int>(kBf16Queries);
constexpr int kKeys = 64;
constexpr int kColumns = kKeys / 8;
constexpr int kBiasSize = kQueries + kKeys;  // distances of a tile, from -kKeys

// Blocks of 16 queries a warp: two where registers allow, so that what it reads of K and V serves
// two products.
template <int width>
inline constexpr int kBlocks = width <= 64 ? 2 : 1;
template <int width>
inline constexpr int kThreads = kQueries / (16 * kBlocks<width>)*simt::kWarp;

template <int width, bool biased>
__global__ void __launch_bounds__(kThreads<width>, width <= 64 ? 2 : 1)
    bfloat16_forward(CausalShape shape, AttentionInputs<Bf16> inputs, HeadColumns<Bf16> out,
                     float* kept) {
  constexpr int blocks = kBlocks<width>, threads = kThreads<width>;
  auto* query = reinterpret_cast<Bf16*>(simt::dynamic_shared());
  Bf16* keys = query + kQueries * width;
  Bf16* values = keys + 2 * kKeys * width;
  auto* biases = reinterpret_cast<float*>(values + 2 * kKeys * width);
  const int length = static_cast<int>(shape.length), channels = static_cast<int>(shape.d_head);
  const int head = static_cast<int>(blockIdx.y), sequence = static_cast<int>(blockIdx.z);
  // The last queries have the most keys and go first.
  const int first = static_cast<int>(gridDim.x - 1 - blockIdx.x) * kQueries;
  const int end = first + kQueries < length ? first + kQueries : length;
  const int own = simt::warp() * 16 * blocks;
  const int row = simt::lane() / 4, column = 2 * (simt::lane() % 4);

  const tiles::KeyTiles<width, kQueries, kKeys, threads, biased> key_tiles{keys, values, biases};
  const auto copy_tile = [&](int at, int stage) {
    key_tiles.copy(shape, inputs, sequence, head, first, at, stage);
  };
  tiles::copy_rows<width, kQueries, threads>(query,
                                             head_row(inputs.query, shape, sequence, head, first),
                                             inputs.query.stride, length - first, channels);
  copy_tile(0, 0);
  simt::wait_copies<0>();
  simt::sync_block();
  const tiles::LeftRows<width, blocks, (width <= 32)> left(query, own);

  // Logits are in units of log2(e); without a bias the scale waits for the exponential.
  const float scale = shape.scale * simt::kLog2E, waiting = biased ? 1.0F : scale;
  float largest[blocks][2], total[blocks][2], sums[blocks][width / 8][4];
  ISOLOSS_UNROLL
  for (int m = 0; m < blocks; ++m) {
    ISOLOSS_UNROLL
    for (int half = 0; half < 2; ++half) largest[m][half] = -INFINITY, total[m][half] = 0;
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
    if (at <= first + own + 16 * blocks - 1) {
      float x[blocks][kColumns][4];
      tiles::multiply_rows(x, left, keys + stage * kKeys * width, 0);
      if constexpr (biased) {
        const float* bias = biases + stage * kBiasSize + kKeys + own + row - column;
        ISOLOSS_UNROLL
        for (int m = 0; m < blocks; ++m) {
          ISOLOSS_UNROLL
          for (int n = 0; n < kColumns; ++n) {
            ISOLOSS_UNROLL
            for (int i = 0; i < 4; ++i)
              x[m][n][i] = scale * x[m][n][i] + bias[16 * m + i / 2 * 8 - 8 * n - i % 2];
          }
        }
      }
      if (at + kKeys - 1 > first + own) {
        const int distance = first + own + row - at - column;
        ISOLOSS_UNROLL
        for (int m = 0; m < blocks; ++m) {
          ISOLOSS_UNROLL
          for (int n = 0; n < kColumns; ++n) {
            ISOLOSS_UNROLL
            for (int i = 0; i < 4; ++i)
              if (distance + 16 * m + i / 2 * 8 - 8 * n - i % 2 < 0) x[m][n][i] = -INFINITY;
          }
        }
      }
      ISOLOSS_UNROLL
      for (int m = 0; m < blocks; ++m) {
        ISOLOSS_UNROLL
        for (int half = 0; half < 2; ++half) {
          float top = largest[m][half];
          ISOLOSS_UNROLL
          for (int n = 0; n < kColumns; ++n)
            top = fmaxf(top, fmaxf(x[m][n][2 * half], x[m][n][2 * half + 1]));
          top = simt::warp_max<4>(top);
          const float keep = simt::fast_exp2(waiting * (largest[m][half] - top));
          const float offset = waiting * top;
          float sum = 0;
          ISOLOSS_UNROLL
          for (int n = 0; n < kColumns; ++n) {
            ISOLOSS_UNROLL
            for (int i = 2 * half; i < 2 * half + 2; ++i) {
              x[m][n][i] = simt::fast_exp2(waiting * x[m][n][i] - offset);
              sum += x[m][n][i];
            }
          }
          total[m][half] = keep * total[m][half] + sum;
          largest[m][half] = top;
          ISOLOSS_UNROLL
          for (int n = 0; n < width / 8; ++n) {
            sums[m][n][2 * half] *= keep;
            sums[m][n][2 * half + 1] *= keep;
          }
        }
      }
      std::uint32_t weights[blocks][kColumns / 2][4];
      tiles::round_weights(weights, x);
      tiles::add_weighted<width>(sums, weights, values + stage * kKeys * width, 0);
    }
    simt::sync_block();
  }

  ISOLOSS_UNROLL
  for (int m = 0; m < blocks; ++m) {
    ISOLOSS_UNROLL
    for (int half = 0; half < 2; ++half) {
      const float all = simt::warp_sum<4>(total[m][half]), inverse = 1.0F / all;
      const int step = first + own + 16 * m + 8 * half + row;
      if (kept != nullptr && column == 0)
        kept[kept_row(shape, sequence, head, step)] =
            step < length ? waiting * largest[m][half] + log2f(all) : INFINITY;
      ISOLOSS_UNROLL
      for (int n = 0; n < width / 8; ++n) {
        sums[m][n][2 * half] *= inverse;
        sums[m][n][2 * half + 1] *= inverse;
      }
    }
  }
  tiles::store_rows<width>(head_row(out, shape, sequence, head, first), out.stride, length - first,
                           channels, query, own, sums);
}

template <int width, bool biased>
void launch_width(Stream& stream, const CausalShape& shape, const AttentionInputs<Bf16>& inputs,
                  HeadColumns<Bf16> out, float* kept) {
  launch(stream,
         {.grid_x = static_cast<unsigned>((shape.length + kQueries - 1) / kQueries),
          .grid_y = static_cast<unsigned>(shape.heads),
          .grid_z = static_cast<unsigned>(shape.batch),
          .threads = kThreads<width>,
          .shared_bytes = sizeof(Bf16) * (kQueries + 4 * kKeys) * width +
                          (biased ? 2 * sizeof(float) * kBiasSize : 0)},
         bfloat16_forward<width, biased>, shape, inputs, out, kept);
}

}  // namespace

void forward_kernel(Stream& stream, const CausalShape& shape, const AttentionInputs<Bf16>& inputs,
                    HeadColumns<Bf16> out, float* kept) {
  using Launch = decltype(&launch_width<64, true>);
  constexpr Launch kLaunches[4][2] = {{launch_width<16, false>, launch_width<16, true>},
                                      {launch_width<32, false>, launch_width<32, true>},
                                      {launch_width<64, false>, launch_width<64, true>},
                                      {launch_width<128, false>, launch_width<128, true>}};
  kLaunches[tiles::width_index(shape.d_head)][inputs.bias_by_distance != nullptr](
      stream, shape, inputs, out, kept);
}

}  // namespace isoloss
