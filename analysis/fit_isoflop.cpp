// `--law isoflop`: parabolas, their vertices and the lines through them, as a fit.
#include <fmt/format.h>

#include <cmath>

#include "analysis/chosen_points.h"
#include "analysis/comparable_rows.h"
#include "analysis/fit_flags.h"
#include "analysis/fit_points.h"
#include "analysis/isoflop_fit.h"
#include "model/spec/error.h"

namespace isoloss {

Fit fit_isoflop(const PointTable& table, const FitOptions& options) {
  if (options.tied) tied(law_named("power"));  // says which laws have exponents to tie
  const ChosenPoints chosen = chosen_points(table, options);
  require_one_evaluation(table, chosen.rows, "law 'isoflop'");
  require_equal_weights(table, chosen.rows, "law 'isoflop'");
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
