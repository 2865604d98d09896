#include "analysis/fit/predict_calibration.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "analysis/numbers/parallel_for.h"
#include "analysis/numbers/statistics.h"
#include "analysis/points/one_budget.h"

namespace isoloss {
namespace {

constexpr std::size_t kMostFolds = 8, kFewestBudgets = 3;

// A later point in deviations from its prediction, as a two-sided Student-t probability and as what
// its interval would have to be widened by at `level`.
struct Miss {
  double deviations = 0, degrees = 0;

  bool inside(double level, double factor) const {
    return deviations <= factor * student_factor(degrees, level);
  }
};

struct Fold {
  CalibrationFold told;
  std::vector<Miss> misses;  // empty where the past could not be fitted
};

Fold fold_of(const Law& law, const LawData& data, const Objective& objective,
             const FloorChoice& floor, const FoldScatter& scatter_of_fold,
             const std::vector<Eigen::Index>& past, const std::vector<Eigen::Index>& future) {
  Fold fold;
  const LawData seen = rows_of(data, past);
  const LawSolution solution = solve_law(law, seen, objective, floor);
  if (!solution.converged) return fold;
  const LawScatter scatter = scatter_of_fold(seen, solution, past);
  if (!(scatter.degrees > 0)) return fold;
  const LawData later = rows_of(data, future);
  const Eigen::ArrayXd r = residuals(law, later, solution.state, objective.space);
  const Eigen::MatrixXd rows = jacobian(law, later, solution.state, objective.space);
  for (Eigen::Index i = 0; i < later.points(); ++i) {
    const double variance = rows.row(i) * scatter.covariance * rows.row(i).transpose();
    const double deviation =
        std::sqrt(std::max(variance, 0.0) + scatter.deviation * scatter.deviation);
    fold.misses.push_back({std::abs(r[i]) / std::max(deviation, 1e-12), scatter.degrees});
  }
  fold.told.fitted = past.size();
  fold.told.predicted = future.size();
  fold.told.error = residuals(law, later, solution.state, FitSpace::Log).abs().mean();
  return fold;
}

// The least factor, not below one, that covers ceil(level (n + 1)) of n misses.
double factor_for(const std::vector<const std::vector<Miss>*>& folds, double level) {
  std::vector<double> needed;
  for (const auto* fold : folds) {
    for (const Miss& miss : *fold) {
      needed.push_back(miss.deviations / student_factor(miss.degrees, level));
    }
  }
  if (needed.empty()) return 1;
  std::sort(needed.begin(), needed.end());
  const auto rank =
      static_cast<std::size_t>(std::ceil(level * (static_cast<double>(needed.size()) + 1)));
  return std::max(1.0, needed[std::min(rank, needed.size()) - 1]);
}

std::size_t fewest_points(const Law& law) { return law.coordinates() + 4; }

}  // namespace

std::string why_not_calibrated(const Law& law, std::span<const double> flops) {
  std::vector<double> compute(flops.begin(), flops.end());
  std::sort(compute.begin(), compute.end());
  std::size_t budgets = compute.empty() ? 0 : 1;
  for (std::size_t k = 1; k < compute.size(); ++k) {
    budgets += of_one_budget(compute[k], compute[k - 1]) ? 0 : 1;
  }
  constexpr std::size_t kEnough = kFewestBudgets + 2;  // two folds, each with a later budget
  if (budgets < kEnough) {
    return fmt::format(
        "leave-future-out folds take {} budgets (two folds, the first fitted to {}) and there are "
        "{}",
        kEnough, kFewestBudgets, budgets);
  }
  return fmt::format(
      "fewer than two leave-future-out folds could be fitted to {} points of at least {} budgets "
      "and predict a later budget",
      fewest_points(law), kFewestBudgets);
}

std::optional<Calibration> calibrate(const Law& law, const LawData& data,
                                     std::span<const double> flops, const Objective& objective,
                                     const FloorChoice& floor, double level, int threads,
                                     const FoldScatter& scatter) {
  std::vector<Eigen::Index> order(flops.size());
  std::iota(order.begin(), order.end(), Eigen::Index{0});
  const auto compute = [&](Eigen::Index i) { return flops[static_cast<std::size_t>(i)]; };
  std::stable_sort(order.begin(), order.end(),
                   [&](Eigen::Index a, Eigen::Index b) { return compute(a) < compute(b); });
  const std::size_t least = fewest_points(law);
  std::vector<std::size_t> cuts;  // places in `order` where a budget begins
  std::size_t budgets = 1;
  for (std::size_t k = 1; k < order.size(); ++k) {
    if (of_one_budget(compute(order[k]), compute(order[k - 1]))) continue;
    if (budgets++ >= kFewestBudgets && k >= least) cuts.push_back(k);
  }
  if (cuts.size() < 2) return std::nullopt;
  if (cuts.size() > kMostFolds) {
    std::vector<std::size_t> kept;
    for (std::size_t k = 0; k < kMostFolds; ++k) {
      kept.push_back(cuts[k * (cuts.size() - 1) / (kMostFolds - 1)]);
    }
    cuts = kept;
  }
  std::vector<Fold> folds(cuts.size());
  parallel_for(cuts.size(), threads, [&](std::size_t f) {
    const auto cut = order.begin() + static_cast<std::ptrdiff_t>(cuts[f]);
    folds[f] =
        fold_of(law, data, objective, floor, scatter, {order.begin(), cut}, {cut, order.end()});
    folds[f].told.largest_flops = compute(*(cut - 1));
  });
  Calibration out;
  std::vector<const std::vector<Miss>*> every;
  for (const Fold& fold : folds) {
    if (fold.misses.empty()) continue;
    every.push_back(&fold.misses);
    out.folds.push_back(fold.told);
    out.predictions += fold.misses.size();
  }
  if (out.folds.size() < 2) return std::nullopt;
  out.decades = std::log10(compute(order.back()) / compute(order[cuts.front() - 1]));
  out.level = level;
  out.factor = factor_for(every, level);
  std::vector<double> levels = {0.5, 0.8, 0.9, 0.95};
  if (std::find(levels.begin(), levels.end(), level) == levels.end()) levels.push_back(level);
  for (const double nominal : levels) {
    CalibrationRow row;
    row.level = nominal;
    std::size_t raw = 0, widened = 0;
    for (const auto* fold : every) {
      std::vector<const std::vector<Miss>*> others;
      for (const auto* other : every) {
        if (other != fold) others.push_back(other);
      }
      const double factor = factor_for(others, nominal);
      for (const Miss& miss : *fold) {
        raw += miss.inside(nominal, 1) ? 1 : 0;
        widened += miss.inside(nominal, factor) ? 1 : 0;
      }
    }
    row.coverage = static_cast<double>(raw) / static_cast<double>(out.predictions);
    row.calibrated = static_cast<double>(widened) / static_cast<double>(out.predictions);
    out.rows.push_back(row);
  }
  return out;
}

}  // namespace isoloss
