#include "analysis/fit/isoflop_intervals.h"

#include <algorithm>
#include <cstdint>
#include <optional>

#include "analysis/fit/fit_flags.h"
#include "analysis/fit/fit_intervals.h"
#include "analysis/fit/noise_intervals.h"

namespace isoloss {
namespace {

constexpr std::size_t kFewestWithError = 3;  // two points lie on any line

void add_intervals(const IsoflopLine& one, const LineNoise& noise, double level,
                   std::vector<NamedInterval>& to) {
  to.emplace_back(one.slope, line_interval(one.line, noise, {0, 1}, level));
  to.emplace_back(one.intercept, line_interval(one.line, noise, {1, -one.line.centre}, level));
}

PredictionBasis basis_of(const std::vector<IsoflopLine>& lines,
                         const std::vector<LineNoise>& noise) {
  const auto size = static_cast<Eigen::Index>(2 * lines.size());
  PredictionBasis basis;
  basis.centre = {lines.front().line.centre};
  basis.deviation = noise.front().deviation;
  basis.covariance = Eigen::MatrixXd::Zero(size, size);
  basis.shift = Eigen::VectorXd::Zero(size);
  basis.degrees = noise.front().degrees;
  for (std::size_t i = 0; i < noise.size(); ++i) {
    const auto block = static_cast<Eigen::Index>(2 * i);
    basis.covariance.block<2, 2>(block, block) = noise[i].covariance;
    basis.shift.segment<2>(block) = noise[i].shift;
    basis.degrees = std::min(basis.degrees, noise[i].degrees);
  }
  return basis;
}

// What is known of the losses' noise, and of what parabolas do to their optima.
struct Known {
  std::optional<SeedNoise> noise;
  bool measured = false;  // from replicates
  std::optional<OptimaBias> bias;
};

// Nothing of points of several architectures, which have no law together.
Known known_of(const PointTable& table, std::span<const Point> points, const FitOptions& options,
               const std::vector<IsoflopRow>& rows) {
  Known known;
  const auto of_another = [&](const Point& p) { return p.architecture != points[0].architecture; };
  if (std::any_of(points.begin(), points.end(), of_another)) return known;
  if (points.size() > kMostInLossNoise) return known;
  known.bias = optima_bias(points, rows);
  known.noise = measured_noise(table, points, options);
  known.measured = known.noise.has_value();
  if (!known.measured && !runs_of(points).empty())
    known.noise = scatter_about_parabolas(points, rows);
  return known;
}

std::string words_of(const Known& known, std::span<const Point> points, std::uint64_t seed) {
  std::string words = "scatter of the vertices about the line (Student t)";
  if (known.noise) {
    words = known.measured ? words_of(LossDraws(points, *known.noise, seed))
                           : "scatter of the points about the parabolas";
    words += ", carried to the vertices and the line (Student t)";
  }
  if (known.bias) words += ", moved by what parabolas do to the best sizes of the chinchilla law";
  return words;
}

Eigen::VectorXd zeros(const IsoflopLine& one) {
  return Eigen::VectorXd::Zero(static_cast<Eigen::Index>(one.optima.size()));
}

// As of optima that scatter alike, whatever their parabolas.
LineNoise scatter_of(const IsoflopLine& one) {
  const auto n = static_cast<Eigen::Index>(one.optima.size());
  return line_noise(one.compute, one.optima, one.line, Eigen::MatrixXd::Identity(n, n),
                    std::nullopt, zeros(one));
}

// Empty where two optima lie on any line and nothing else is known of them.
std::optional<LineNoise> noise_of(const IsoflopLine& one, const Known& known,
                                  const std::optional<LossNoise>& losses,
                                  const std::vector<IsoflopRow>& rows) {
  Eigen::VectorXd bias = zeros(one);
  if (known.bias)
    bias = one.optimum == Optimum::Parameters ? known.bias->parameters : known.bias->tokens;
  if (losses) {
    return line_noise(one.compute, one.optima, one.line,
                      optima_covariance(rows, one.optimum, *losses), losses->degrees, bias);
  }
  if (one.line.n < kFewestWithError) return std::nullopt;
  return line_noise(one.compute, one.optima, one.line, optima_covariance(rows, one.optimum),
                    std::nullopt, bias);
}

}  // namespace

void add_isoflop_intervals(const std::vector<IsoflopLine>& lines, const PointTable& table,
                           std::span<const Point> points, const FitOptions& options, Fit& fit) {
  const Known known = known_of(table, points, options, fit.rows);
  std::optional<LossNoise> losses;
  if (known.noise) losses = loss_noise(points, *known.noise);
  std::vector<LineNoise> noise;
  for (const IsoflopLine& one : lines) {
    if (one.line.n >= kFewestWithError)
      add_intervals(one, scatter_of(one), fit.level, fit.lack_of_fit);
    const auto of_line = noise_of(one, known, losses, fit.rows);
    if (!of_line) continue;
    noise.push_back(*of_line);
    add_intervals(one, *of_line, fit.level, fit.intervals);
  }
  fit.uncertainty = "not known: two budgets lie on any line";
  if (noise.empty()) return;
  fit.basis = basis_of(lines, noise);
  fit.interval_kind = known.measured ? IntervalKind::NoiseProfile : IntervalKind::ResidualScatter;
  fit.uncertainty = words_of(known, points, options.seed);
  flag_misfit(noise.front().misfit, known.measured ? noise.front().misfit_p : 1, fit);
  flag_outside_intervals(fit);
  if (!known.noise) flag_shared_runs(points, fit.flags);
}

}  // namespace isoloss
