// The trials of one architecture that its frontier is made of.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

#include "analysis/fit/frontier.h"
#include "analysis/points/comparable_rows.h"
#include "analysis/points/repeated_rows.h"
#include "model/spec/error.h"
#include "model/spec/nearest_name.h"

namespace isoloss {
namespace {

// Two runs whose points look alike differ in an axis of the grid that points do not carry; as one
// architecture they would be averaged as if they were replicates.
void require_told_apart(const std::string& source, const std::vector<Point>& trials) {
  using Place = std::tuple<std::string, double, double, std::int64_t, double>;
  std::map<Place, std::string> runs;
  for (const Point& p : trials) {
    if (p.run.empty()) continue;
    const double budget = std::isnan(p.budget) ? p.flops : p.budget;
    const double rate = std::isnan(p.learning_rate) ? 0 : p.learning_rate;
    const double parameters = std::isnan(p.parameters) ? 0 : p.parameters;
    const auto [at, first] =
        runs.try_emplace(Place{p.size, parameters, budget, p.seed, rate}, p.run);
    if (first || at->second == p.run) continue;
    throw InputError(
        fmt::format("{}: runs {} and {} are both '{}' of size '{}' with seed {} (an axis of the "
                    "grid tells them apart and points do not); give each value an architecture of "
                    "its own name",
                    source, at->second, p.run, p.architecture, p.size, p.seed));
  }
}

}  // namespace

std::vector<Point> frontier_trials(const PointTable& table, const std::string& architecture,
                                   const FrontierOptions& options) {
  std::vector<Point> trials;
  for (const Point& point : table.points) {
    if (point.architecture != architecture || !is_result(point)) continue;
    if (point.budget < options.from_budget) continue;
    trials.push_back(point);
  }
  if (trials.empty()) {
    const std::vector<std::string> known = architectures_of(table);
    const bool there = std::find(known.begin(), known.end(), architecture) != known.end();
    throw InputError(
        there ? fmt::format("{}: architecture '{}' has no results (its points lost a search or lie "
                            "below the smallest budget); lower the smallest budget",
                            table.source, architecture)
              : fmt::format("{}: no architecture '{}' (no point is of it){}", table.source,
                            architecture, suggestion(architecture, known)));
  }
  const std::vector<std::size_t> rows = result_rows(table, {architecture}, options.from_budget);
  require_one_convention(table, rows);
  require_one_evaluation(table, rows, "a frontier");
  require_equal_weights(table, rows, "a frontier");
  require_told_apart(table.source, trials);
  require_one_loss(table, rows);
  if (options.wall_clock && std::any_of(trials.begin(), trials.end(),
                                        [](const Point& p) { return !(p.wall_seconds > 0); })) {
    throw InputError(
        fmt::format("{}: wall clock of '{}' is not known (a point has no wall_seconds); "
                    "fill the column or compare FLOPs",
                    table.source, architecture));
  }
  using Place = std::pair<std::pair<double, std::string>, double>;
  std::map<Place, std::map<double, std::pair<double, int>>> by_rate;
  const auto place = [](const Point& p) {
    const double parameters = std::isnan(p.parameters) ? 0 : p.parameters;
    return Place{{parameters, p.size}, std::isnan(p.budget) ? p.flops : p.budget};
  };
  const auto rate = [](const Point& p) {
    return std::isnan(p.learning_rate) ? 0 : p.learning_rate;
  };
  for (const Point& p : trials) {
    auto& [sum, count] = by_rate[place(p)][rate(p)];
    sum += p.loss;
    ++count;
  }
  std::erase_if(trials, [&](const Point& p) {
    const auto& rates = by_rate[place(p)];
    const auto best =
        std::min_element(rates.begin(), rates.end(), [](const auto& a, const auto& b) {
          return a.second.first / a.second.second < b.second.first / b.second.second;
        });
    return best->first != rate(p);
  });
  return trials;
}

}  // namespace isoloss
