// Which points of a table a law is fitted to: results, of one architecture where one is named, from
// the smallest budget on.
#pragma once
#include <cstddef>
#include <vector>

#include "analysis/fit/fit.h"
#include "analysis/points/points.h"

namespace isoloss {

struct ChosenPoints {
  std::vector<Point> points;
  std::vector<std::size_t> rows;  // of the table
};

// InputError: no architecture of that name (nearest named), nothing left, points of several
// conventions.
ChosenPoints chosen_points(const PointTable& table, const FitOptions& options);

}  // namespace isoloss
