#include "model/kernels/cuda/gradient_norm.h"

#include "model/kernels/cuda/double_sum.h"
#include "model/kernels/cuda/update_pieces.h"

namespace isoloss::device {
namespace {

constexpr int kNormOfAllThreads = 1024;

// Squares by row need a sum over the warp that has the row, squares by column one over the warps.
__global__ void __launch_bounds__(kUpdateThreads)
    squares_of_pieces(UpdateView table, const float* gradients, float* scratch) {
  __shared__ __align__(16) float of_columns[kUpdateWarps * kPieceColumns];
  __shared__ __align__(16) float of_warps[32];
  const UpdatePiece piece = table.pieces[blockIdx.x];
  const TensorEntry tensor = table.tensors[piece.tensor];
  const float* mine = gradients + tensor.offset;
  float* row_squares =
      scratch + tensor.row_squares + piece.first_column / kPieceColumns * tensor.rows;
  Four squares{{0, 0, 0, 0}};
  for_each_four(tensor, piece, [&](std::int64_t row, std::int64_t, std::int64_t at, int count) {
    const Four g = load_four(mine + at, count);
    float of_row = 0;
    ISOLOSS_UNROLL
    for (int i = 0; i < 4; ++i) {
      squares.at[i] += g.at[i] * g.at[i];
      of_row += g.at[i] * g.at[i];
    }
    if (!tensor.factored) return;
    of_row = simt::warp_sum(of_row);
    if (simt::lane() == 0) row_squares[row] = of_row;
  });
  if (tensor.factored) {
    simt::store<float, 4>(of_columns + threadIdx.x * 4,
                          {{squares.at[0], squares.at[1], squares.at[2], squares.at[3]}});
    simt::sync_block();
    const std::int64_t column = piece.first_column + threadIdx.x;
    if (threadIdx.x < kPieceColumns && column < tensor.columns) {
      float total = 0;
      for (int i = 0; i < kUpdateWarps; ++i) total += of_columns[i * kPieceColumns + threadIdx.x];
      scratch[tensor.column_squares + piece.first_row / kPieceRows * tensor.columns + column] =
          total;
    }
  }
  const float total = simt::block_sum<kUpdateThreads>(
      (squares.at[0] + squares.at[1]) + (squares.at[2] + squares.at[3]), of_warps);
  if (threadIdx.x == 0)
    statistics(table, scratch).gradients[blockIdx.x] = counts_here(tensor) ? total : 0;
}

__global__ void __launch_bounds__(kNormOfAllThreads)
    norm_of_all(std::int64_t pieces, const float* squares, const float* loss, double limit,
                const UpdateInput* input, UpdateState* state) {
  __shared__ __align__(16) double shared[kNormOfAllThreads];
  double total = 0;
  for (std::int64_t i = threadIdx.x; i < pieces; i += kNormOfAllThreads)
    total += static_cast<double>(squares[i]);
  total = double_sum<kNormOfAllThreads>(total, shared);
  if (threadIdx.x > 0) return;
  const double norm = sqrt(total);
  state->gradient_norm = norm;
  state->loss = loss[0];
  state->clip_factor = limit > 0 && norm > limit ? static_cast<float>(limit / norm) : 1.0F;
  // Of what is not finite, the difference with itself is not a number.
  const bool finite = norm - norm == 0 && loss[0] - loss[0] == 0;
  state->finite = finite && (input->behind == 0 || state->finite != 0) ? 1 : 0;
}

}  // namespace

void measure_gradients(Stream& stream, const UpdateTable& table, const float* gradients,
                       float* scratch) {
  if (table.tensors.empty()) return;
  launch(stream, {.grid_x = static_cast<unsigned>(table.pieces.size()), .threads = kUpdateThreads},
         squares_of_pieces, view(table), gradients, scratch);
}

void finish_gradient_norm(Stream& stream, std::int64_t pieces, const float* squares,
                          const float* loss, double limit, const UpdateInput* input,
                          UpdateState* state) {
  launch(stream, {.threads = kNormOfAllThreads}, norm_of_all, pieces, squares, loss, limit, input,
         state);
}

}  // namespace isoloss::device
