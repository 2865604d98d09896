#include "analysis/fit/budget_groups.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <utility>

#include "analysis/numbers/statistics.h"
#include "analysis/points/one_budget.h"

namespace isoloss {
namespace {

double log_parameters(const Point& point, bool embeddings) {
  if (embeddings) return std::log(point.parameters);
  return std::log(point.parameters - point.parameters_embedding);
}

// By parameters, where they are known; else by name.
using SizeKey = std::pair<double, std::string>;
SizeKey size_key(const Point& point) {
  if (std::isnan(point.parameters)) return {0, point.size};
  return {point.parameters, {}};
}

SizeMean mean_of(std::vector<std::size_t> members, std::span<const Point> trials,
                 std::span<const double> losses, bool embeddings) {
  SizeMean mean;
  const Point& first = trials[members.front()];
  mean.log_parameters = log_parameters(first, embeddings);
  mean.size = first.size.empty() ? fmt::format("{:.4g} parameters", first.parameters) : first.size;
  for (const std::size_t i : members) {
    mean.loss += losses[i];
    mean.log_flops += std::log(trials[i].flops);
    mean.log_seconds += std::log(trials[i].wall_seconds);
  }
  const auto count = static_cast<double>(members.size());
  mean.loss /= count;
  mean.log_flops /= count;
  mean.log_seconds /= count;
  mean.members = std::move(members);
  return mean;
}

}  // namespace

std::vector<BudgetGroup> budget_groups(std::span<const Point> trials,
                                       std::span<const double> losses, bool embeddings) {
  const bool nominal = std::none_of(trials.begin(), trials.end(),
                                    [](const Point& p) { return std::isnan(p.budget); });
  std::vector<std::size_t> order(trials.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto key = [&](std::size_t i) { return nominal ? trials[i].budget : trials[i].flops; };
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return key(a) < key(b); });
  std::vector<BudgetGroup> groups;
  for (std::size_t begin = 0; begin < order.size();) {
    std::size_t end = begin + 1;
    while (end < order.size() && (nominal ? key(order[end]) == key(order[begin])
                                          : of_one_budget(key(order[end]), key(order[end - 1])))) {
      ++end;
    }
    std::vector<std::vector<std::size_t>> by_size;
    std::map<SizeKey, std::size_t> known;
    for (std::size_t k = begin; k < end; ++k) {
      const auto [at, first] = known.try_emplace(size_key(trials[order[k]]), by_size.size());
      if (first) by_size.emplace_back();
      by_size[at->second].push_back(order[k]);
    }
    BudgetGroup group;
    for (auto& members : by_size) {
      group.sizes.push_back(mean_of(std::move(members), trials, losses, embeddings));
      group.log_flops += group.sizes.back().log_flops;
    }
    group.log_flops /= static_cast<double>(group.sizes.size());
    group.budget = nominal ? key(order[begin]) : std::exp(group.log_flops);
    std::stable_sort(
        group.sizes.begin(), group.sizes.end(),
        [](const SizeMean& a, const SizeMean& b) { return a.log_parameters < b.log_parameters; });
    groups.push_back(std::move(group));
    begin = end;
  }
  return groups;
}

bool are_isoflop(const std::vector<BudgetGroup>& groups, std::span<const Point> trials) {
  for (const BudgetGroup& group : groups) {
    double low = std::numeric_limits<double>::infinity(), high = 0;
    for (const SizeMean& size : group.sizes) {
      for (const std::size_t i : size.members) {
        low = std::min(low, trials[i].flops);
        high = std::max(high, trials[i].flops);
      }
    }
    if (!of_one_isoflop_curve(high, low)) return false;
  }
  return true;
}

std::size_t best_size(const BudgetGroup& group) {
  const auto best =
      std::min_element(group.sizes.begin(), group.sizes.end(),
                       [](const SizeMean& a, const SizeMean& b) { return a.loss < b.loss; });
  return static_cast<std::size_t>(best - group.sizes.begin());
}

double ratio_beside_best(const std::vector<BudgetGroup>& groups) {
  std::vector<double> ratios;
  for (const BudgetGroup& group : groups) {
    if (group.sizes.size() < 2) continue;
    const std::size_t best = best_size(group);
    const double here = group.sizes[best].log_parameters;
    double apart = 0;
    if (best > 0) apart = here - group.sizes[best - 1].log_parameters;
    if (best + 1 < group.sizes.size()) {
      apart = std::max(apart, group.sizes[best + 1].log_parameters - here);
    }
    ratios.push_back(std::exp(apart));
  }
  return ratios.empty() ? 0 : quantile(ratios, 0.5);
}

std::string edge_of(const BudgetGroup& group) {
  if (group.sizes.size() == 1) return "one size only, " + group.sizes.front().size;
  const std::size_t best = best_size(group);
  if (best == 0) return "best at the smallest size, " + group.sizes.front().size;
  if (best + 1 == group.sizes.size()) return "best at the largest size, " + group.sizes.back().size;
  return {};
}

double seconds_at(const BudgetGroup& group, double log_parameters) {
  double x = 0, y = 0, xx = 0, xy = 0;
  const auto n = static_cast<double>(group.sizes.size());
  for (const SizeMean& size : group.sizes) {
    x += size.log_parameters / n;
    y += size.log_seconds / n;
  }
  for (const SizeMean& size : group.sizes) {
    xx += (size.log_parameters - x) * (size.log_parameters - x);
    xy += (size.log_parameters - x) * (size.log_seconds - y);
  }
  return std::exp(xx > 0 ? y + xy / xx * (log_parameters - x) : y);
}

}  // namespace isoloss
