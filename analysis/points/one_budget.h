// Which compute counts as equal. Both bounds are choices, no paper's: the first is far above what
// whole steps and the way of counting make of one budget's FLOPs, and far below the step from one
// budget of a study to the next.
#pragma once
#include <cmath>

namespace isoloss {

// Of ln C: trials nearer than this spent one budget where the table names none.
inline constexpr double kOneBudget = 0.05;

// Largest over smallest FLOPs that an isoFLOP curve may be drawn through. A nominal budget may be
// of 6 N D or of tokens, and what sizes then spend spreads by more than kOneBudget.
inline constexpr double kIsoFlopSpread = 1.25;

// Whether trials of so many FLOPs, above zero, are of one budget: within 5 % (kOneBudget).
inline bool of_one_budget(double flops, double other_flops) {
  return std::abs(std::log(flops / other_flops)) < kOneBudget;
}

// Whether they are near enough for one isoFLOP curve: within a quarter (kIsoFlopSpread).
inline bool of_one_isoflop_curve(double flops, double other_flops) {
  return std::abs(std::log(flops / other_flops)) < std::log(kIsoFlopSpread);
}

}  // namespace isoloss
