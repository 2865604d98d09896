// isoflop_noise.h: what parabolas do to the optima of the chinchilla law.
#include <Eigen/Dense>
#include <array>
#include <boost/math/tools/toms748_solve.hpp>
#include <cmath>
#include <utility>

#include "analysis/fit/chinchilla_fit.h"
#include "analysis/fit/isoflop_noise.h"

namespace isoloss {
namespace {

constexpr double kMove = 1e-4;  // of a coordinate, for a derivative

// Coordinates ln A, ln B, alpha, beta, E.
ChinchillaLaw moved(ChinchillaLaw law, Eigen::Index coordinate, double by) {
  if (coordinate == 0) law.A *= std::exp(by);
  if (coordinate == 1) law.B *= std::exp(by);
  if (coordinate == 2) law.alpha += by;
  if (coordinate == 3) law.beta += by;
  if (coordinate == 4) law.E += by;
  return law;
}

// How the coordinates follow the points' losses: least squares of logarithms, to first order.
Eigen::MatrixXd coordinates_per_nat(const ChinchillaLaw& law, std::span<const Point> points) {
  const auto n = static_cast<Eigen::Index>(points.size());
  Eigen::MatrixXd slope(n, 5);  // of ln loss
  Eigen::VectorXd inverse(n);
  for (Eigen::Index i = 0; i < n; ++i) {
    const Point& p = points[static_cast<std::size_t>(i)];
    const double of_size = law.A * std::pow(p.parameters, -law.alpha);
    const double of_data = law.B * std::pow(p.tokens, -law.beta);
    inverse[i] = 1 / (law.E + of_size + of_data);
    slope.row(i) << of_size, of_data, -of_size * std::log(p.parameters),
        -of_data * std::log(p.tokens), 1;
    slope.row(i) *= inverse[i];
  }
  return slope.colPivHouseholderQr().solve(Eigen::MatrixXd(inverse.asDiagonal()));
}

// ln D over ln N of a budget's points.
struct Curve {
  Eigen::Vector3d by_power;  // of ln N - middle
  double low = 0, high = 0, middle = 0;

  double tokens(double size) const {
    const double off = size - middle;
    return by_power[0] + off * (by_power[1] + off * by_power[2]);
  }
  double slope(double size) const { return by_power[1] + 2 * by_power[2] * (size - middle); }
};

Curve curve_of(std::span<const Point> points, const IsoflopRow& row) {
  const auto n = static_cast<Eigen::Index>(row.members.size());
  Eigen::VectorXd size(n), tokens(n);
  for (Eigen::Index i = 0; i < n; ++i) {
    const Point& p = points[row.members[static_cast<std::size_t>(i)]];
    size[i] = std::log(p.parameters);
    tokens[i] = std::log(p.tokens);
  }
  Curve curve;
  curve.low = size.minCoeff();
  curve.high = size.maxCoeff();
  curve.middle = (curve.low + curve.high) / 2;
  const Eigen::VectorXd off = size.array() - curve.middle;
  Eigen::MatrixXd design(n, 3);
  design << Eigen::VectorXd::Ones(n), off, off.cwiseProduct(off);
  curve.by_power = design.colPivHouseholderQr().solve(tokens);
  return curve;
}

// ln N where the law is least along the curve; NaN beyond its sizes.
double best_size(const ChinchillaLaw& law, const Curve& curve) {
  const auto slope = [&](double size) {
    return -law.alpha * law.A * std::exp(-law.alpha * size) -
           law.beta * law.B * std::exp(-law.beta * curve.tokens(size)) * curve.slope(size);
  };
  if (!(slope(curve.low) < 0) || !(slope(curve.high) > 0)) return std::nan("");
  std::uintmax_t rounds = 100;
  const auto [low, high] = boost::math::tools::toms748_solve(
      slope, curve.low, curve.high, boost::math::tools::eps_tolerance<double>(50), rounds);
  return (low + high) / 2;
}

// Of the law's own losses at the points; NaN where there is none.
Eigen::VectorXd bias_of(const ChinchillaLaw& law, std::span<const Point> points,
                        const std::vector<IsoflopRow>& rows, OptimumOf optimum) {
  std::vector<Point> smooth(points.begin(), points.end());
  for (Point& p : smooth) p.loss = law.loss(p.parameters, p.tokens);
  const std::vector<IsoflopRow> of_law = isoflop_rows(smooth);
  std::vector<double> off;
  for (std::size_t k = 0; k < rows.size(); ++k) {
    if (!rows[k].used) continue;
    const Curve curve = curve_of(points, rows[k]);
    const double best = best_size(law, curve);
    off.push_back(optimum == OptimumOf::Parameters
                      ? std::log(of_law[k].optimal_parameters) - best
                      : std::log(of_law[k].optimal_tokens) - curve.tokens(best));
  }
  return Eigen::Map<const Eigen::VectorXd>(off.data(), static_cast<Eigen::Index>(off.size()));
}

}  // namespace

std::optional<OptimaBias> optima_bias(std::span<const Point> points,
                                      const std::vector<IsoflopRow>& rows, OptimumOf optimum) {
  const auto fitted = fit_chinchilla(points);
  if (!fitted) return std::nullopt;
  OptimaBias bias{bias_of(fitted->law, points, rows, optimum), {}};
  Eigen::MatrixXd by_coordinate(bias.off.size(), 5);
  for (Eigen::Index c = 0; c < 5; ++c) {
    by_coordinate.col(c) = (bias_of(moved(fitted->law, c, kMove), points, rows, optimum) -
                            bias_of(moved(fitted->law, c, -kMove), points, rows, optimum)) /
                           (2 * kMove);
  }
  if (!bias.off.allFinite() || !by_coordinate.allFinite()) return std::nullopt;
  bias.per_nat = by_coordinate * coordinates_per_nat(fitted->law, points);
  return bias;
}

}  // namespace isoloss
