// `--law isoflop`: parabolas, their vertices and the lines through them, as a fit.
#include <fmt/format.h>

#include <cmath>

#include "analysis/fit/chosen_points.h"
#include "analysis/fit/fit_flags.h"
#include "analysis/fit/fit_points.h"
#include "analysis/fit/isoflop_fit.h"
#include "analysis/points/comparable_rows.h"
#include "analysis/points/flag.h"
#include "model/spec/error.h"

namespace isoloss {
namespace {

constexpr std::size_t kFewestWithError = 3;  // two points lie on any line

// InputError where a parabola per budget cannot be had of these points, whatever their losses.
void require_isoflop_points(const PointTable& table, const ChosenPoints& chosen) {
  require_one_evaluation(table, chosen.rows, "law 'isoflop'");
  require_equal_weights(table, chosen.rows, "law 'isoflop'");
  for (const Point& point : chosen.points) {
    if (point.parameters > 0) continue;
    throw InputError(fmt::format(
        "{}: law 'isoflop' needs parameters (a point of architecture '{}' has none); fill the "
        "column or choose another law",
        table.source, point.architecture));
  }
}

// Vertices over compute, of the budgets that have one.
struct Vertices {
  std::vector<double> compute, size, token_compute, tokens;
};

Vertices vertices_of(const std::vector<IsoflopRow>& rows) {
  Vertices vertices;
  for (const IsoflopRow& row : rows) {
    if (!row.used) continue;
    vertices.compute.push_back(row.flops);
    vertices.size.push_back(row.optimal_parameters);
    if (!std::isfinite(row.optimal_tokens)) continue;
    vertices.token_compute.push_back(row.flops);
    vertices.tokens.push_back(row.optimal_tokens);
  }
  return vertices;
}

void require_a_line(const PointTable& table, const std::vector<IsoflopRow>& rows,
                    const Vertices& vertices) {
  if (vertices.compute.size() >= 2) return;
  throw WorkError(fmt::format(
      "{}: {} of {} budgets have a vertex inside their sizes (a line over compute needs two); {}",
      table.source, vertices.compute.size(), rows.size(),
      rows.empty() || rows.front().why_not.empty() ? "add budgets" : rows.front().why_not));
}

// Parameters, intervals and what predictions need of one line of ln `what`.
void add_line(const LogLine& line, const std::string& what, const std::string& slope,
              const char* intercept, double level, PredictionBasis& basis, Fit& fit) {
  fit.parameters.emplace_back(slope, line.slope);
  fit.parameters.emplace_back(intercept, line.intercept);
  fit.units.emplace_back("1");
  fit.units.push_back("ln " + what + " FLOPs^-" + slope);
  fit.value += line.squares;
  if (line.n < kFewestWithError) return;
  fit.intervals.emplace_back(slope, *line.slope_interval(level));
  fit.intervals.emplace_back(intercept, *line.intercept_interval(level));
  const Eigen::Index block = basis.covariance.rows();
  Eigen::MatrixXd grown = Eigen::MatrixXd::Zero(block + 2, block + 2);
  grown.topLeftCorner(block, block) = basis.covariance;
  const double variance = line.deviation() * line.deviation();
  grown(block, block) = variance / static_cast<double>(line.n);
  grown(block + 1, block + 1) = variance / line.spread;
  basis.covariance = grown;
}

void add_lines(const Vertices& vertices, double level, Fit& fit) {
  PredictionBasis basis;
  const LogLine sizes = log_line(vertices.compute, vertices.size);
  add_line(sizes, "parameters", "a", "lnG", level, basis, fit);
  // Both lines must be about the same budgets, or their centres differ.
  if (vertices.tokens.size() == vertices.size.size()) {
    add_line(log_line(vertices.token_compute, vertices.tokens), "tokens", "b", "lnH", level, basis,
             fit);
  }
  fit.lack_of_fit = fit.intervals;
  fit.uncertainty = "not known: two budgets lie on any line";
  if (sizes.n < kFewestWithError) return;
  basis.centre = {sizes.centre};
  basis.degrees = static_cast<double>(sizes.n) - 2;
  basis.deviation = sizes.deviation();
  fit.basis = basis;
  fit.uncertainty = "scatter of the vertices about the line (Student t)";
  fit.interval_kind = IntervalKind::ResidualScatter;
}

void flag_budgets(Fit& fit) {
  for (const IsoflopRow& row : fit.rows) {
    if (row.why_not.empty()) continue;
    fit.flags.push_back(fmt::format("budget {:.3g}: {}", row.budget, row.why_not));
  }
}

void flag_line(const std::vector<double>& compute, Fit& fit) {
  if (compute.size() < 4) fit.flags.push_back(flag_text(Flag::FewPoints));
  const double decades = std::log10(compute.back() / compute.front());
  if (decades >= 1) return;
  fit.flags.push_back(flag_text(Flag::NarrowRange));
  fit.flags.push_back(
      flag_text_of("flops", Flag::NarrowRangeOf, fmt::format("{:.2f} decades", decades)));
}

}  // namespace

Fit fit_isoflop(const PointTable& table, const FitOptions& options) {
  if (options.tied) tied(law_named("power"));  // says which laws have exponents to tie
  const ChosenPoints chosen = chosen_points(table, options);
  require_isoflop_points(table, chosen);
  Fit fit;
  fit.law = "isoflop";
  fit.objective = ObjectiveKind::Squares;
  fit.n = chosen.points.size();
  fit.level = options.level;
  fit.seed = options.seed;
  fit.starts = fit.starts_agreeing = 1;
  fit.frontier = "isoflop";
  fit.origin = origin_of(table, chosen.points, options.architecture);
  fit.rows = isoflop_rows(chosen.points);
  flag_architectures(chosen.points, fit);
  flag_budgets(fit);
  const Vertices vertices = vertices_of(fit.rows);
  require_a_line(table, fit.rows, vertices);
  add_lines(vertices, options.level, fit);
  flag_line(vertices.compute, fit);
  if (!fit.intervals.empty()) flag_shared_runs(chosen.points, fit.flags);
  if (options.calibrate) {
    fit.calibration_missing = "the lines over budgets predict sizes, which no later run measures";
  }
  fit.converged = true;
  return fit;
}

}  // namespace isoloss
