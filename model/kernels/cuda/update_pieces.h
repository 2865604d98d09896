// How the optimizers' kernels walk over a piece of a tensor, four elements a thread at a time, and
// where their statistics lie in the table's scratch memory.
#pragma once
#include <iterator>

#include "model/kernels/cuda/simt.h"
#include "model/kernels/cuda/update_table.h"

namespace isoloss::device {

inline constexpr int kUpdateThreads = 256;
inline constexpr int kUpdateWarps = kUpdateThreads / simt::kWarp;
static_assert(kPieceColumns == 4 * simt::kWarp);

// What kernels read of an UpdateTable.
struct UpdateView {
  const TensorEntry* tensors;
  const UpdatePiece* pieces;
  const AxisPiece* axes;
  std::int64_t tensor_count, piece_count;
};
inline UpdateView view(const UpdateTable& table) {
  return {table.device_tensors.data(), table.pieces.data(), table.axes.data(),
          std::ssize(table.tensors), table.pieces.size()};
}

// A float of every piece or tensor, in the scratch memory.
template <typename Float>
struct Statistics {
  Float *gradients, *updates, *weights;  // squares of each piece
  Float *row_means, *steps;              // of each tensor
};
template <typename Float>
ISOLOSS_INLINE Statistics<Float> statistics(const UpdateView& table, Float* scratch) {
  Float* of_tensors = scratch + 3 * table.piece_count;
  return {scratch, scratch + table.piece_count, scratch + 2 * table.piece_count, of_tensors,
          of_tensors + table.tensor_count};
}

// Whether this rank's part of the tensor counts in sums over the ranks that share tensors.
ISOLOSS_INLINE bool counts_here(const TensorEntry& tensor) {
  return tensor.split >= 0 || tensor.leads;
}

struct Four {
  float at[4];
};
// The first `count` (up to four) at `from`; zeros for the rest.
ISOLOSS_INLINE Four load_four(const float* from, int count) {
  Four x{{0, 0, 0, 0}};
  if (count == 4) {
    const auto pack = simt::load<float, 4>(from);
    ISOLOSS_UNROLL
    for (int i = 0; i < 4; ++i) x.at[i] = pack.values[i];
  } else {
    ISOLOSS_UNROLL
    for (int i = 0; i < 4; ++i)
      if (i < count) x.at[i] = from[i];
  }
  return x;
}
template <typename T>
ISOLOSS_INLINE void store_four(T* to, const Four& x, int count) {
  simt::Pack<T, 4> pack;
  ISOLOSS_UNROLL
  for (int i = 0; i < 4; ++i) pack.values[i] = simt::rounded<T>(x.at[i]);
  if (count == 4) return simt::store<T, 4>(to, pack);
  ISOLOSS_UNROLL
  for (int i = 0; i < 4; ++i)
    if (i < count) to[i] = pack.values[i];
}

// Calls work(row, column, first element within the tensor, how many of four) for this thread's
// share of the piece. Of a factored tensor a warp has whole rows of the piece, one after the other,
// and calls for all of its lanes, with none of four for those beyond the last column.
template <typename Work>
ISOLOSS_INLINE void for_each_four(const TensorEntry& tensor, const UpdatePiece& piece,
                                  const Work& work) {
  if (tensor.factored) {
    const std::int64_t column = piece.first_column + 4 * simt::lane();
    const std::int64_t end = piece.first_row + kPieceRows;
    const std::int64_t last = end < tensor.rows ? end : tensor.rows;
    for (std::int64_t row = piece.first_row + simt::warp(); row < last; row += kUpdateWarps)
      work(row, column, row * tensor.columns + column, column < tensor.columns ? 4 : 0);
  } else {
    const std::int64_t end = piece.first_column + kPieceElements;
    const std::int64_t last = end < tensor.columns ? end : tensor.columns;
    for (std::int64_t i = piece.first_column + 4 * static_cast<std::int64_t>(threadIdx.x); i < last;
         i += 4 * kUpdateThreads)
      work(std::int64_t{0}, i, i, last - i < 4 ? static_cast<int>(last - i) : 4);
  }
}

}  // namespace isoloss::device
