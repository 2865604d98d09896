// Whether a comparison's intervals decide anything: that something is saved at all, and that the
// saving changes with scale (docs/comparison.md rule 8).
#pragma once
#include <optional>
#include <vector>

#include "analysis/numbers/statistics.h"
#include "analysis/savings/savings.h"

namespace isoloss {

// With the slope given savings are one factor, whose scatter is an interval where no draws are;
// empty where the slope is not given.
std::optional<Interval> interval_of_slope(const SavingsOptions& options, const Savings& savings);

// What the verdict speaks of: the savings at the middle loss. Beyond the losses both frontiers
// reach they are the law's, where its floor is known or fitted.
struct HeadlineSavings {
  double savings = 0;
  std::optional<Interval> interval;
  bool by_law = false;
};
HeadlineSavings headline_savings(const SavingsOptions& options, const Savings& savings);

// Whether the interval of the headline holds a factor of one; false where there is no interval.
bool holds_one(const SavingsOptions& options, const Savings& savings);

// Whether the law's change per decade is told from one, where the baseline's frontier spans 1.5
// decades of compute and every place of `trials` has three seeds.
bool is_growth_resolved(const std::vector<Point>& trials, const Savings& savings);

}  // namespace isoloss
