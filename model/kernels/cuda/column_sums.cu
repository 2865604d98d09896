#include "model/kernels/cuda/column_sums.h"

#include <array>

#include "model/kernels/cuda/column_tiles.h"
#include "model/kernels/cuda/partial_sums.h"

namespace isoloss::device {
namespace {

template <typename T>
__global__ void sums_of_columns(ColumnSumsShape shape, std::int64_t rows_of_part, const T* x,
                                float* parts) {
  __shared__ __align__(16) float shared[kTileRows * kTileColumns];
  const int thread = static_cast<int>(threadIdx.x);
  const std::int64_t first_column = static_cast<std::int64_t>(blockIdx.x) * kTileColumns;
  const std::int64_t column = first_column + thread % (kTileColumns / 8) * 8;
  const std::int64_t first = static_cast<std::int64_t>(blockIdx.y) * rows_of_part;
  const std::int64_t last = first + rows_of_part < shape.rows ? first + rows_of_part : shape.rows;
  Eight sums = all_eight(0);
  if (column < shape.width) {
    for (std::int64_t row = first + thread / (kTileColumns / 8); row < last; row += kTileRows) {
      const Eight values = load_eight(x + row * shape.stride + column);
      ISOLOSS_UNROLL
      for (int i = 0; i < 8; ++i) sums.at[i] += values.at[i];
    }
  }
  sum_tile(sums, shared, parts + blockIdx.y * shape.width, first_column, shape.width);
}

}  // namespace

std::int64_t column_sums_scratch(const ColumnSumsShape& shape) {
  return column_tiles(shape.rows, shape.width).parts * shape.width;
}

template <typename T>
void add_column_sums(Stream& stream, const ColumnSumsShape& shape, const T* x, float* to,
                     float* scratch) {
  require_eights("a row", shape.width);
  require_eights("the distance of rows", shape.stride);
  const ColumnTiles cut = column_tiles(shape.rows, shape.width);
  launch(stream,
         {.grid_x = static_cast<unsigned>(cut.tiles),
          .grid_y = static_cast<unsigned>(cut.parts),
          .threads = kTileThreads},
         sums_of_columns<T>, shape, cut.rows_of_part, x, scratch);
  add_partial_sums(stream, {scratch, cut.parts, shape.width},
                   std::array<SumTarget, 1>{{{to, 0, shape.width}}});
}

template void add_column_sums(Stream&, const ColumnSumsShape&, const float*, float*, float*);
template void add_column_sums(Stream&, const ColumnSumsShape&, const simt::Bf16*, float*, float*);

}  // namespace isoloss::device
