// Which frontier `auto` takes of the trials of one architecture.
#pragma once
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "analysis/fit/budget_groups.h"
#include "analysis/fit/frontier.h"

namespace isoloss {

// Whether budgets are what sizes share, so that the best size of each is a frontier: trials of one
// budget spent about the same FLOPs (are_isoflop), and several sizes have one. Where the table
// names no budgets, half of the FLOPs are of several sizes: fewer coincide by chance.
bool share_budgets(const std::vector<BudgetGroup>& groups, std::span<const Point> trials);

// Whether every trial is a frontier point as it stands: one size (or none known) at every FLOPs,
// sizes never falling as FLOPs rise, and fewer than half of several sizes at three FLOPs or more.
// Sizes that were each trained over a range are not: most of their points are far from the best
// size for their FLOPs.
bool are_frontier(const std::vector<BudgetGroup>& groups);

// surface: two shared budgets of three sizes, and one with its best size inside. points: nothing is
// shared and every trial is a frontier point. envelope: all else, the best size per budget where
// budgets are shared, otherwise the lower hull. With the reason, in words.
std::pair<FrontierKind, std::string> choose_frontier(const std::vector<BudgetGroup>& groups,
                                                     std::span<const Point> trials);

}  // namespace isoloss
