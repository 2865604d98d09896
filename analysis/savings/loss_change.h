// What a change of architecture does to the loss at equal compute: the question of an insertion or
// an ablation study (So et al. 2021, section 5.2 and figure 26).
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "analysis/numbers/statistics.h"
#include "analysis/points/points.h"
#include "analysis/savings/savings.h"

namespace isoloss {

struct LossChange {
  double budget = 0;                   // nominal, the same for both
  double baseline = 0, candidate = 0;  // loss at each one's best size, nats
  double change = 0;                   // candidate - baseline: below zero the candidate is better
  std::optional<Interval> interval;    // of the change, from measured noise; absent without any
  double perplexity_gain = 0;          // (P_b - P_c) / P_b, P = exp(loss): So et al. 2021, A.7
  std::string note;                    // what speaks against a best size, as the frontiers say
};

// At every budget that both have, by budget; empty where the table names none. Draws are those of
// compute_savings. Throws as frontier_trials and compute_frontier do.
std::vector<LossChange> loss_changes(const PointTable& table, const SavingsOptions& options);

}  // namespace isoloss
