// Rows that a power law of every point takes for a frontier and that are none.
#pragma once
#include <optional>
#include <span>

#include "analysis/fit/fit.h"
#include "analysis/fit/seed_noise.h"

namespace isoloss {

// points_off_frontier: sizes of one budget differ in loss by more than seeds do (F test at 5 %), or
// where no seed noise is known by more than .1 % at half of the budgets that have several. Of one
// architecture whose points all say their size.
void flag_off_frontier(std::span<const Point> points, const std::optional<SeedNoise>& noise,
                       Fit& fit);

}  // namespace isoloss
