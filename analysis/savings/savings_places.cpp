// Where savings are asked for: the losses both frontiers reach, and places inside them.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "analysis/fit/frontier_curve.h"
#include "analysis/savings/savings_estimate.h"
#include "model/spec/error.h"

namespace isoloss {
namespace {

constexpr int kLossPoints = 41, kComputePoints = 21;

std::string unused_reasons(const Savings& savings) {
  std::string all;
  for (const Frontier* frontier : {&savings.baseline_frontier, &savings.candidate_frontier}) {
    for (const std::string& line : left_out(*frontier)) all += (all.empty() ? "" : "; ") + line;
  }
  return all.empty() ? "each frontier needs two points, the dearer one with the lower loss" : all;
}

Interval overlap_of(const PointTable& table, const Savings& savings) {
  const FrontierCurve b(savings.baseline_frontier.used()), c(savings.candidate_frontier.used());
  if (!b.valid() || !c.valid()) {
    throw WorkError(
        fmt::format("{}: no savings of '{}' over '{}' (too few budgets are left: {}); add "
                    "sizes or budgets, choose another frontier, or give the slope of both with "
                    "--exponent, for which one point of each is enough",
                    table.source, savings.candidate, savings.baseline, unused_reasons(savings)));
  }
  const Interval overlap{std::max(b.losses().first, c.losses().first),
                         std::min(b.losses().second, c.losses().second)};
  if (!(overlap.first < overlap.second)) {
    throw WorkError(
        fmt::format("{}: no savings of '{}' over '{}' (the losses do not overlap: {:.4g} to {:.4g} "
                    "against {:.4g} "
                    "to {:.4g}); add budgets that reach common losses",
                    table.source, savings.candidate, savings.baseline, c.losses().first,
                    c.losses().second, b.losses().first, b.losses().second));
  }
  return overlap;
}

// With the slope given no common loss is needed: the losses that either frontier holds.
Interval reach_of(const PointTable& table, const Savings& savings) {
  Interval reach{std::numeric_limits<double>::infinity(), 0};
  for (const Frontier* frontier : {&savings.baseline_frontier, &savings.candidate_frontier}) {
    const std::vector<FrontierPoint> used = frontier->used();
    if (used.empty()) {
      throw WorkError(
          fmt::format("{}: no savings of '{}' over '{}' (no budget is left: {}); add "
                      "sizes or budgets, or choose another frontier",
                      table.source, savings.candidate, savings.baseline, unused_reasons(savings)));
    }
    for (const FrontierPoint& p : used) {
      reach = {std::min(reach.first, p.loss), std::max(reach.second, p.loss)};
    }
  }
  return reach;
}

// Three losses inside the overlap, the lowest (most compute) first, rounded where that keeps them
// in.
std::vector<double> chosen_losses(const Interval& overlap) {
  std::vector<double> losses;
  const double width = overlap.second - overlap.first;
  const double unit = std::pow(10.0, std::floor(std::log10(width)) - 1);
  for (const double share : {0.1, 0.5, 0.9}) {
    const double exact = overlap.first + share * width;
    losses.push_back(std::round(exact / unit) * unit);
  }
  return losses;
}

std::vector<double> curve_losses(const Interval& overlap) {
  std::vector<double> losses;
  for (int i = 0; i < kLossPoints; ++i) {
    const double share = i / (kLossPoints - 1.0);
    losses.push_back(overlap.first * std::pow(overlap.second / overlap.first, share));
  }
  return losses;
}

// Computes of the baseline between those of the overlap's ends.
std::vector<double> curve_computes(const Savings& savings) {
  const FrontierCurve b(savings.baseline_frontier.used());
  const double low = b.log_compute(savings.overlap.second);
  const double high = b.log_compute(savings.overlap.first);
  std::vector<double> computes;
  for (int i = 0; i < kComputePoints; ++i) {
    computes.push_back(std::exp(low + (high - low) * i / (kComputePoints - 1.0)));
  }
  return computes;
}

}  // namespace

Interval savings_overlap(const PointTable& table, const SavingsOptions& options,
                         const Savings& savings) {
  return options.exponent ? reach_of(table, savings) : overlap_of(table, savings);
}

SavingsPlaces savings_places(const SavingsOptions& options, const Savings& savings) {
  SavingsPlaces places;
  places.at = options.at;
  if (options.exponent) {
    if (places.at.empty()) places.at = {savings.overlap.second};
    return places;
  }
  if (places.at.empty()) places.at = chosen_losses(savings.overlap);
  places.curve = curve_losses(savings.overlap);
  places.compute = curve_computes(savings);
  return places;
}

}  // namespace isoloss
