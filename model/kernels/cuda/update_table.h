// The parameter table as an optimizer's kernels read it: flat buffers cut into pieces that a block
// works on each, in the device's memory, made once. Moments lie in flat buffers of their own, in
// the order of the table, each tensor's from a multiple of 16 elements on.
#pragma once
#include <cstdint>
#include <vector>

#include "model/kernels/cuda/device.h"
#include "model/spec/parameters.h"
#include "model/spec/shard.h"

namespace isoloss::device {

// One tensor. A factored one is a matrix whose second moments are kept as means of rows and of
// columns; any other is one long row.
struct TensorEntry {
  std::int64_t offset = 0;  // first element in weights and gradients
  std::int64_t rows = 1, columns = 0;
  std::int64_t moments = 0;         // first element in the moments: all, or rows then columns
  std::int64_t row_squares = 0;     // first float in the scratch memory of [column tiles, rows]
  std::int64_t column_squares = 0;  // of [row tiles, columns]
  std::int32_t first_piece = 0, pieces = 0;
  std::int32_t factored = 0, decays = 0;
  // Where several ranks share the model's tensors: the axis along which this is a shard (not
  // factored: of its one row), -1 where all ranks have it; its extents over all of them; whether
  // this rank counts what all have; and, of a factored shard, the first float in the scratch memory
  // of sums along the other axis, of which each rank has its part.
  std::int32_t split = -1, leads = 1;
  std::int64_t whole_rows = 1, whole_columns = 0;
  std::int64_t sums_of_ranks = 0;
};

// Part of a tensor: rows [first_row, + kPieceRows) of columns [first_column, + kPieceColumns) where
// it is factored, else elements [first_column, + kPieceElements).
struct UpdatePiece {
  std::int64_t first_row = 0, first_column = 0;
  std::int64_t tensor = 0;
};
// Part of a factored tensor's moments: kAxisElements of its rows (axis 0) or columns (1).
struct AxisPiece {
  std::int64_t first = 0;
  std::int32_t tensor = 0, axis = 0;
};

inline constexpr std::int64_t kPieceRows = 64, kPieceColumns = 128;
inline constexpr std::int64_t kPieceElements = kPieceRows * kPieceColumns;
inline constexpr std::int64_t kAxisElements = 32;

struct UpdateTable {
  std::vector<TensorEntry> tensors;  // as in the device's memory
  DeviceArray<TensorEntry> device_tensors;
  DeviceArray<UpdatePiece> pieces;
  DeviceArray<AxisPiece> axes;
  std::int64_t moments = 0;  // elements of a buffer of moments
  // Floats of scratch memory that measure_gradients() and the update share: of each piece squares
  // of gradients, of updates and of weights; of each tensor its rows' mean moment and its step;
  // then what tensors name, and what ranks that share them add up: sums along axes, and of each
  // tensor squares of updates and of weights.
  std::int64_t scratch = 0;
  std::int64_t sums_of_axes = 0, size_of_axes = 0;  // where, and how many
  std::int64_t sums_of_tensors = 0;                 // where; two of each tensor
  std::int64_t row_means = 0;                       // where; one of each tensor
};

// Of every tensor of the table; matrices both of whose dimensions reach `min_dim_factored` are
// factored, shards (shard.h) as the whole tensors are. Negative: none is (AdamW). `shard` says
// which of how many ranks that share the tensors this is. Tensors that start at no multiple of 4
// elements, and factored ones whose columns are no multiple of 4, throw InputError.
UpdateTable update_table(const ParameterTable& table, std::int64_t min_dim_factored,
                         const Shard& shard = {});

// How many pieces that cuts the table into, without a device.
std::int64_t update_pieces(const ParameterTable& table, std::int64_t min_dim_factored);

}  // namespace isoloss::device
