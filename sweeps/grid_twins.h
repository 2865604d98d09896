// Values of an axis that change nothing: two trials of the grid would be one.
#pragma once
#include <span>

#include "sweeps/grid.h"
#include "sweeps/study.h"

namespace isoloss {

// InputError with file, line and axis where two cells are trained alike and share a budget.
void refuse_twin_cells(const Study& study, std::span<const Cell> cells);

}  // namespace isoloss
