// The parameter table as an optimizer's kernels read it: flat buffers cut into pieces that a block
// works on each, in the device's memory, made once. Moments lie in flat buffers of their own, in
// the order of the table, each tensor's from a multiple of 16 elements on.
#pragma once
#include <cstdint>
#include <vector>

#include "model/kernels/cuda/device.h"
#include "model/spec/parameters.h"

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
  // then what tensors name.
  std::int64_t scratch = 0;
};

// Of every tensor of the table; matrices both of whose dimensions reach `min_dim_factored` are
// factored. Negative: none is (AdamW). Tensors that start at no multiple of 4 elements, factored
// ones whose columns are no multiple of 4, and shards (shard.h) throw InputError.
UpdateTable update_table(const ParameterTable& table, std::int64_t min_dim_factored);

// How many pieces that cuts the table into, without a device.
std::int64_t update_pieces(const ParameterTable& table, std::int64_t min_dim_factored);

}  // namespace isoloss::device
