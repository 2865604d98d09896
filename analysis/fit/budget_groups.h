// Trials of one architecture by budget and size: what the frontiers of frontier.h are made of.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "analysis/fit/frontier.h"

namespace isoloss {

// The seeds of one size at one budget.
struct SizeMean {
  double log_parameters = 0;  // NaN where not known
  double loss = 0;            // mean over seeds
  double log_flops = 0;       // mean over seeds
  double log_seconds = 0;     // mean over seeds; NaN where not known
  std::string size;
  std::vector<std::size_t> members;  // indices into the trials
};

struct BudgetGroup {
  double budget = 0;            // nominal, or the mean FLOPs where the table names no budgets
  double log_flops = 0;         // mean over sizes
  std::vector<SizeMean> sizes;  // by parameters, ascending
};

// By nominal budget, or where it is not given by FLOPs (one_budget.h); ascending.
std::vector<BudgetGroup> budget_groups(std::span<const Point> trials,
                                       std::span<const double> losses, bool embeddings);

// Whether each group's trials spent about the same compute (of_one_isoflop_curve).
bool are_isoflop(const std::vector<BudgetGroup>& groups, std::span<const Point> trials);

// Index of the size with the smallest mean loss.
std::size_t best_size(const BudgetGroup& group);

// How many times the best size its neighbours in size are (or it them), the farther one of each
// group, the middle of the groups; 0 where none has two sizes.
double ratio_beside_best(const std::vector<BudgetGroup>& groups);

// Empty where the best size has a smaller and a larger neighbour; otherwise why it does not count.
std::string edge_of(const BudgetGroup& group);

// Compute in seconds at `log_parameters`, by a line through ln seconds over ln N; NaN where not
// known.
double seconds_at(const BudgetGroup& group, double log_parameters);

// frontier.cpp: the sizes whose loss is within kNearOptimal of the best's, by L = L* + kappa (ln N
// - ln N*)^2, kappa above zero.
std::pair<double, double> near_optimal_sizes(double kappa, const FrontierPoint& best);

// frontier_surface.cpp: the joint surface over the groups; sets points, kappa, a and g.
void fit_surface(const std::vector<BudgetGroup>& groups, std::span<const Point> trials,
                 std::span<const double> losses, const FrontierOptions& options,
                 const Frontier* decided, Frontier& frontier);

}  // namespace isoloss
