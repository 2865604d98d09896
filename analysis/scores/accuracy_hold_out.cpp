#include "analysis/scores/accuracy_hold_out.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "analysis/laws/laws.h"
#include "analysis/points/one_budget.h"

namespace isoloss {
namespace {

constexpr std::size_t kFewestBudgetsFitted = 3;

// The largest compute of each budget, ascending.
std::vector<double> budget_ends(const AccuracyTask& task) {
  std::vector<double> flops;
  for (const AccuracyPoint& point : task.points) flops.push_back(point.flops);
  std::sort(flops.begin(), flops.end());
  std::vector<double> ends;
  for (std::size_t i = 0; i < flops.size(); ++i) {
    const bool last = i + 1 == flops.size();
    if (last || !of_one_budget(flops[i + 1], flops[i])) ends.push_back(flops[i]);
  }
  return ends;
}

struct ExponentialOfLoss {
  double floor = kNone, rise = kNone, rate = kNone;

  double accuracy(double loss) const { return floor + rise * std::exp(-rate * loss); }
};

ExponentialOfLoss exponential_of(const std::vector<AccuracyPoint>& points) {
  std::vector<double> loss, accuracy;
  for (const AccuracyPoint& point : points) {
    loss.push_back(point.task_loss);
    accuracy.push_back(point.accuracy);
  }
  const Law law = exponential_law();
  const LawData data = law_data(loss, accuracy);
  const LawSolution solution =
      solve_law(law, data, {ObjectiveKind::Squares, 0, FitSpace::Linear}, {});
  if (!solution.converged) return {};
  const auto named = named_parameters(law, data, solution.state);
  return {named[2].second, named[0].second, named[1].second};
}

AccuracyTask up_to(const AccuracyTask& task, double flops) {
  AccuracyTask out = task;
  std::erase_if(out.points, [&](const AccuracyPoint& point) { return point.flops > flops; });
  return out;
}

std::vector<HeldOutAccuracy> predictions_beyond(const AccuracyTask& task, double flops,
                                                const AccuracyOptions& options) {
  const AccuracyTask seen = up_to(task, flops);
  const AccuracyFit fit = fit_accuracy(seen, options);
  std::vector<HeldOutAccuracy> out;
  if (!fit.sigmoid) return out;
  const ExponentialOfLoss exponential = exponential_of(seen.points);
  for (const ArchitectureAccuracy& one : fit.architectures) {
    if (!one.loss) continue;
    for (const AccuracyPoint& point : best_sizes(task, one.architecture)) {
      if (point.flops <= flops) continue;
      HeldOutAccuracy row{one.architecture,     flops, point.flops, point.accuracy,
                          point.standard_error, kNone, kNone,       kNone,
                          std::nullopt};
      const AccuracyAt at = accuracy_at(one, point.flops, options.level, true);
      row.two_step = at.accuracy;
      row.interval = at.interval;
      row.exponential = exponential.accuracy(one.curve.loss.loss(point.flops));
      if (one.one_step) row.one_step = std::exp(-one.one_step->loss(point.flops));
      out.push_back(std::move(row));
    }
  }
  return out;
}

// What the interval's side would have to be multiplied by to hold what was measured.
double needed_factor(const HeldOutAccuracy& row) {
  const double side = row.measured > row.two_step ? row.interval->second - row.two_step
                                                  : row.two_step - row.interval->first;
  return std::abs(row.measured - row.two_step) / std::max(side, 1e-12);
}

}  // namespace

AccuracyHoldOut hold_out_accuracy(const AccuracyTask& task, const AccuracyOptions& options) {
  AccuracyHoldOut out;
  const std::vector<double> ends = budget_ends(task);
  if (ends.size() <= kFewestBudgetsFitted) {
    out.missing =
        fmt::format("predicting a budget from the smaller ones takes {} budgets; there are {}",
                    kFewestBudgetsFitted + 1, ends.size());
    return out;
  }
  std::vector<double> needed;
  for (std::size_t cut = kFewestBudgetsFitted - 1; cut + 1 < ends.size(); ++cut) {
    std::vector<HeldOutAccuracy> rows = predictions_beyond(task, ends[cut], options);
    for (const HeldOutAccuracy& row : rows) {
      if (row.interval) needed.push_back(needed_factor(row));
    }
    if (cut + 2 == ends.size()) out.largest = std::move(rows);
  }
  out.predictions = needed.size();
  if (needed.empty()) {
    out.missing = out.largest.empty() ? "the smaller budgets could not be fitted"
                                      : "the smaller budgets leave residuals no degree of freedom";
    return out;
  }
  std::sort(needed.begin(), needed.end());
  const auto inside = std::upper_bound(needed.begin(), needed.end(), 1.0) - needed.begin();
  out.coverage = static_cast<double>(inside) / static_cast<double>(needed.size());
  const auto rank =
      static_cast<std::size_t>(std::ceil(options.level * (static_cast<double>(needed.size()) + 1)));
  out.factor = std::max(1.0, needed[std::min(rank, needed.size()) - 1]);
  return out;
}

}  // namespace isoloss
