#include "analysis/report/report_replicates.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "analysis/report/report_study.h"

namespace isoloss {

std::vector<Replicates> replicates_of(const StudyResults& study) {
  using Key = std::tuple<std::string, std::string, double, double, double>;
  const auto or_zero = [](double value) { return std::isnan(value) ? 0 : value; };
  std::map<Key, Replicates> groups;  // as measure_seed_noise has them
  std::vector<Key> order;
  std::set<std::tuple<Key, std::int64_t>> seen;
  for (const Point& point : study.results.points) {
    if (!point.has_seed) continue;
    const double budget = std::isnan(point.budget) ? point.flops : point.budget;
    const Key key{point.architecture, point.size, or_zero(point.parameters), budget,
                  or_zero(point.learning_rate)};
    if (!seen.insert({key, point.seed}).second) continue;
    Replicates& group = groups[key];
    if (group.losses.empty()) {
      group.architecture = point.architecture;
      group.size = point.size;
      group.budget_unit = point.budget_unit;
      group.parameters = point.parameters;
      group.budget = budget;
      group.learning_rate = point.learning_rate;
      order.push_back(key);
    }
    group.losses.push_back(point.loss);
  }
  std::vector<Replicates> out;
  for (const Key& key : order) {
    Replicates group = groups[key];
    const auto n = static_cast<double>(group.losses.size());
    if (n < 2) continue;
    double sum = 0, squares = 0;
    for (const double loss : group.losses) sum += loss;
    group.mean = sum / n;
    for (const double loss : group.losses) squares += (loss - group.mean) * (loss - group.mean);
    group.deviation = std::sqrt(squares / (n - 1));
    const auto place = static_cast<std::size_t>(style_of(study, group.architecture) - 1);
    const double slope = last_slope(study.frontiers[place]);
    group.compute_share = slope < 0 ? std::exp(group.deviation / -slope) - 1
                                    : std::numeric_limits<double>::quiet_NaN();
    out.push_back(std::move(group));
  }
  const auto place = [&](const Replicates& group) {
    return std::tuple(style_of(study, group.architecture), group.size, or_zero(group.parameters),
                      group.budget, or_zero(group.learning_rate));
  };
  std::sort(out.begin(), out.end(),
            [&](const Replicates& a, const Replicates& b) { return place(a) < place(b); });
  return out;
}

}  // namespace isoloss
