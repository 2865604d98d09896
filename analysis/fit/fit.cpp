#include "analysis/fit/fit.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "analysis/fit/fit_flags.h"
#include "analysis/fit/fit_intervals.h"
#include "analysis/fit/fit_points.h"
#include "analysis/fit/frontier_intervals.h"
#include "analysis/points/comparable_rows.h"
#include "analysis/points/flag.h"
#include "analysis/points/points_digest.h"
#include "analysis/points/repeated_rows.h"
#include "analysis/points/without_embeddings.h"
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

bool Fit::is_parameter(const std::string& name) const {
  return name != "E" || floor_by_evaluation.empty();
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

CertificateSearch certificate_search(const FitOptions& options) {
  return {options.certify, options.threads, options.certificate_progress};
}

namespace {

struct FittedFrontier {
  Fit fit;
  LawSolution solution;
};

FittedFrontier solve_frontier(const std::vector<FrontierPoint>& used, const FitOptions& options) {
  const Law& law = law_named("power");
  require_points("the frontier", used.size(), law, options.floor);
  const LawData data = frontier_data(used);
  require_losses_above("the frontier", data, options.floor);
  const Objective objective = objective_of(options, ObjectiveKind::Squares);
  CertifiedSolution solved =
      solve_certified(law, data, objective, options.floor, certificate_search(options));
  Fit fit = describe_solution(law, data, solved.solution, options, objective);
  fit.certificate = std::move(solved.certificate);
  const LawScatter scatter = scatter_of(law, data, solved.solution, objective, options.floor);
  if (scatter.degrees > 0) fit.basis = basis_of(data, scatter);
  return {std::move(fit), std::move(solved.solution)};
}

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
  auto [fit, solution] = solve_frontier(used, options);
  fit.frontier = frontier.kind;
  fit.origin = origin_of(table, trials, architecture);
  flag_repeated_rows(table, result_rows(table, {architecture}, options.from_budget), fit.flags);
  for (std::string& line : left_out(frontier)) fit.flags.push_back(std::move(line));
  flag_coarse_envelope(frontier, fit.flags);
  if (options.floor.kind == FloorChoice::Free && used.size() < 6) {
    fit.flags.push_back(flag_text(Flag::FloorNotIdentified));
  }
  const Law& law = law_named("power");
  const LawData data = frontier_data(used);
  const Objective objective = objective_of(options, ObjectiveKind::Squares);
  add_frontier_intervals({law, data, objective, options.floor, solution},
                         scatter_of(law, data, solution, objective, options.floor), table, trials,
                         frontier, options, fit);
  flag_wide_intervals(law, fit.intervals, fit);
  if (options.calibrate) {
    fit.calibration_missing =
        "a frontier is one point a budget, too few to hold some out; a law of every point "
        "(chinchilla, or --frontier points) can be calibrated";
  }
  return fit;
}

}  // namespace

Fit fit_frontier(const std::vector<FrontierPoint>& used, const FitOptions& options) {
  return solve_frontier(used, options).fit;
}

namespace {

// What the law would pass over.
void refuse_unused(const FitOptions& options, bool is_along_frontier) {
  const bool isoflop = options.law == "isoflop";
  const auto refuse = [&](const char* option, const char* why) {
    throw InputError(fmt::format("--{} for law '{}' ({}); leave it out", option, options.law, why));
  };
  const bool some_floor =
      options.floor.kind == FloorChoice::Value || options.floor.kind == FloorChoice::Pinned;
  if (some_floor && (isoflop || !law_named(options.law).has_floor)) refuse("floor", "it has none");
  const bool points = options.frontier == FrontierKind::Points && !isoflop;
  if (options.frontier != FrontierKind::Auto && options.law != "power" && !points) {
    refuse("frontier", "a power law alone follows one");
  }
  if (options.tied && isoflop) refuse("tied", "its lines have one exponent each");
  const FitOptions standard;
  const ObjectiveKind kind = options.objective.value_or(
      isoflop || is_along_frontier ? ObjectiveKind::Squares : ObjectiveKind::Huber);
  const bool bends = kind == ObjectiveKind::Huber || kind == ObjectiveKind::AsymmetricHuber;
  const auto no_part = [&](const char* option) {
    throw InputError(
        fmt::format("--{} with objective '{}' (which has no such part); leave it out, "
                    "or choose an --objective that has it",
                    option, name_of(kind)));
  };
  if (options.delta != standard.delta && !bends) no_part("delta");
  if (options.overestimate != standard.overestimate && kind != ObjectiveKind::AsymmetricHuber) {
    no_part("overestimate-penalty");
  }
  if (!isoflop) return;
  const char* squares = "its parabolas and lines are least squares";
  if (options.objective.value_or(ObjectiveKind::Squares) != ObjectiveKind::Squares) {
    refuse("objective", squares);
  }
  if (options.space != FitSpace::Log) refuse("space", squares);
}

}  // namespace

void check_options(const FitOptions& options) {
  const auto require = [](bool fine, const char* name, double value, const char* must) {
    if (fine) return;
    throw InputError(fmt::format("{} {} (must be {}); correct it", name, value, must));
  };
  const auto positive = [](double value) { return value > 0 && std::isfinite(value); };
  require(options.bootstrap >= 0, "bootstrap", options.bootstrap, "zero or more resamples");
  require(options.level > 0 && options.level < 1, "level", options.level, "between 0 and 1");
  require(positive(options.delta), "delta", options.delta, "a number above zero");
  require(positive(options.overestimate), "overestimate penalty", options.overestimate,
          "a number above zero");
  require(options.threads >= 1, "threads", options.threads, "one or more");
  require(options.from_budget >= 0 && std::isfinite(options.from_budget), "from-budget",
          options.from_budget, "a number of FLOPs, zero or more");
}

Fit fit_law(const PointTable& table, const FitOptions& options) {
  check_options(options);
  if (!options.embeddings) {
    FitOptions as_counted = options;
    as_counted.embeddings = true;
    Fit fit = fit_law(without_embeddings(table), as_counted);
    fit.origin.digest = input_digest(table).digest;
    fit.origin.embeddings = false;
    return fit;
  }
  const bool folder = !table.runs.empty();
  const bool along = options.law == "power" && options.frontier != FrontierKind::Points &&
                     (options.frontier != FrontierKind::Auto || folder);
  refuse_unused(options, along);
  if (options.law == "isoflop") return fit_isoflop(table, options);
  const Law law = options.tied ? tied(law_named(options.law)) : law_named(options.law);
  if (along) return fit_along_frontier(table, options);
  return fit_points(law, table, options);
}

}  // namespace isoloss
