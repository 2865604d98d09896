// What a comparison does not say, because nothing in it knows: below its floor, beyond the losses
// both frontiers reach, and of slopes where the floor was assumed.
#pragma once
#include <string>

#include "analysis/points/points.h"
#include "analysis/savings/savings.h"
#include "analysis/savings/savings_floor.h"

namespace isoloss {

// Whether `auto` took zero because fewer budgets than a fitted floor needs are all there is.
bool is_floor_assumed(const SavingsOptions& options, const PointTable& table,
                      const SavingsFloor& floor);

// InputError for a loss asked for at or below the floor given or fitted: no compute reaches it, and
// interpolation that goes on below it means nothing. `source`: of the points.
void require_above_floor(const std::string& source, const SavingsOptions& options,
                         const Savings& savings);

// Takes away the intervals of interpolation beyond the overlap, and where the floor is assumed
// tests of equal slopes and intervals of what slopes of their own say.
void withhold_unknown(const SavingsOptions& options, Savings& savings);

}  // namespace isoloss
