#include <cmath>
#include <limits>

#include "analysis/fit/frontier_curve.h"
#include "analysis/savings/savings.h"
#include "model/spec/error.h"

namespace isoloss {

std::string best_baseline(const PointTable& table, const std::string& except, double from_budget) {
  FrontierOptions options;
  options.from_budget = from_budget;
  std::vector<std::pair<std::string, FrontierCurve>> curves;
  std::string any;
  double high = std::numeric_limits<double>::infinity(), low = 0;
  for (const std::string& architecture : architectures_of(table)) {
    if (architecture == except) continue;
    if (any.empty()) any = architecture;
    const std::vector<Point> trials = frontier_trials(table, architecture, options);
    FrontierCurve curve(compute_frontier(trials, options).used());
    if (!curve.valid()) continue;
    low = std::max(low, curve.losses().first);
    high = std::min(high, curve.losses().second);
    curves.emplace_back(architecture, std::move(curve));
  }
  if (any.empty()) {
    throw InputError(table.source + ": no baseline (no architecture but '" + except +
                     "' is there); add another architecture");
  }
  // Where no loss is common to all, the middle of the gap between them is nearest to it.
  std::string best = any;
  double least = std::numeric_limits<double>::infinity();
  for (const auto& [architecture, curve] : curves) {
    double compute = 0;
    for (const double share : {0.0, 0.25, 0.5, 0.75, 1.0}) {
      compute += curve.log_compute(low + share * (high - low));
    }
    if (compute < least) {
      least = compute;
      best = architecture;
    }
  }
  return best;
}

}  // namespace isoloss
