#include "analysis/fit/off_frontier.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "analysis/fit/budget_groups.h"
#include "analysis/fit/frontier_choice.h"
#include "analysis/numbers/statistics.h"
#include "analysis/points/flag.h"

namespace isoloss {
namespace {

// Of the sizes' means about their budget's, with the seeds behind each.
struct Spread {
  std::size_t budgets = 0, wide = 0;  // of several sizes; of them beyond kNearOptimal
  double squares = 0, degrees = 0;
};

Spread spread_of(const std::vector<BudgetGroup>& groups) {
  Spread spread;
  for (const BudgetGroup& group : groups) {
    if (group.sizes.size() < 2) continue;
    double seeds = 0, mean = 0;
    for (const SizeMean& size : group.sizes) {
      seeds += static_cast<double>(size.members.size());
      mean += static_cast<double>(size.members.size()) * size.loss;
    }
    mean /= seeds;
    for (const SizeMean& size : group.sizes) {
      const double off = size.loss - mean;
      spread.squares += static_cast<double>(size.members.size()) * off * off;
    }
    spread.degrees += static_cast<double>(group.sizes.size() - 1);
    const auto [low, high] =
        std::minmax_element(group.sizes.begin(), group.sizes.end(),
                            [](const auto& a, const auto& b) { return a.loss < b.loss; });
    ++spread.budgets;
    spread.wide += high->loss > (1 + kNearOptimal) * low->loss ? 1 : 0;
  }
  return spread;
}

}  // namespace

void flag_off_frontier(std::span<const Point> points, const std::optional<SeedNoise>& noise,
                       Fit& fit) {
  std::vector<double> losses;
  for (const Point& p : points) {
    if (!(p.parameters > 0) || p.architecture != points.front().architecture) return;
    losses.push_back(p.loss);
  }
  const std::vector<BudgetGroup> groups = budget_groups(points, losses, true);
  if (!share_budgets(groups, points)) return;
  const Spread spread = spread_of(groups);
  const bool known = noise && noise->measured && noise->deviation > 0;
  if (known) {
    const double ratio = spread.squares / spread.degrees / (noise->deviation * noise->deviation);
    if (!(f_tail(ratio, spread.degrees, noise->deviation_degrees) < 0.05)) return;
  } else if (2 * spread.wide < spread.budgets) {
    return;
  }
  fit.flags.push_back(flag_text(
      Flag::PointsOffFrontier,
      fmt::format("{} budgets have several sizes, whose losses differ by more than {}: not every "
                  "point is on the frontier; take --frontier surface, isoflop or envelope",
                  spread.budgets, known ? "seeds do" : "0.1 %")));
}

}  // namespace isoloss
