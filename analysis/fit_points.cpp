#include "analysis/fit_points.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "analysis/fit_flags.h"
#include "analysis/fit_intervals.h"
#include "analysis/law_profile.h"
#include "analysis/noise_intervals.h"
#include "analysis/noise_scatter.h"
#include "model/spec/error.h"
#include "model/spec/nearest_name.h"

namespace isoloss {
namespace {

// Profiles of more points than this would take seconds, and differ from straight lines in nothing.
constexpr Eigen::Index kMostPointsProfiled = 20000;

struct Chosen {
  std::vector<Point> points;
  std::vector<std::size_t> rows;  // of the table
};

Chosen chosen_points(const PointTable& table, const FitOptions& options) {
  Chosen chosen;
  for (std::size_t i = 0; i < table.points.size(); ++i) {
    const Point& point = table.points[i];
    if (!is_result(point) || point.budget < options.from_budget) continue;
    if (!options.architecture.empty() && point.architecture != options.architecture) continue;
    chosen.points.push_back(point);
    chosen.rows.push_back(i);
  }
  if (chosen.points.empty()) {
    const std::vector<std::string> known = architectures_of(table);
    if (!options.architecture.empty() &&
        std::find(known.begin(), known.end(), options.architecture) == known.end()) {
      throw InputError(fmt::format("{}: no architecture '{}' (no point is of it){}", table.source,
                                   options.architecture, suggestion(options.architecture, known)));
    }
    throw InputError(
        fmt::format("{}: nothing to fit (every point lost a search or lies below the "
                    "smallest budget); lower the smallest budget",
                    table.source));
  }
  require_one_convention(table, chosen.points);
  return chosen;
}

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

}  // namespace

Fit describe_solution(const Law& law, const LawData& data, const LawSolution& solution,
                      const FitOptions& options, const Objective& objective) {
  if (!solution.converged || !std::isfinite(solution.value)) {
    throw WorkError(
        fmt::format("fit of law '{}' to {} points did not converge (gradient {:.2g} after {} "
                    "starts); look at the points for outliers, fix the floor or take another "
                    "objective",
                    law.name, data.points(), solution.gradient_norm, solution.starts));
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
  const Chosen chosen = chosen_points(table, options);
  require_points(table.source, chosen.points.size(), law, options.floor);
  const LawData data = law_data(law, table, chosen.points, options.floor);
  const Objective objective = objective_of(options, ObjectiveKind::Huber);
  const CertifiedSolution solved =
      solve_certified(law, data, objective, options.floor, options.certify);
  const LawSolution& solution = solved.solution;
  Fit fit = describe_solution(law, data, solution, options, objective);
  fit.certificate = solved.certificate;
  fit.frontier = "points";
  flag_architectures(chosen.points, fit);
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

Fit fit_isoflop(const PointTable& table, const FitOptions& options) {
  if (options.tied) tied(law_named("power"));  // says which laws have exponents to tie
  const Chosen chosen = chosen_points(table, options);
  for (const Point& point : chosen.points) {
    if (point.parameters > 0) continue;
    throw InputError(fmt::format(
        "{}: law 'isoflop' needs parameters (a point of architecture '{}' has none); fill the "
        "column or choose another law",
        table.source, point.architecture));
  }
  Fit fit;
  fit.law = "isoflop";
  fit.objective = ObjectiveKind::Squares;
  fit.n = chosen.points.size();
  fit.level = options.level;
  fit.seed = options.seed;
  fit.starts = fit.starts_agreeing = 1;
  fit.frontier = "isoflop";
  flag_architectures(chosen.points, fit);
  fit.origin = origin_of(table, chosen.points, options.architecture);
  fit.rows = isoflop_rows(chosen.points);
  std::vector<double> compute, size, token_compute, tokens;
  for (const IsoflopRow& row : fit.rows) {
    if (!row.why_not.empty())
      fit.flags.push_back(fmt::format("budget {:.3g}: {}", row.budget, row.why_not));
    if (!row.used) continue;
    compute.push_back(row.flops);
    size.push_back(row.optimal_parameters);
    if (!std::isfinite(row.optimal_tokens)) continue;
    token_compute.push_back(row.flops);
    tokens.push_back(row.optimal_tokens);
  }
  if (compute.size() < 2) {
    throw WorkError(fmt::format(
        "{}: {} of {} budgets have a vertex inside their sizes (a line over compute needs two); {}",
        table.source, compute.size(), fit.rows.size(),
        fit.rows.empty() || fit.rows.front().why_not.empty() ? "add budgets"
                                                             : fit.rows.front().why_not));
  }
  PredictionBasis basis;
  const auto add = [&](const LogLine& line, const char* slope, const char* intercept) {
    fit.parameters.emplace_back(slope, line.slope);
    fit.parameters.emplace_back(intercept, line.intercept);
    fit.value += line.squares;
    if (line.n < 3) return;
    fit.intervals.emplace_back(slope, *line.slope_interval(options.level));
    fit.intervals.emplace_back(intercept, *line.intercept_interval(options.level));
    const Eigen::Index block = basis.covariance.rows();
    Eigen::MatrixXd grown = Eigen::MatrixXd::Zero(block + 2, block + 2);
    grown.topLeftCorner(block, block) = basis.covariance;
    const double variance = line.deviation() * line.deviation();
    grown(block, block) = variance / static_cast<double>(line.n);
    grown(block + 1, block + 1) = variance / line.spread;
    basis.covariance = grown;
  };
  const LogLine sizes = log_line(compute, size);
  add(sizes, "a", "lnG");
  // Both lines must be about the same budgets, or their centres differ.
  if (tokens.size() == size.size()) add(log_line(token_compute, tokens), "b", "lnH");
  basis.centre = {sizes.centre};
  basis.degrees = static_cast<double>(sizes.n) - 2;
  basis.deviation = sizes.n < 3 ? 0 : sizes.deviation();
  if (sizes.n >= 3) fit.basis = basis;
  fit.lack_of_fit = fit.intervals;
  fit.uncertainty = sizes.n < 3 ? "not known: two budgets lie on any line"
                                : "scatter of the vertices about the line (Student t)";
  if (sizes.n >= 3) fit.interval_kind = IntervalKind::ResidualScatter;
  if (options.calibrate) {
    fit.calibration_missing = "the lines over budgets predict sizes, which no later run measures";
  }
  if (sizes.n < 4) fit.flags.emplace_back("few_points");
  if (std::log10(compute.back() / compute.front()) < 1) {
    fit.flags.emplace_back("narrow_range");
    fit.flags.push_back(fmt::format("narrow_range_of_flops: {:.2f} decades",
                                    std::log10(compute.back() / compute.front())));
  }
  fit.converged = true;
  return fit;
}

}  // namespace isoloss
