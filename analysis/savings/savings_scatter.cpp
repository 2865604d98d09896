// One factor's interval where nothing but the trials' scatter is known.
#include <Eigen/Core>
#include <algorithm>
#include <cmath>

#include "analysis/fit/loss_noise.h"
#include "analysis/fit/residual_noise_of_trials.h"
#include "analysis/savings/savings_estimate.h"

namespace isoloss {
namespace {

struct UsedPoints {
  std::vector<FrontierPoint> baseline, candidate;
};

std::optional<LossNoise> noise_of_frontier(std::span<const Point> trials, const Frontier& frontier,
                                           const FrontierOptions& options) {
  if (trials.size() > kMostScattered) return std::nullopt;
  const auto noise = residual_noise_of_trials(trials);
  if (!noise) return std::nullopt;
  LossNoise carried = frontier_noise(trials, *noise, frontier, options);
  const bool there = carried.covariance.allFinite() && carried.covariance.trace() > 0;
  return there ? std::optional(carried) : std::nullopt;
}

LinePair equal_lines(const UsedPoints& of, const SavingsFloor& floor, std::optional<double> slope) {
  if (slope) return fit_lines_of_slope(of.baseline, of.candidate, floor.value, *slope);
  if (floor.kind == SavingsFloor::Shared) {
    return fit_lines_shared_floor(of.baseline, of.candidate, Slopes::Equal);
  }
  return fit_lines(of.baseline, of.candidate, floor.value, Slopes::Equal);
}

// Change of ln savings with the loss of each point of one of the two frontiers, by differences.
Eigen::VectorXd slopes_of(UsedPoints points, std::vector<FrontierPoint> UsedPoints::*which,
                          double step, const SavingsFloor& floor, std::optional<double> slope) {
  std::vector<FrontierPoint>& moved = points.*which;
  Eigen::VectorXd slopes(static_cast<Eigen::Index>(moved.size()));
  for (std::size_t i = 0; i < moved.size(); ++i) {
    const double here = moved[i].loss;
    moved[i].loss = here + step;
    const double up = std::log(equal_lines(points, floor, slope).savings());
    moved[i].loss = here - step;
    const double down = std::log(equal_lines(points, floor, slope).savings());
    moved[i].loss = here;
    slopes[static_cast<Eigen::Index>(i)] = (up - down) / (2 * step);
  }
  return slopes;
}

// Sum of the points' variances in ln L.
double relative_variances(const std::vector<FrontierPoint>& points, const LossNoise& noise) {
  double sum = 0;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const auto at = static_cast<Eigen::Index>(i);
    sum += noise.covariance(at, at) / (points[i].loss * points[i].loss);
  }
  return sum;
}

}  // namespace

std::optional<Interval> trial_scatter_interval(std::span<const Point> baseline,
                                               std::span<const Point> candidate,
                                               const SavingsOptions& options,
                                               const SavingsFloor& floor,
                                               const std::optional<SavingsBias>& bias,
                                               const LinePair& equal, const Savings& savings) {
  if (savings.frontier == FrontierKind::Points) return std::nullopt;
  const FrontierOptions same = savings_frontier_options(options, savings.frontier);
  const auto b = noise_of_frontier(baseline, savings.baseline_frontier, same);
  const auto c = noise_of_frontier(candidate, savings.candidate_frontier, same);
  if (!b || !c) return std::nullopt;
  const UsedPoints used{savings.baseline_frontier.used(), savings.candidate_frontier.used()};
  const auto variance = [&](const LossNoise& noise, std::vector<FrontierPoint> UsedPoints::*which) {
    const Eigen::VectorXd slopes =
        slopes_of(used, which, noise.deviation / 2, floor, options.exponent);
    return slopes.dot(noise.covariance * slopes);
  };
  const double of_b = variance(*b, &UsedPoints::baseline);
  const double of_c = variance(*c, &UsedPoints::candidate);
  // Satterthwaite 1946, of two independent variances.
  double sum = of_b + of_c;
  double degrees = sum * sum / (of_b * of_b / b->degrees + of_c * of_c / c->degrees);
  const int of_lines = equal.points - equal.free;
  const double mean =
      (relative_variances(used.baseline, *b) + relative_variances(used.candidate, *c)) /
      equal.points;
  const double misfit = of_lines > 0 ? equal.squares / of_lines / mean : 0;
  if (misfit > 1) {
    sum *= misfit;
    degrees = std::min(degrees, static_cast<double>(of_lines));
  }
  const double here = std::log(equal.savings());
  const double shift =
      bias ? std::log(bias->exact.equal.savings() / bias->by_parabolas.equal.savings()) : 0;
  const double half = student_factor(degrees, options.level) * std::sqrt(sum);
  if (!std::isfinite(half + shift)) return std::nullopt;
  // Moved, it holds its estimate as the intervals of draws do.
  return Interval{std::exp(here + std::min(shift - half, 0.0)),
                  std::exp(here + std::max(shift + half, 0.0))};
}

}  // namespace isoloss
