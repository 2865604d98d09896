#include "analysis/fit/isoflop_intervals.h"

#include <algorithm>
#include <optional>

#include "analysis/fit/fit_flags.h"
#include "analysis/fit/loss_noise.h"
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

// What is known of the losses' noise, and of what.
struct KnownNoise {
  std::optional<LossNoise> losses;
  bool measured = false;  // from replicates
  std::string words = "scatter of the vertices about the line, alike for all (Student t)";
};

KnownNoise known_noise(const PointTable& table, std::span<const Point> points,
                       const FitOptions& options, const std::vector<IsoflopRow>& rows) {
  KnownNoise known;
  if (const auto noise = measured_noise(table, points, options)) {
    known.losses = loss_noise(points, *noise);
    known.measured = true;
    known.words = words_of(LossDraws(points, *noise, options.seed));
  } else {
    known.losses = scatter_about_parabolas(points, rows);
    if (!known.losses) return known;
    known.words = "scatter of the points about the parabolas";
  }
  known.words += ", carried to the vertices and the line (Student t)";
  return known;
}

// As of optima that scatter alike, whatever their parabolas.
LineNoise scatter_of(const IsoflopLine& one) {
  const auto n = static_cast<Eigen::Index>(one.optima.size());
  return line_noise(one.compute, one.optima, one.line, Eigen::MatrixXd::Identity(n, n),
                    std::nullopt, Eigen::VectorXd::Zero(n));
}

LineNoise noise_of(const IsoflopLine& one, const LossNoise& losses,
                   const std::vector<IsoflopRow>& rows, const std::optional<OptimaBias>& bias) {
  Eigen::MatrixXd per_nat =
      optima_per_nat(rows, one.optimum, static_cast<std::size_t>(losses.covariance.rows()));
  Eigen::VectorXd off = Eigen::VectorXd::Zero(per_nat.rows());
  if (bias) {
    off = bias->off;
    per_nat -= bias->per_nat;
  }
  return line_noise(one.compute, one.optima, one.line,
                    per_nat * losses.covariance * per_nat.transpose(), losses.degrees, off);
}

// Of many points no covariance is kept, and several architectures have no law together.
bool can_carry(std::span<const Point> points) {
  return points.size() <= kMostInLossNoise &&
         std::all_of(points.begin(), points.end(),
                     [&](const Point& p) { return p.architecture == points[0].architecture; });
}

}  // namespace

void add_isoflop_intervals(const std::vector<IsoflopLine>& lines, const PointTable& table,
                           std::span<const Point> points, const FitOptions& options, Fit& fit) {
  std::vector<LineNoise> noise;
  if (lines.front().line.n >= kFewestWithError) {
    for (const IsoflopLine& one : lines) {
      noise.push_back(scatter_of(one));
      add_intervals(one, noise.back(), fit.level, fit.lack_of_fit);
    }
  }
  KnownNoise known;
  if (can_carry(points)) known = known_noise(table, points, options, fit.rows);
  if (known.losses) {
    noise.clear();
    for (const IsoflopLine& one : lines) {
      const auto bias = optima_bias(points, fit.rows, one.optimum);
      noise.push_back(noise_of(one, *known.losses, fit.rows, bias));
      if (bias && &one == &lines.front())
        known.words += ", moved by what parabolas do to the best sizes of the chinchilla law";
    }
  }
  fit.uncertainty = "not known: two budgets lie on any line";
  if (noise.empty()) return;
  for (std::size_t i = 0; i < lines.size(); ++i)
    add_intervals(lines[i], noise[i], fit.level, fit.intervals);
  fit.basis = basis_of(lines, noise);
  fit.interval_kind = known.measured ? IntervalKind::NoiseProfile : IntervalKind::ResidualScatter;
  fit.uncertainty = known.words;
  if (known.measured) flag_misfit(noise.front().misfit, noise.front().misfit_p, fit);
  flag_outside_intervals(fit);
  if (!known.losses) flag_shared_runs(points, fit.flags);
}

}  // namespace isoloss
