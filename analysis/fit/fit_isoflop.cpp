// `--law isoflop`: parabolas, their vertices and the lines through them, as a fit.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "analysis/fit/chosen_points.h"
#include "analysis/fit/fit_flags.h"
#include "analysis/fit/fit_points.h"
#include "analysis/fit/isoflop_fit.h"
#include "analysis/fit/isoflop_intervals.h"
#include "analysis/points/comparable_rows.h"
#include "analysis/points/flag.h"
#include "model/spec/error.h"

namespace isoloss {
namespace {

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

std::vector<double> optima_of(const std::vector<IsoflopRow>& rows, OptimumOf optimum) {
  std::vector<double> optima;
  for (const IsoflopRow& row : rows) {
    if (!row.used) continue;
    optima.push_back(optimum == OptimumOf::Parameters ? row.optimal_parameters
                                                      : row.optimal_tokens);
  }
  return optima;
}

// Of sizes, and where every used budget has best tokens too, of tokens.
std::vector<IsoflopLine> lines_of(const std::vector<IsoflopRow>& rows) {
  std::vector<double> compute;
  for (const IsoflopRow& row : rows)
    if (row.used) compute.push_back(row.flops);
  std::vector<IsoflopLine> lines{{OptimumOf::Parameters,
                                  "parameters",
                                  "a",
                                  "lnG",
                                  compute,
                                  optima_of(rows, OptimumOf::Parameters),
                                  {}}};
  std::vector<double> tokens = optima_of(rows, OptimumOf::Tokens);
  if (std::all_of(tokens.begin(), tokens.end(), [](double d) { return std::isfinite(d); }))
    lines.push_back({OptimumOf::Tokens, "tokens", "b", "lnH", compute, std::move(tokens), {}});
  for (IsoflopLine& one : lines) one.line = log_line(one.compute, one.optima);
  return lines;
}

void require_a_line(const PointTable& table, const std::vector<IsoflopRow>& rows) {
  const auto used = std::count_if(rows.begin(), rows.end(), [](const auto& r) { return r.used; });
  if (used >= 2) return;
  throw WorkError(fmt::format(
      "{}: {} of {} budgets have a vertex inside their sizes (a line over compute needs two); {}",
      table.source, used, rows.size(),
      rows.empty() || rows.front().why_not.empty() ? "add budgets" : rows.front().why_not));
}

void add_parameters(const std::vector<IsoflopLine>& lines, Fit& fit) {
  for (const IsoflopLine& one : lines) {
    fit.parameters.emplace_back(one.slope, one.line.slope);
    fit.parameters.emplace_back(one.intercept, one.line.intercept);
    fit.units.emplace_back("1");
    fit.units.push_back("ln " + one.what + " FLOPs^-" + one.slope);
    fit.value += one.line.squares;
  }
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
  const ChosenPoints chosen = chosen_points(table, options);
  require_isoflop_points(table, chosen);
  Fit fit;
  fit.law = "isoflop";
  fit.objective = ObjectiveKind::Squares;
  fit.n = chosen.points.size();
  fit.level = options.level;
  fit.seed = options.seed;
  fit.starts = fit.starts_agreeing = 1;
  fit.frontier = FrontierKind::IsoFlop;
  fit.origin = origin_of(table, chosen.points, options.architecture);
  fit.rows = isoflop_rows(chosen.points);
  flag_architectures(chosen.points, fit);
  flag_budgets(fit);
  require_a_line(table, fit.rows);
  const std::vector<IsoflopLine> lines = lines_of(fit.rows);
  add_parameters(lines, fit);
  add_isoflop_intervals(lines, table, chosen.points, options, fit);
  flag_line(lines.front().compute, fit);
  if (options.calibrate) {
    fit.calibration_missing = "the lines over budgets predict sizes, which no later run measures";
  }
  fit.converged = true;
  return fit;
}

}  // namespace isoloss
