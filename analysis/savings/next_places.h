// Which run more, at any size and budget, narrows the interval of savings most for its FLOPs
// (docs/fitting.md, "The next study"). To first order about the chinchilla laws that fit both
// architectures' trials: the variance of ln savings between the laws' frontiers, by the gradient of
// the savings with the laws' parameters and by what the trials, and a trial more, say of those
// under the seed noise measured.
#pragma once
#include <string>
#include <vector>

#include "analysis/savings/planned_study.h"
#include "analysis/savings/savings_variance.h"

namespace isoloss {

inline constexpr double kExaflop = 1e18;  // FLOPs that shrinks_per_exaflop is per

struct NextPlace {
  std::string architecture;
  double parameters = 0, tokens = 0, flops = 0;  // of the run's end
  bool new_size = false, new_budget = false;     // else one that the architecture's trials have
  bool beyond = false;                           // all sizes or all budgets of the trials
  int evaluations = 0;  // at the trials' budgets up to its end, where their runs pass through such
  double shrinks = 0;   // share of the deviation of ln savings
  double growth_shrinks = 0;  // the same of ln (savings at the lowest loss / at the highest)
  double shrinks_per_exaflop = 0;
};

// Every size tried, one between each two and one beyond either end, at budgets chosen alike, where
// tokens per parameter stay within twice of what was tried; the best per FLOP first. Empty in
// seconds, and where a law cannot be fitted or does not reach the question's losses.
std::vector<NextPlace> next_places(const SavingsQuestion& question, const PlannedStudy& study);

}  // namespace isoloss
