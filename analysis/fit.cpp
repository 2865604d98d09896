#include "analysis/fit.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "analysis/fit_flags.h"
#include "analysis/fit_intervals.h"
#include "analysis/fit_points.h"
#include "analysis/noise_intervals.h"
#include "model/spec/error.h"
#include "model/spec/nearest_name.h"

namespace isoloss {

double Fit::parameter(const std::string& name) const {
  for (const auto& [known, number] : parameters) {
    if (known == name) return number;
  }
  throw std::logic_error("law '" + law + "' has no parameter '" + name + "'");
}

bool Fit::has_flag(const std::string& name) const {
  return std::find(flags.begin(), flags.end(), name) != flags.end();
}

Objective objective_of(const FitOptions& options, ObjectiveKind standard) {
  return {options.objective.value_or(standard), options.delta, options.space, options.overestimate};
}

LawData frontier_data(const std::vector<FrontierPoint>& used) {
  std::vector<double> compute, loss;
  for (const FrontierPoint& point : used) {
    compute.push_back(point.flops);
    loss.push_back(point.loss);
  }
  return law_data(compute, loss);
}

Fit fit_frontier(const std::vector<FrontierPoint>& used, const FitOptions& options) {
  const Law& law = law_named("power");
  require_points(used.size(), law, options.floor);
  const LawData data = frontier_data(used);
  const Objective objective = objective_of(options, ObjectiveKind::Squares);
  const LawSolution solution = solve_law(law, data, objective, options.floor);
  Fit fit = describe_solution(law, data, solution, options, objective);
  const LawScatter scatter = scatter_of(law, data, solution, objective, options.floor);
  if (scatter.degrees > 0) fit.basis = basis_of(data, scatter);
  return fit;
}

namespace {

std::string one_architecture(const PointTable& table, const std::string& chosen) {
  if (!chosen.empty()) return chosen;
  const std::vector<std::string> known = architectures_of(table);
  if (known.size() == 1) return known.front();
  throw InputError(
      fmt::format("{}: {} architectures (a frontier is of one); choose one with --architecture",
                  table.source, known.size()));
}

Fit fit_along_frontier(const PointTable& table, const FitOptions& options) {
  if (options.floor.kind == FloorChoice::Pinned) {
    throw InputError(
        fmt::format("{}: floors by evaluation set (a frontier has no evaluation sets); fit every "
                    "point with --frontier points, or give one floor",
                    table.source));
  }
  const std::string architecture = one_architecture(table, options.architecture);
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
  fit.origin = origin_of(table, trials, architecture);
  for (std::string& line : left_out(frontier)) fit.flags.push_back(std::move(line));
  if (options.floor.kind == FloorChoice::Free && used.size() < 6) {
    fit.flags.emplace_back("floor_not_identified");
  }
  const Law& law = law_named("power");
  const LawData data = frontier_data(used);
  const Objective objective = objective_of(options, ObjectiveKind::Squares);
  const LawSolution solution = solve_law(law, data, objective, options.floor);
  add_frontier_intervals({law, data, objective, options.floor, solution},
                         scatter_of(law, data, solution, objective, options.floor), table, trials,
                         frontier, options, fit);
  return fit;
}

}  // namespace

Fit fit_law(const PointTable& table, const FitOptions& options) {
  if (options.bootstrap < 0 || !(options.level > 0 && options.level < 1) || !(options.delta > 0) ||
      !(options.overestimate > 0)) {
    throw InputError(
        "fit options out of range (bootstrap below 0, level outside 0 to 1, delta or overestimate "
        "penalty not above 0); correct them");
  }
  if (options.law == "isoflop") return fit_isoflop(table, options);
  const Law law = options.tied ? tied(law_named(options.law)) : law_named(options.law);
  const bool folder = !table.runs.empty();
  const bool along = options.frontier != FrontierKind::Points &&
                     (options.frontier != FrontierKind::Auto || folder);
  if (law.name == "power" && along) return fit_along_frontier(table, options);
  return fit_points(law, table, options);
}

}  // namespace isoloss
