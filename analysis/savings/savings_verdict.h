// What a comparison says of itself in words: its verdict in one line, and what its intervals rest
// on.
#pragma once
#include <string>
#include <vector>

#include "analysis/savings/savings.h"

namespace isoloss {

// "CANDIDATE saves 1.3x compute over BASELINE at loss 3.2 (...)", or what it needs more, or that
// savings are not resolved; of savings complete but for this.
std::string verdict_text(const SavingsOptions& options, const Savings& savings);

// The noise behind the draws and how many they are, or "none: " and why. `trials`: of both
// frontiers.
std::string uncertainty_text(const std::vector<Point>& trials, const Savings& savings);

}  // namespace isoloss
