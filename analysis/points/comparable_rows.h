// Which rows of a table may be analysed together: losses and FLOPs that mean the same, and no
// column that the analysis would pass over in silence.
#pragma once
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "analysis/points/points.h"

namespace isoloss {

// Rows of the table that count as results of one of `architectures` (empty: of any), from the
// smallest budget on.
std::vector<std::size_t> result_rows(const PointTable& table,
                                     const std::vector<std::string>& architectures,
                                     double from_budget);

// InputError naming file, line and column where the rows name more than one FLOP convention,
// tokenizer or held-out set (columns flops_convention, tokenizer_hash, held_out_hash).
void require_one_convention(const PointTable& table, std::span<const std::size_t> rows);

// The same for `evaluation`: losses on several sets at one place are no replicates.
void require_one_evaluation(const PointTable& table, std::span<const std::size_t> rows,
                            const char* analysis);

// The same for `weight`: equal weights change nothing, and `analysis` takes every row once.
void require_equal_weights(const PointTable& table, std::span<const std::size_t> rows,
                           const char* analysis);

// "lines 2 and 5" of the table's file; "rows 1 and 4" where it is of none.
std::string named_rows(const PointTable& table, std::size_t first, std::size_t other);

}  // namespace isoloss
