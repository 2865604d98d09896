// The parameter table as an optimizer's kernels read it: flat buffers cut into pieces that a block
// works on each, in the device's memory, made once. The state's moments lie in flat buffers too, in
// the order of the table without padding, as harness/optimizer.h has them in files.
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
  std::int64_t rows = 0, columns = 0;
  std::int64_t moments = 0;      // first element in the moments: all, or rows then columns
  std::int64_t row_sums = 0;     // first float in the scratch memory of [column tiles, rows]
  std::int64_t column_sums = 0;  // of [row tiles, columns]
  std::int32_t first_piece = 0, pieces = 0;
  std::int32_t factored = 0, decays = 0;
};

// Part of a tensor: rows [first_row, + kPieceRows) of columns [first_column, + kPieceColumns) where
// it is factored, else elements [first_column, + kPieceElements).
struct UpdatePiece {
  std::int32_t tensor = 0;
  std::int32_t first_row = 0;
  std::int64_t first_column = 0;
};
// Part of a factored tensor's moments: kAxisElements of its rows (axis 0) or columns (1).
struct AxisPiece {
  std::int32_t tensor = 0;
  std::int32_t axis = 0;
  std::int64_t first = 0;
};

inline constexpr std::int64_t kPieceRows = 64, kPieceColumns = 128;
inline constexpr std::int64_t kPieceElements = kPieceRows * kPieceColumns;
inline constexpr std::int64_t kAxisElements = 32;

struct UpdateTable {
  std::vector<TensorEntry> tensors;  // as in the device's memory
  DeviceArray<TensorEntry> device_tensors;
  DeviceArray<UpdatePiece> pieces;
  DeviceArray<AxisPiece> axes;
  std::int64_t moments = 0;  // elements of second moments
  std::int64_t scratch = 0;  // bytes that measure_gradients() and the update share
};

// Of every tensor of the table; matrices both of whose dimensions reach `min_dim_factored` are
// factored. Negative: none is (AdamW). Tensors whose offset is no multiple of 4, or that tensor
// parallelism has cut, throw InputError.
UpdateTable update_table(const ParameterTable& table, std::int64_t min_dim_factored);

}  // namespace isoloss::device
