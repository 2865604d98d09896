#include "analysis/fit/fit_points.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "analysis/fit/chosen_points.h"
#include "analysis/fit/fit_flags.h"
#include "analysis/fit/fit_intervals.h"
#include "analysis/fit/noise_intervals.h"
#include "analysis/fit/noise_scatter.h"
#include "analysis/fit/off_frontier.h"
#include "analysis/solver/law_profile.h"
#include "model/spec/error.h"

namespace isoloss {
namespace {

void calibrate_fit(const Law& law, const LawData& data, std::span<const Point> points,
                   const Objective& objective, const FitOptions& options,
                   const FoldScatter& scatter, Fit& fit) {
  if (!options.calibrate) return;
  if (!fit.basis || data.points() > kMostPointsProfiled) {
    fit.calibration_missing = fit.basis ? fmt::format("more than {} points", kMostPointsProfiled)
                                        : "no point more than parameters";
    return;
  }
  std::vector<double> flops;
  for (const Point& point : points) flops.push_back(point.flops);
  fit.calibration = calibrate(law, data, flops, objective, options.floor, options.level,
                              options.threads, scatter);
  if (fit.calibration) {
    fit.basis->factor = fit.calibration->factor;
  } else {
    fit.calibration_missing = why_not_calibrated(law, flops);
  }
}

// Weights over their mean, which is returned: the solver then does the same steps whatever unit
// they are in. One weight for all points is one to the last bit.
double take_weights_relative(LawData& data) {
  const double first = data.weight[0];
  const bool uniform = (data.weight == first).all();
  const double unit = uniform ? first : data.weight.mean();
  data.weight /= unit;
  return unit;
}

}  // namespace

Fit describe_solution(const Law& law, const LawData& data, const LawSolution& solution,
                      const FitOptions& options, const Objective& objective) {
  if (!solution.converged || !std::isfinite(solution.value)) {
    const std::string together = regressors_together(law, data);
    throw WorkError(fmt::format(
        "fit of law '{}' to {} points did not converge ({}gradient {:.2g} after {} starts); {}",
        law.name, data.points(), together, solution.gradient_norm, solution.starts,
        together.empty()
            ? "look at the points for outliers, fix the floor or take another objective"
            : "train sizes that break the rule, or fit --law power"));
  }
  Fit fit;
  fit.law = law.name;
  fit.tied = law.tied;
  fit.n = static_cast<std::size_t>(data.points());
  fit.objective = objective.kind;
  fit.delta = objective.delta;
  fit.overestimate = objective.overestimate;
  fit.space = objective.space;
  fit.value = solution.value;
  fit.parameters = named_parameters(law, data, solution.state);
  fit.units = law.units;
  if (law.has_floor) fit.units.emplace_back("nats");
  fit.floor_by_evaluation = options.floor.by_evaluation;
  fit.converged = true;
  fit.gradient_norm = solution.gradient_norm;
  fit.condition = solution.condition;
  fit.starts = solution.starts;
  fit.starts_agreeing = solution.agreeing;
  fit.seed = options.seed;
  fit.level = options.level;
  flag_ranges(law, data, fit);
  flag_solution(law, solution, fit);
  return fit;
}

namespace {

// The printed parameter as a function of the coordinates, by central differences: exact enough for
// a standard error, and no law has to say it again.
Eigen::VectorXd printed_gradient(const Law& law, const LawData& data, const LawState& state,
                                 std::size_t parameter, bool logarithm) {
  const auto terms = state.log_coefficient.size(), shape = state.shape.size();
  Eigen::VectorXd gradient = Eigen::VectorXd::Zero(terms + shape + 1);
  const auto at = [&](Eigen::Index j, double step) {
    LawState moved = state;
    (j < terms ? moved.log_coefficient[j] : moved.shape[j - terms]) += step;
    const double value = law.math.parameters(moved, data.centre)[parameter];
    return logarithm ? std::log(value) : value;
  };
  for (Eigen::Index j = 0; j < terms + shape; ++j) {
    const double step = 1e-5;
    gradient[j] = (at(j, step) - at(j, -step)) / (2 * step);
  }
  return gradient;
}

}  // namespace

std::vector<NamedInterval> lack_of_fit_intervals(const Law& law, const LawData& data,
                                                 const LawSolution& solution,
                                                 const LawScatter& scatter,
                                                 const Objective& objective,
                                                 const FloorChoice& floor, double level) {
  std::vector<NamedInterval> intervals;
  if (!(scatter.degrees > 0)) return intervals;
  const ProfileProblem problem{law, data, objective, floor, solution};
  const double t = student_factor(scatter.degrees, level);
  const bool profiled = data.points() <= kMostPointsProfiled;
  const std::vector<double> values = law.math.parameters(solution.state, data.centre);
  for (std::size_t j = 0; j < values.size(); ++j) {
    const std::string& name = law.parameters[j];
    const auto coordinate = coordinate_named(law, floor, name);
    const auto terms = static_cast<Eigen::Index>(law.terms.size());
    const bool as_it_is = coordinate && values[j] == solution.state.shape[*coordinate - terms];
    const bool as_power =
        coordinate && values[j] == std::exp(solution.state.shape[*coordinate - terms]);
    if (profiled && (as_it_is || as_power)) {
      const Interval ends = profile_interval(problem, scatter, *coordinate, level);
      intervals.emplace_back(
          name, as_it_is ? ends : Interval{std::exp(ends.first), std::exp(ends.second)});
      continue;
    }
    const bool logarithm = values[j] > 0 && !as_it_is && !name.starts_with("ln") && name != "g";
    const Eigen::VectorXd gradient = printed_gradient(law, data, solution.state, j, logarithm);
    const double half = t * std::sqrt(gradient.dot(scatter.covariance * gradient));
    intervals.emplace_back(
        name, logarithm ? Interval{values[j] * std::exp(-half), values[j] * std::exp(half)}
                        : Interval{values[j] - half, values[j] + half});
  }
  if (const auto coordinate = coordinate_named(law, floor, "E")) {
    const double half = t * std::sqrt(scatter.covariance(*coordinate, *coordinate));
    intervals.emplace_back("E", profiled ? profile_interval(problem, scatter, *coordinate, level)
                                         : Interval{std::max(0.0, solution.state.floor - half),
                                                    solution.state.floor + half});
  }
  return intervals;
}

PredictionBasis basis_of(const LawData& data, const LawScatter& scatter) {
  PredictionBasis basis;
  basis.centre.assign(data.centre.begin(), data.centre.end());
  basis.covariance = scatter.covariance;
  basis.deviation = scatter.deviation;
  basis.degrees = scatter.degrees;
  return basis;
}

Fit fit_points(const Law& law, const PointTable& table, const FitOptions& options) {
  const ChosenPoints chosen = chosen_points(table, options);
  require_points(table.source, chosen.points.size(), law, options.floor);
  LawData data = law_data(law, table, chosen.points, options.floor);
  const double weight_unit = take_weights_relative(data);
  require_losses_above(table.source, data, options.floor);
  const Objective objective = objective_of(options, ObjectiveKind::Huber);
  const CertifiedSolution solved =
      solve_certified(law, data, objective, options.floor, certificate_search(options));
  const LawSolution& solution = solved.solution;
  Fit fit = describe_solution(law, data, solution, options, objective);
  fit.certificate = solved.certificate;
  fit.value *= weight_unit;
  if (fit.certificate) fit.certificate->lower_bound *= weight_unit;
  fit.frontier = FrontierKind::Points;
  flag_architectures(chosen.points, fit);
  flag_evaluation_sets(evaluation_sets(table, chosen.points), fit);
  fit.origin = origin_of(table, chosen.points, options.architecture);
  const auto residual_scatter = [&](const LawData& seen, const LawSolution& at,
                                    const std::vector<Eigen::Index>& rows) {
    std::vector<Point> points;
    for (const Eigen::Index row : rows) {
      points.push_back(chosen.points[static_cast<std::size_t>(row)]);
    }
    return scatter_of(law, seen, at, objective, options.floor, runs_of(points));
  };
  const LawScatter scatter =
      scatter_of(law, data, solution, objective, options.floor, runs_of(chosen.points));
  flag_rows(scatter, chosen.points, chosen.rows, fit);
  fit.lack_of_fit =
      lack_of_fit_intervals(law, data, solution, scatter, objective, options.floor, options.level);
  flag_wide_intervals(law, fit.lack_of_fit, fit);
  if (scatter.degrees > 0) fit.basis = basis_of(data, scatter);
  const auto noise = measured_noise(table, chosen.points, options);
  if (law.name == "power") flag_off_frontier(chosen.points, noise, fit);
  const LossNoise known = noise ? loss_noise(chosen.points, *noise) : LossNoise{};
  const auto with_noise = [&](const LawData& seen, const LawSolution& at,
                              const std::vector<Eigen::Index>& rows) {
    return noise_scatter(law, seen, at, objective, options.floor,
                         {known.covariance(rows, rows), known.degrees, known.deviation},
                         scatter_of(law, seen, at, objective, options.floor));
  };
  std::vector<Eigen::Index> all(chosen.points.size());
  std::iota(all.begin(), all.end(), Eigen::Index{0});
  const LawScatter by_noise = noise ? with_noise(data, solution, all) : LawScatter{};
  if (!(by_noise.degrees > 0)) {
    add_bootstrap_intervals(law, chosen.points, data, solution, options, fit);
    calibrate_fit(law, data, chosen.points, objective, options, residual_scatter, fit);
    return fit;
  }
  fit.basis = basis_of(data, by_noise);
  add_noise_intervals({law, data, objective, options.floor, solution}, chosen.points, *noise,
                      by_noise, options, fit);
  calibrate_fit(law, data, chosen.points, objective, options, with_noise, fit);
  return fit;
}

}  // namespace isoloss
