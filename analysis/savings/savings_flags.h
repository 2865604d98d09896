// Flags of a comparison: one for every rule of an honest comparison that it breaks
// (docs/comparison.md; docs/fitting.md, "Flags").
#pragma once
#include <vector>

#include "analysis/savings/savings.h"

namespace isoloss {

// Adds them to savings that are complete but for the verdict. `trials`: of both frontiers.
void add_savings_flags(const PointTable& table, const SavingsOptions& options,
                       const std::vector<Point>& trials, Savings& savings);

}  // namespace isoloss
