#include "model/kernels/cuda/update_table.h"

#include <algorithm>
#include <functional>
#include <numeric>
#include <span>
#include <string>
#include <utility>

#include "model/kernels/cuda/launch_sizes.h"
#include "model/spec/error.h"

namespace isoloss::device {
namespace {

std::int64_t tiles(std::int64_t extent, std::int64_t of_tile) {
  return (extent + of_tile - 1) / of_tile;
}

void check_reads(const Parameter& parameter, const TensorEntry& entry) {
  if (!reads_by_fours(entry.offset, entry.factored, entry.columns))
    throw InputError(parameter.name + " starts at element " + std::to_string(entry.offset) +
                     " with rows of " + std::to_string(entry.columns) +
                     " (the device's optimizers read four at a time); use widths that are "
                     "multiples of 8");
}

TensorEntry entry_of(const Parameter& parameter, std::int64_t min_dim_factored) {
  TensorEntry entry;
  entry.offset = parameter.offset;
  entry.columns = parameter.size();
  entry.decays = parameter.decays;
  if (parameter.whole_extent > 0) entry.split = parameter.tensor_axis;
  const std::vector<std::int64_t> whole = whole_shape(parameter);
  entry.whole_columns =
      std::accumulate(whole.begin(), whole.end(), std::int64_t{1}, std::multiplies<>());
  if (min_dim_factored >= 0 && whole.size() == 2 &&
      std::min(whole[0], whole[1]) >= min_dim_factored) {
    entry.factored = 1;
    entry.rows = parameter.shape[0];
    entry.columns = parameter.shape[1];
    entry.whole_rows = whole[0];
    entry.whole_columns = whole[1];
  }
  check_reads(parameter, entry);
  return entry;
}

// Pieces beside each other along the rows of a tensor, and along its columns.
struct Tiles {
  std::int64_t rows, columns;
};
Tiles tiles_of(const TensorEntry& entry) {
  return {entry.factored ? tiles(entry.rows, kPieceRows) : 1,
          tiles(entry.columns, entry.factored ? kPieceColumns : kPieceElements)};
}

class TableBuilder {
 public:
  explicit TableBuilder(bool shares) : shares_(shares) {}

  void add(TensorEntry entry) {
    const auto [row_tiles, column_tiles] = tiles_of(entry);
    entry.first_piece = static_cast<std::int32_t>(pieces_.size());
    entry.pieces = static_cast<std::int32_t>(row_tiles * column_tiles);
    entry.moments = table_.moments;
    const auto tensor = static_cast<std::int32_t>(table_.tensors.size());
    for (std::int64_t row = 0; row < row_tiles; ++row)
      for (std::int64_t column = 0; column < column_tiles; ++column)
        pieces_.push_back(
            {row * kPieceRows, column * (entry.factored ? kPieceColumns : kPieceElements), tensor});
    if (entry.factored) {
      entry.row_squares = squares_;
      entry.column_squares = entry.row_squares + column_tiles * entry.rows;
      squares_ = entry.column_squares + row_tiles * entry.columns;
      entry.sums_of_ranks = sums_;
      if (entry.split >= 0) sums_ += entry.split == 0 ? entry.columns : entry.rows;
      for (const std::int32_t axis : {0, 1})
        for (std::int64_t first = 0; first < (axis == 0 ? entry.rows : entry.columns);
             first += kAxisElements)
          axes_.push_back({first, tensor, axis});
    }
    table_.moments += aligned(entry.factored ? entry.rows + entry.columns : entry.columns);
    table_.tensors.push_back(entry);
  }

  UpdateTable build() {
    const std::int64_t before = aligned(3 * std::ssize(pieces_) + 2 * std::ssize(table_.tensors));
    for (TensorEntry& entry : table_.tensors) {
      entry.row_squares += before;
      entry.column_squares += before;
      entry.sums_of_ranks += before + squares_;
    }
    table_.row_means = 3 * std::ssize(pieces_);
    table_.sums_of_axes = before + squares_;
    table_.size_of_axes = sums_;
    table_.sums_of_tensors = table_.sums_of_axes + sums_;
    table_.scratch = table_.sums_of_tensors + (shares_ ? 2 * std::ssize(table_.tensors) : 0);
    table_.device_tensors = to_device<TensorEntry>(table_.tensors);
    table_.pieces = to_device<UpdatePiece>(pieces_);
    if (!axes_.empty()) table_.axes = to_device<AxisPiece>(axes_);
    return std::move(table_);
  }

 private:
  UpdateTable table_;
  std::vector<UpdatePiece> pieces_;
  std::vector<AxisPiece> axes_;
  bool shares_;                          // the tensors with other ranks
  std::int64_t squares_ = 0, sums_ = 0;  // floats
};

}  // namespace

UpdateTable update_table(const ParameterTable& table, std::int64_t min_dim_factored,
                         const Shard& shard) {
  TableBuilder builder(shard.ranks > 1);
  for (const Parameter& parameter : table.parameters) {
    TensorEntry entry = entry_of(parameter, min_dim_factored);
    entry.leads = shard.rank == 0;
    builder.add(entry);
  }
  return builder.build();
}

std::int64_t update_pieces(const ParameterTable& table, std::int64_t min_dim_factored) {
  std::int64_t pieces = 0;
  for (const Parameter& parameter : table.parameters) {
    const Tiles of_tensor = tiles_of(entry_of(parameter, min_dim_factored));
    pieces += of_tensor.rows * of_tensor.columns;
  }
  return pieces;
}

}  // namespace isoloss::device
