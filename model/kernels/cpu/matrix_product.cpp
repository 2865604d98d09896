#include "model/kernels/cpu/matrix_product.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include "model/kernels/cpu/cache_aligned.h"
#include "model/kernels/cpu/float_lanes.h"
#include "model/kernels/cpu/register_blocks.h"

#if ISOLOSS_FLOAT_LANES

namespace isoloss {
namespace {

constexpr std::int64_t kLane = 16;
constexpr std::int64_t kPanel = 2 * kLane;  // columns of B side by side
// 12 x 2 sums, the panel's two vectors and one of A fill 27 of 32 registers.
constexpr std::int64_t kTileRows = kProductRows;
constexpr std::int64_t kInner = 512;  // a panel of 64 KiB
constexpr std::int64_t kRows = 768;   // of A in the second cache, with kInner at most 1.5 MiB

struct Tile {
  std::int64_t inner;
  const float* a;
  std::int64_t a_stride;
  const float* panel;
  float factor;
  bool add;
  __mmask16 there[2];
  float* c;
  std::int64_t c_row;
};

// A's rows are rows of memory or, turned, columns of it. `vectors` of the panel's columns are
// there.
template <int rows, int vectors, bool turned>
void multiply_tile(const Tile& t) {
  __m512 sums[rows][vectors];
#pragma GCC unroll 12
  for (int r = 0; r < rows; ++r)
#pragma GCC unroll 2
    for (int v = 0; v < vectors; ++v) sums[r][v] = _mm512_setzero_ps();
  const float* panel = t.panel;
  const float* a = t.a;
  const std::int64_t stride = t.a_stride;
#pragma GCC unroll 4
  for (std::int64_t k = 0; k < t.inner; ++k) {
    __m512 columns[vectors];
#pragma GCC unroll 2
    for (int v = 0; v < vectors; ++v) columns[v] = _mm512_load_ps(panel + k * kPanel + v * kLane);
#pragma GCC unroll 12
    for (int r = 0; r < rows; ++r) {
      const __m512 value = _mm512_set1_ps(turned ? a[k * stride + r] : a[r * stride + k]);
#pragma GCC unroll 2
      for (int v = 0; v < vectors; ++v) sums[r][v] = _mm512_fmadd_ps(value, columns[v], sums[r][v]);
    }
  }
  const __m512 factor = _mm512_set1_ps(t.factor);
#pragma GCC unroll 12
  for (int r = 0; r < rows; ++r)
#pragma GCC unroll 2
    for (int v = 0; v < vectors; ++v) {
      float* place = t.c + r * t.c_row + v * kLane;
      __m512 sum = factor * sums[r][v];
      if (t.add) sum += _mm512_maskz_loadu_ps(t.there[v], place);
      _mm512_mask_storeu_ps(place, t.there[v], sum);
    }
}

// By the number of rows, less one.
using TileFunction = void (*)(const Tile&);
using TileFunctions = std::array<TileFunction, static_cast<std::size_t>(kTileRows)>;
template <int vectors, bool turned, int... rows>
constexpr TileFunctions tile_functions(std::integer_sequence<int, rows...>) {
  return {&multiply_tile<rows + 1, vectors, turned>...};
}
template <int vectors, bool turned>
constexpr TileFunctions kTiles =
    tile_functions<vectors, turned>(std::make_integer_sequence<int, static_cast<int>(kTileRows)>());

const TileFunctions& tiles_for(std::int64_t columns, bool turned) {
  if (columns > kLane) return turned ? kTiles<2, true> : kTiles<2, false>;
  return turned ? kTiles<1, true> : kTiles<1, false>;
}

__mmask16 lanes_there(std::int64_t columns) {
  return static_cast<__mmask16>((1u << std::clamp<std::int64_t>(columns, 0, kLane)) - 1);
}

// `count` rows of B from `first`, `columns` of them from `column`, as [count, kPanel]; what is
// beyond the columns is zero.
void lay_panel(const MatrixPlace& b, std::int64_t first, std::int64_t count, std::int64_t column,
               std::int64_t columns, float* panel) {
  if (b.column == 1) {
    const __mmask16 left = lanes_there(columns), right = lanes_there(columns - kLane);
    const float* row = b.data + first * b.row + column;
    for (std::int64_t k = 0; k < count; ++k, row += b.row, panel += kPanel) {
      _mm512_store_ps(panel, _mm512_maskz_loadu_ps(left, row));
      _mm512_store_ps(panel + kLane, _mm512_maskz_loadu_ps(right, row + kLane));
    }
    return;
  }
  for (std::int64_t v = 0; v < kPanel; v += kLane) {
    const float* rows = b.data + first + (column + v) * b.column;
    const std::int64_t here = std::clamp<std::int64_t>(columns - v, 0, kLane);
    for (std::int64_t k = 0; k < count; k += kLane) {
      const __mmask16 there = lanes_there(count - k);
      Words::Vector block[kSide];
#pragma GCC unroll 16
      for (int r = 0; r < kSide; ++r)
        block[r] = reinterpret_cast<Words::Vector>(
            r < here ? _mm512_maskz_loadu_ps(there, rows + r * b.column + k) : _mm512_setzero_ps());
      transpose_block(block);
      float* to = panel + k * kPanel + v;
      if (count - k >= kLane) {
#pragma GCC unroll 16
        for (int r = 0; r < kSide; ++r)
          _mm512_store_ps(to + r * kPanel, reinterpret_cast<__m512>(block[r]));
      } else {
        for (int r = 0; r < count - k; ++r)
          _mm512_store_ps(to + r * kPanel, reinterpret_cast<__m512>(block[r]));
      }
    }
  }
}

// Equal parts of `whole`, at most `most` long: how long.
std::int64_t part_length(std::int64_t whole, std::int64_t most, std::int64_t multiple) {
  const std::int64_t parts = (whole + most - 1) / most;
  const std::int64_t length = (whole + parts - 1) / parts;
  return (length + multiple - 1) / multiple * multiple;
}

}  // namespace

void multiply(const ProductExtents& shape, const MatrixPlace& a, const MatrixPlace& b, float factor,
              Into into, float* c, std::int64_t c_row) {
  static thread_local Buffer<float> panel(static_cast<std::size_t>((kInner + kLane) * kPanel));
  const bool turned = a.column != 1;
  const std::int64_t inner_part = part_length(shape.inner, kInner, kLane);
  const std::int64_t row_part = part_length(shape.rows, kRows, kTileRows);
  for (std::int64_t k = 0; k < shape.inner; k += inner_part) {
    const std::int64_t inner = std::min(inner_part, shape.inner - k);
    for (std::int64_t i = 0; i < shape.rows; i += row_part) {
      const std::int64_t last = std::min(i + row_part, shape.rows);
      for (std::int64_t j = 0; j < shape.columns; j += kPanel) {
        const std::int64_t columns = std::min(kPanel, shape.columns - j);
        lay_panel(b, k, inner, j, columns, panel.data());
        const TileFunctions& tiles = tiles_for(columns, turned);
        Tile tile{inner,
                  nullptr,
                  turned ? a.column : a.row,
                  panel.data(),
                  factor,
                  k > 0 || into == Into::AddedTo,
                  {lanes_there(columns), lanes_there(columns - kLane)},
                  nullptr,
                  c_row};
        for (std::int64_t r = i; r < last; r += kTileRows) {
          tile.a = a.data + r * a.row + k * a.column;
          tile.c = c + r * c_row + j;
          tiles[static_cast<std::size_t>(std::min(kTileRows, last - r) - 1)](tile);
        }
      }
    }
  }
}

}  // namespace isoloss

#endif
