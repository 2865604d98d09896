// Rows that stand at one place of a study: what nothing tells apart, and what contradicts itself.
#pragma once
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "analysis/points/points.h"

namespace isoloss {

// Pairs of rows of one architecture, FLOPs, parameters, tokens and learning rate (within .1 %) that
// neither seed nor run tells apart. The first pair by number, counted from 1.
struct RepeatedRows {
  std::size_t first = 0, second = 0, pairs = 0;

  // "rows 1 and 2 and 3 more pairs"
  std::string text() const;
};

// What tells rows of one place apart besides: a law of every point reads a file's further columns,
// a frontier averages all rows of a size at a budget.
enum class RowsOf { ALaw, AFrontier };

// Of `points`, which are the table's `rows`.
RepeatedRows repeated_rows(std::span<const Point> points, std::span<const std::size_t> rows,
                           RowsOf rows_of);

// InputError naming two of the rows that say one place, seed and budget and different losses: a
// frontier would average them as replicates. Names the further column in which they differ, too.
void require_one_loss(const PointTable& table, std::span<const std::size_t> rows);

// near_duplicate_rows: rows without a seed at one place, which a frontier averages.
void flag_repeated_rows(const PointTable& table, std::span<const std::size_t> rows,
                        std::vector<std::string>& flags);

}  // namespace isoloss
