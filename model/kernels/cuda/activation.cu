#include "model/kernels/cuda/activation.h"

#include <array>

#include "model/kernels/cuda/activation_formulas.h"
#include "model/kernels/cuda/column_tiles.h"
#include "model/kernels/cuda/partial_sums.h"

namespace isoloss::device {
namespace {

constexpr int kActivationThreads = 256;

std::int64_t width_of_z(const ActivationShape& shape) {
  return shape.gated ? 2 * shape.width : shape.width;
}

template <typename T>
ISOLOSS_INLINE Eight load_biased(const T* z, const float* bias, std::int64_t column) {
  Eight x = load_eight(z + column);
  if (bias) {
    const Eight b = load_eight(bias + column);
    ISOLOSS_UNROLL
    for (int i = 0; i < 8; ++i) x.at[i] += b.at[i];
  }
  return x;
}

template <typename T>
__global__ void activate(ActivationShape shape, const T* z, const float* bias, T* y) {
  const auto eights = static_cast<std::uint32_t>(shape.width / 8);
  const std::uint32_t i = grid_thread();
  if (i >= shape.rows * eights) return;
  const std::int64_t row = i / eights, column = i % eights * 8;
  const T* z_row = z + row * (shape.gated ? 2 * shape.width : shape.width);
  Eight x = load_biased(z_row, bias, column);
  with_formula(shape.activation, [&](auto formula) {
    ISOLOSS_UNROLL
    for (int j = 0; j < 8; ++j) x.at[j] = formula.at(x.at[j]).value;
  });
  if (shape.gated) {
    const Eight in = load_biased(z_row, bias, shape.width + column);
    ISOLOSS_UNROLL
    for (int j = 0; j < 8; ++j) x.at[j] *= in.at[j];
  }
  store_eight(y + row * shape.width + column, x);
}

// A run of rows of 256 columns of y, and the columns of z that they come from.
template <typename T>
__global__ void __launch_bounds__(kTileThreads, 3)
    activation_gradient(ActivationShape shape, std::int64_t rows_of_part, const T* z,
                        const float* bias, const T* dy, T* dz, float* parts) {
  __shared__ __align__(16) float shared[kTileRows * kTileColumns];
  const int thread = static_cast<int>(threadIdx.x);
  const std::int64_t first_column = static_cast<std::int64_t>(blockIdx.x) * kTileColumns;
  const std::int64_t column = first_column + thread % (kTileColumns / 8) * 8;
  const std::int64_t first = static_cast<std::int64_t>(blockIdx.y) * rows_of_part;
  const std::int64_t last = first + rows_of_part < shape.rows ? first + rows_of_part : shape.rows;
  const std::int64_t row_of_z = shape.gated ? 2 * shape.width : shape.width;
  Eight sums = all_eight(0), sums_of_in = all_eight(0);
  if (column < shape.width) {
    for (std::int64_t row = first + thread / (kTileColumns / 8); row < last; row += kTileRows) {
      const T* z_row = z + row * row_of_z;
      T* dz_row = dz + row * row_of_z;
      const Eight x = load_biased(z_row, bias, column);
      Eight d = load_eight(dy + row * shape.width + column);
      if (shape.gated) {
        Eight in = load_biased(z_row, bias, shape.width + column);
        with_formula(shape.activation, [&](auto formula) {
          ISOLOSS_UNROLL
          for (int i = 0; i < 8; ++i) {
            const Activated gate = formula.at(x.at[i]);
            const float d_in = d.at[i] * gate.value;
            d.at[i] = d.at[i] * in.at[i] * gate.slope;
            in.at[i] = d_in;
          }
        });
        ISOLOSS_UNROLL
        for (int i = 0; i < 8; ++i) sums_of_in.at[i] += in.at[i];
        store_eight(dz_row + shape.width + column, in);
      } else {
        with_formula(shape.activation, [&](auto formula) {
          ISOLOSS_UNROLL
          for (int i = 0; i < 8; ++i) d.at[i] *= formula.at(x.at[i]).slope;
        });
      }
      ISOLOSS_UNROLL
      for (int i = 0; i < 8; ++i) sums.at[i] += d.at[i];
      store_eight(dz_row + column, d);
    }
  }
  if (!parts) return;
  float* part = parts + blockIdx.y * row_of_z;
  sum_tile(sums, shared, part, first_column, shape.width);
  if (shape.gated) sum_tile(sums_of_in, shared, part + shape.width, first_column, shape.width);
}

}  // namespace

template <typename T>
void activation_forward(Stream& stream, const ActivationShape& shape, const T* z, const float* bias,
                        T* y) {
  require_eights("a hidden row", shape.width);
  launch(stream,
         {.grid_x = blocks(shape.rows * shape.width / 8, kActivationThreads),
          .threads = kActivationThreads},
         activate<T>, shape, z, bias, y);
}

std::int64_t activation_scratch(const ActivationShape& shape) {
  return column_tiles(shape.rows, shape.width).parts * width_of_z(shape);
}

template <typename T>
void activation_backward(Stream& stream, const ActivationShape& shape, const T* z,
                         const float* bias, const T* dy, T* dz, float* d_bias, float* scratch) {
  require_eights("a hidden row", shape.width);
  const ColumnTiles cut = column_tiles(shape.rows, shape.width);
  launch(stream,
         {.grid_x = static_cast<unsigned>(cut.tiles),
          .grid_y = static_cast<unsigned>(cut.parts),
          .threads = kTileThreads},
         activation_gradient<T>, shape, cut.rows_of_part, z, bias, dy, dz,
         d_bias ? scratch : nullptr);
  if (d_bias)
    add_partial_sums(stream, {scratch, cut.parts, width_of_z(shape)},
                     std::array<SumTarget, 1>{{{d_bias, 0, width_of_z(shape)}}});
}

template void activation_forward(Stream&, const ActivationShape&, const float*, const float*,
                                 float*);
template void activation_forward(Stream&, const ActivationShape&, const simt::Bf16*, const float*,
                                 simt::Bf16*);
template void activation_backward(Stream&, const ActivationShape&, const float*, const float*,
                                  const float*, float*, float*, float*);
template void activation_backward(Stream&, const ActivationShape&, const simt::Bf16*, const float*,
                                  const simt::Bf16*, simt::Bf16*, float*, float*);

}  // namespace isoloss::device
