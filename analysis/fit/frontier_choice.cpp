#include "analysis/fit/frontier_choice.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <map>

namespace isoloss {
namespace {

constexpr std::size_t kRange = 3;  // FLOPs of one size that no frontier's best size has

std::size_t groups_of_sizes(const std::vector<BudgetGroup>& groups, std::size_t at_least) {
  return static_cast<std::size_t>(
      std::count_if(groups.begin(), groups.end(),
                    [&](const BudgetGroup& group) { return group.sizes.size() >= at_least; }));
}

}  // namespace

bool share_budgets(const std::vector<BudgetGroup>& groups, std::span<const Point> trials) {
  if (!are_isoflop(groups, trials)) return false;
  const std::size_t shared = groups_of_sizes(groups, 2);
  const bool named = std::none_of(trials.begin(), trials.end(),
                                  [](const Point& p) { return std::isnan(p.budget); });
  return named ? shared > 0 : shared > 0 && 2 * shared >= groups.size();
}

bool are_frontier(const std::vector<BudgetGroup>& groups) {
  std::map<double, std::size_t> flops_of_size;
  bool rising = true;
  double before = -INFINITY;
  for (const BudgetGroup& group : groups) {
    for (const SizeMean& size : group.sizes) {
      if (!std::isfinite(size.log_parameters)) return true;
      ++flops_of_size[size.log_parameters];
    }
    rising = rising && group.sizes.size() == 1 && group.sizes.front().log_parameters >= before;
    before = group.sizes.back().log_parameters;
  }
  const auto over_a_range = static_cast<std::size_t>(
      std::count_if(flops_of_size.begin(), flops_of_size.end(),
                    [](const auto& size) { return size.second >= kRange; }));
  return flops_of_size.size() == 1 || (rising && 2 * over_a_range < flops_of_size.size());
}

std::pair<FrontierKind, std::string> choose_frontier(const std::vector<BudgetGroup>& groups,
                                                     std::span<const Point> trials) {
  if (!are_isoflop(groups, trials)) {
    return {FrontierKind::Envelope, "trials of one budget spent different FLOPs"};
  }
  const std::size_t three = groups_of_sizes(groups, 3);
  const auto inner = static_cast<std::size_t>(
      std::count_if(groups.begin(), groups.end(),
                    [](const BudgetGroup& group) { return edge_of(group).empty(); }));
  if (inner >= 1 && three >= 2) {
    return {
        FrontierKind::Surface,
        fmt::format("{} of {} budgets have their best size inside the grid", inner, groups.size())};
  }
  if (share_budgets(groups, trials)) {
    return {FrontierKind::Envelope,
            three > 0 ? "no two budgets of three sizes with a best size inside the grid"
                      : "no budget has three sizes"};
  }
  if (are_frontier(groups)) return {FrontierKind::Points, "one trial for each budget"};
  return {FrontierKind::Envelope,
          "sizes fall as FLOPs rise, or were trained over ranges of FLOPs of their own: the lower "
          "hull"};
}

}  // namespace isoloss
