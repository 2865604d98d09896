#include "analysis/savings/savings_resolved.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <string>
#include <tuple>

namespace isoloss {
namespace {

constexpr double kDecadesForGrowth = 1.5;
constexpr std::size_t kSeedsForGrowth = 3;

double decades_of(const Frontier& frontier) {
  const std::vector<FrontierPoint> used = frontier.used();
  const auto [low, high] = std::minmax_element(
      used.begin(), used.end(), [](const auto& a, const auto& b) { return a.flops < b.flops; });
  return std::log10(high->flops / low->flops);
}

// Seeds at the place of the frontiers that has fewest.
std::size_t fewest_seeds(const std::vector<Point>& trials) {
  std::map<std::tuple<std::string, std::string, double, double>, std::set<std::int64_t>> places;
  for (const Point& p : trials) {
    const double parameters = std::isnan(p.parameters) ? 0 : p.parameters;
    places[{p.architecture, p.size, parameters, std::isnan(p.budget) ? p.flops : p.budget}].insert(
        p.seed);
  }
  std::size_t fewest = trials.size();
  for (const auto& [place, seeds] : places) fewest = std::min(fewest, seeds.size());
  return fewest;
}

}  // namespace

std::optional<Interval> interval_of_slope(const SavingsOptions& options, const Savings& savings) {
  if (!options.exponent || !savings.parallel) return std::nullopt;
  return savings.parallel->lack_of_fit_interval;
}

HeadlineSavings headline_savings(const SavingsOptions& options, const Savings& savings) {
  const SavingsAt& at = middle_loss(savings);
  const bool by_law =
      at.extrapolated && !options.exponent && !savings.floor_assumed && std::isfinite(at.by_law);
  if (by_law) return {at.by_law, at.by_law_interval, true};
  return {at.savings, at.interval ? at.interval : interval_of_slope(options, savings), false};
}

bool holds_one(const SavingsOptions& options, const Savings& savings) {
  const std::optional<Interval> interval = headline_savings(options, savings).interval;
  return interval && interval->first <= 1 && interval->second >= 1;
}

bool is_growth_resolved(const std::vector<Point>& trials, const Savings& savings) {
  const auto& growth = savings.law ? savings.law->per_decade_interval : std::nullopt;
  return decades_of(savings.baseline_frontier) >= kDecadesForGrowth &&
         fewest_seeds(trials) >= kSeedsForGrowth && growth &&
         (growth->first > 1 || growth->second < 1);
}

}  // namespace isoloss
