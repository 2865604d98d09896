// How often what is said of accuracy holds on simulated tasks whose truth is known
// (accuracy_fixture.h): two architectures of which the second needs half the compute.
#pragma once
#include <optional>

#include "analysis/scores/accuracy_fit.h"
#include "tests/analysis/scores/accuracy_fixture.h"

namespace isoloss {

// Counts how many of some intervals hold the truth.
struct CoverageShare {
  int held = 0, of = 0;

  void count(const std::optional<Interval>& interval, double truth) {
    if (!interval) return;
    ++of;
    held += interval->first <= truth && truth <= interval->second;
  }
  double share() const { return static_cast<double>(held) / of; }
};

// The interval of compute at equal accuracy at the middle of what both reach; none where they reach
// nothing together.
inline std::optional<Interval> middle_multiplier(const AccuracyFit& fit) {
  const auto *baseline = fit.find("transformer"), *candidate = fit.find("primer");
  const auto at = common_accuracies(*baseline, *candidate);
  if (at.empty()) return std::nullopt;
  return compute_multiplier(*baseline, *candidate, at[1], fit.level).interval;
}

// One trial of the second architecture at ten times the recipe's largest budget.
inline AccuracyPoint larger_trial(const AccuracyRecipe& recipe) {
  AccuracyRecipe larger = recipe;
  larger.budgets = {10 * recipe.budgets.back()};
  larger.seed = recipe.seed + 1'000'000;
  return accuracy_task(larger).points.back();
}

}  // namespace isoloss
