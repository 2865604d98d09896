// Whether two frontiers share one slope and one floor: which test counts, and what it finds at 5 %.
#pragma once
#include <string>

#include "analysis/savings/savings.h"

namespace isoloss {

// Which p of two tests counts: F takes every budget as independent, which those of one run or one
// surface are not, and then rejects what is true too often (docs/fitting.md, "Coverage").
enum class SavingsTest { None, F, FromDraws };

// The draws where there are any, else F.
SavingsTest slope_test(const ParallelSavings& parallel);
SavingsTest floor_test(const FloorTest& floors);

// Whether the test that counts rejects equal slopes at 5 %.
bool slopes_differ(const ParallelSavings& parallel);

// What each of the two tests says of equal slopes, the draws first where there are any; empty where
// neither can say.
std::string slope_tests_text(const ParallelSavings& parallel);

// Whether the test that counts rejects one floor at 5 %. `auto` gives each its own only where the
// draws say so.
bool floors_differ(const Savings& savings);

}  // namespace isoloss
