#include "analysis/fit.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "analysis/fit_intervals.h"
#include "model/spec/error.h"
#include "model/spec/nearest_name.h"

namespace isoloss {
namespace {

std::vector<Point> chosen_points(const PointTable& table, const FitOptions& options) {
  std::vector<Point> points;
  for (const Point& point : table.points) {
    if (!is_result(point) || point.budget < options.from_budget) continue;
    if (!options.architecture.empty() && point.architecture != options.architecture) continue;
    points.push_back(point);
  }
  if (points.empty()) {
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
  return points;
}

std::size_t free_parameters(const Law& law, const FloorChoice& floor) {
  return law.terms.size() + law.shape.size() - (law.tied ? 1 : 0) +
         (law.has_floor && floor.kind == FloorChoice::Free ? 1 : 0);
}

void require_points(std::size_t n, const Law& law, const FitOptions& options) {
  const std::size_t free = free_parameters(law, options.floor);
  if (n >= free) return;
  throw InputError(fmt::format(
      "law '{}' has {} free parameters and there are {} points (too few to "
      "fit); add points{}",
      law.name, free, n,
      law.has_floor && options.floor.kind == FloorChoice::Free ? " or fix the floor" : ""));
}

void flag_ranges(const Law& law, const LawData& data, Fit& fit) {
  for (Eigen::Index t = 0; t < data.z.cols(); ++t) {
    const double decades = (data.z.col(t).maxCoeff() - data.z.col(t).minCoeff()) / std::log(10.0);
    if (decades >= 1) continue;
    fit.flags.emplace_back("narrow_range");
    fit.flags.push_back(fmt::format("narrow_range_of_{}: {:.2f} decades",
                                    column_of(law.regressors[static_cast<std::size_t>(t)]),
                                    decades));
  }
  std::sort(fit.flags.begin(), fit.flags.end());
  fit.flags.erase(std::unique(fit.flags.begin(), fit.flags.end()), fit.flags.end());
}

}  // namespace

double Fit::parameter(const std::string& name) const {
  for (const auto& [known, number] : parameters) {
    if (known == name) return number;
  }
  throw std::logic_error("law '" + law + "' has no parameter '" + name + "'");
}

bool Fit::has_flag(const std::string& name) const {
  return std::find(flags.begin(), flags.end(), name) != flags.end();
}

namespace {

Fit describe_solution(const Law& law, const LawData& data, const LawSolution& solution,
                      const FitOptions& options, const Objective& objective) {
  if (!solution.converged || !std::isfinite(solution.value)) {
    throw WorkError(
        fmt::format("fit of law '{}' to {} points did not converge (gradient {:.2g} after {} "
                    "starts); look at the "
                    "points for outliers, fix the floor or take another objective",
                    law.name, data.points(), solution.gradient_norm, solution.starts));
  }
  Fit fit;
  fit.law = law.name;
  fit.n = static_cast<std::size_t>(data.points());
  fit.objective = objective.kind;
  fit.delta = objective.delta;
  fit.space = objective.space;
  fit.value = solution.value;
  fit.parameters = named_parameters(law, data, solution.state);
  fit.converged = true;
  fit.gradient_norm = solution.gradient_norm;
  fit.condition = solution.condition;
  fit.starts = solution.starts;
  fit.starts_agreeing = solution.agreeing;
  fit.seed = options.seed;
  flag_ranges(law, data, fit);
  if (fit.n < free_parameters(law, {FloorChoice::Zero, 0, {}}) + 4)
    fit.flags.emplace_back("few_points");
  if (solution.floor_at_bound) fit.flags.emplace_back("E_at_bound");
  std::vector<bool> unidentified = solution.shape_at_bound;
  for (std::size_t t = 0; t < law.terms.size(); ++t) {
    if (!solution.coefficient_at_bound[t]) continue;
    if (law.terms[t].shape >= 0) {
      unidentified[static_cast<std::size_t>(law.terms[t].shape)] = true;
    } else {
      fit.flags.push_back(law.terms[t].name + "_at_bound");
    }
  }
  for (std::size_t k = 0; k < unidentified.size(); ++k) {
    if (unidentified[k]) fit.flags.push_back(law.shape[k].name + "_unidentified");
  }
  return fit;
}

}  // namespace

Objective objective_of(const FitOptions& options, ObjectiveKind standard) {
  return {options.objective.value_or(standard), options.delta, options.space, options.overestimate};
}

Fit fit_frontier(const std::vector<FrontierPoint>& used, const FitOptions& options) {
  const Law& law = law_named("power");
  require_points(used.size(), law, options);
  std::vector<double> compute, loss;
  for (const FrontierPoint& point : used) {
    compute.push_back(point.flops);
    loss.push_back(point.loss);
  }
  const LawData data = law_data(compute, loss);
  const Objective objective = objective_of(options, ObjectiveKind::Squares);
  return describe_solution(law, data, solve_law(law, data, objective, options.floor), options,
                           objective);
}

namespace {

Fit fit_along_frontier(const PointTable& table, const FitOptions& options) {
  if (options.floor.kind == FloorChoice::Pinned) {
    throw InputError(
        fmt::format("{}: floors by evaluation set (a frontier has no evaluation sets); fit every "
                    "point with --frontier points, or give one floor",
                    table.source));
  }
  std::string architecture = options.architecture;
  const std::vector<std::string> known = architectures_of(table);
  if (architecture.empty()) {
    if (known.size() != 1) {
      throw InputError(
          fmt::format("{}: {} architectures (a frontier is of one); choose one with "
                      "--architecture",
                      table.source, known.size()));
    }
    architecture = known.front();
  }
  FrontierOptions frontier_options;
  frontier_options.kind = options.frontier;
  frontier_options.from_budget = options.from_budget;
  const std::vector<Point> trials = frontier_trials(table, architecture, frontier_options);
  const Frontier frontier = compute_frontier(trials, frontier_options);
  const std::vector<FrontierPoint> used = frontier.used();
  if (used.empty()) {
    throw WorkError(
        fmt::format("{}: no budget of '{}' has its best size inside the grid (the "
                    "frontier has no point); add sizes, or fit every point with "
                    "--frontier points",
                    table.source, architecture));
  }
  Fit fit = fit_frontier(used, options);
  fit.frontier = name_of(frontier.kind);
  for (std::string& line : left_out(frontier)) fit.flags.push_back(std::move(line));
  if (options.floor.kind == FloorChoice::Free && used.size() < 6) {
    fit.flags.emplace_back("floor_not_identified");
  }
  add_frontier_intervals(table, trials, frontier, options, fit);
  return fit;
}

}  // namespace

Fit fit_law(const PointTable& table, const FitOptions& options) {
  const Law law = options.tied ? tied(law_named(options.law)) : law_named(options.law);
  if (options.bootstrap < 0 || !(options.level > 0 && options.level < 1) || !(options.delta > 0) ||
      !(options.overestimate > 0)) {
    throw InputError(
        "fit options out of range (bootstrap below 0, level outside 0 to 1 or delta not "
        "above 0); correct them");
  }
  const bool folder = !table.runs.empty();
  const bool along = options.frontier != FrontierKind::Points &&
                     (options.frontier != FrontierKind::Auto || folder);
  if (law.name == "power" && along) return fit_along_frontier(table, options);
  const std::vector<Point> points = chosen_points(table, options);
  require_points(points.size(), law, options);
  const LawData data = law_data(law, table, points, options.floor);
  const Objective objective = objective_of(options, ObjectiveKind::Huber);
  const LawSolution solution = solve_law(law, data, objective, options.floor);
  Fit fit = describe_solution(law, data, solution, options, objective);
  fit.frontier = "points";
  add_bootstrap_intervals(law, points, data, solution, options, fit);
  return fit;
}

}  // namespace isoloss
