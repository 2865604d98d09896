#include "analysis/solver/law_scatter.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>

#include "analysis/numbers/statistics.h"

namespace isoloss {
namespace {

// Slope of psi about r, over a window of half-width h.
double smooth_slope(double r, double h, const Objective& objective) {
  if (objective.kind == ObjectiveKind::Squares) return 2;
  return (rho(r + h, objective).slope - rho(r - h, objective).slope) / (2 * h);
}

}  // namespace

std::optional<Eigen::MatrixXd> inverse_of_normal(const Eigen::MatrixXd& normal) {
  const Eigen::VectorXd scale = normal.diagonal().cwiseMax(1e-300).cwiseSqrt().cwiseInverse();
  const Eigen::MatrixXd unit = scale.asDiagonal() * normal * scale.asDiagonal();
  if (unit.size() == 0 || !unit.allFinite()) return std::nullopt;
  return scale.asDiagonal() * unit.completeOrthogonalDecomposition().pseudoInverse() *
         scale.asDiagonal();
}

LawScatter scatter_of(const Law& law, const LawData& data, const LawSolution& solution,
                      const Objective& objective, const FloorChoice& floor,
                      const std::vector<std::vector<Eigen::Index>>& runs) {
  const LawBox box(law, data, floor);
  const Eigen::VectorXd x = box.pack(solution.state);
  LawScatter out;
  out.residual = residuals(law, data, solution.state, objective.space);
  const Eigen::MatrixXd rows = box.convert(jacobian(law, data, solution.state, objective.space));
  // At a bound a coordinate is held: which way the objective falls does not matter here.
  std::vector<Eigen::Index> free;
  for (const Eigen::Index j : box.free_at(x, Eigen::VectorXd::Zero(x.size()))) {
    if (x[j] > box.low()[j] && x[j] < box.high()[j]) free.push_back(j);
  }
  const auto n = static_cast<double>(data.points());
  out.degrees = n - static_cast<double>(free.size());
  out.covariance = Eigen::MatrixXd::Zero(x.size(), x.size());
  out.leverage = Eigen::VectorXd::Zero(data.points());
  out.rise = Eigen::VectorXd::Zero(x.size());
  // Only the objective knows in what unit rows are weighed.
  const double unit = data.weight.mean();
  const Eigen::ArrayXd weight = data.weight / unit;
  out.weight = weight;
  const Eigen::MatrixXd columns = rows(Eigen::all, free);
  const Eigen::MatrixXd normal = columns.transpose() * weight.matrix().asDiagonal() * columns;
  const std::optional<Eigen::MatrixXd> known = inverse_of_normal(normal);
  if (!known) {
    out.degrees = 0;
    return out;
  }
  const Eigen::MatrixXd& inverse = *known;
  for (Eigen::Index i = 0; i < data.points(); ++i) {
    out.leverage[i] = weight[i] * columns.row(i).dot(inverse * columns.row(i).transpose());
  }
  if (!(out.degrees > 0)) return out;
  const double correction = n / out.degrees;
  std::vector<double> sizes;
  double squares = 0;
  for (Eigen::Index i = 0; i < data.points(); ++i) {
    const double r = out.residual[i] * std::sqrt(weight[i]);
    sizes.push_back(std::abs(r));
    squares += r * r;
  }
  out.deviation = std::sqrt(squares / out.degrees);
  out.robust_deviation = 1.4826 * quantile(sizes, 0.5) * std::sqrt(correction);
  const double h =
      std::max(1.06 * std::min(out.deviation, out.robust_deviation) * std::pow(n, -0.2), 1e-13);
  double psi_squared = 0, slope = 0, total = 0;
  for (Eigen::Index i = 0; i < data.points(); ++i) {
    const double psi = rho(out.residual[i], objective).slope, w = weight[i];
    psi_squared += w * psi * psi;
    slope += w * smooth_slope(out.residual[i], h, objective);
    total += w;
  }
  psi_squared *= correction / total;
  slope = std::max(slope / total, 1e-300);
  const double plain = psi_squared / (slope * slope);
  Eigen::MatrixXd middle = psi_squared * normal;
  if (!runs.empty()) {
    const auto m = static_cast<double>(runs.size());
    out.degrees = std::max(1.0, m - static_cast<double>(free.size()));
    middle.setZero();
    for (const std::vector<Eigen::Index>& run : runs) {
      Eigen::VectorXd sum = Eigen::VectorXd::Zero(columns.cols());
      for (const Eigen::Index i : run) {
        sum += weight[i] * rho(out.residual[i], objective).slope * columns.row(i).transpose();
      }
      middle += sum * sum.transpose();
    }
    middle *= m / out.degrees;
  }
  const Eigen::MatrixXd covariance = inverse * middle * inverse / (slope * slope);
  out.rise = Eigen::VectorXd::Constant(x.size(), unit * psi_squared / (2 * slope));
  for (std::size_t j = 0; j < free.size(); ++j) {
    const auto at = static_cast<Eigen::Index>(j);
    // Points that the law meets to the last bit have no scatter, and no ratio of it.
    if (plain > 0) out.rise[free[j]] *= covariance(at, at) / (plain * inverse(at, at));
  }
  out.covariance(free, free) = covariance;
  out.covariance = box.covariance_of_state(out.covariance);
  return out;
}

}  // namespace isoloss
