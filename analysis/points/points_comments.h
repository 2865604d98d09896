// The comment lines of a CSV of points that say what its columns cannot: FLOP convention, hashes of
// tokenizer and held-out text, floor (docs/format.md).
#pragma once
#include <iosfwd>

#include "analysis/points/points.h"
#include "results/csv.h"

namespace isoloss {

// Into `table`. InputError: two comments that differ, a floor that is no number.
void read_point_comments(const CsvReader& csv, PointTable& table);

void write_point_comments(std::ostream& out, const PointTable& table);

}  // namespace isoloss
