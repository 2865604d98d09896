// Do the savings of two changes multiply? A study that holds a baseline, each change alone and both
// together answers that: at one loss, the saving of both beside the product of the single savings
// (the question of sweeps/critique.yaml).
#pragma once
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "analysis/numbers/statistics.h"
#include "analysis/points/points.h"
#include "analysis/savings/savings.h"

namespace isoloss {

// Names of architectures: `both` differs from `baseline` in what `first` and `second` do, and in
// nothing else.
struct CombinedChange {
  std::string baseline, first, second, both;

  bool operator==(const CombinedChange&) const = default;
};

// By the models in the runs' specs, at sizes that the four have in common; the two changes touch
// different fields. Of the four the one that `architectures` names first is the baseline.
std::vector<CombinedChange> combined_changes(std::span<const RunRecord> runs,
                                             const std::vector<std::string>& architectures);

struct CombinedSavings {
  double loss = 0;                         // nats, reached by all four frontiers
  double first = 0, second = 0, both = 0;  // savings over the baseline there
  double product = 0;                      // first * second
  double ratio = 0;                        // both / product: 1 where savings multiply
  // From measured noise, all four frontiers perturbed together; absent without any.
  std::optional<Interval> both_interval, product_interval, ratio_interval;
};

// At three losses inside what the four frontiers reach, the lowest first. Draws are those of
// compute_savings; `options` names no architectures. Throws as frontier_trials and compute_frontier
// do; WorkError where the losses do not overlap.
std::vector<CombinedSavings> combined_savings(const PointTable& table, const CombinedChange& change,
                                              const SavingsOptions& options);

}  // namespace isoloss
