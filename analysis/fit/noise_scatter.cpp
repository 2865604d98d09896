#include "analysis/fit/noise_scatter.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

#include "analysis/numbers/statistics.h"

namespace isoloss {
namespace {

struct Moments {
  double slope = 0, square = 0;  // E psi', E psi^2
};

// Of a normal residual about zero.
Moments moments_of(double deviation, const Objective& objective) {
  const double density = 1 / std::sqrt(2 * std::numbers::pi);
  if (objective.kind == ObjectiveKind::Squares) return {2, 4 * deviation * deviation};
  if (objective.kind == ObjectiveKind::Lad) return {2 * density / deviation, 1};
  const double k = objective.delta / deviation;
  const double inside = std::erf(k / std::numbers::sqrt2);
  const double square = inside - 2 * k * density * std::exp(-k * k / 2) + k * k * (1 - inside);
  return {inside, deviation * deviation * square};
}

// A coordinate at its bound is not known to be there: it moves with the noise as any other.
std::vector<Eigen::Index> free_of(const LawBox& box) {
  return box.free_at(0.5 * (box.low() + box.high()), Eigen::VectorXd::Zero(box.size()));
}

// What of a residual one nat of the loss is.
Eigen::VectorXd residual_per_nat(const LawData& data, FitSpace space) {
  if (space == FitSpace::Log) return data.loss.inverse().matrix();
  return Eigen::VectorXd::Ones(data.points());
}

}  // namespace

LawScatter noise_scatter(const Law& law, const LawData& data, const LawSolution& solution,
                         const Objective& objective, const FloorChoice& floor,
                         const LossNoise& noise, LawScatter scatter) {
  const LawBox box(law, data, floor);
  const Eigen::VectorXd x = box.pack(solution.state);
  const Eigen::MatrixXd rows = box.convert(jacobian(law, data, solution.state, objective.space));
  const bool logarithm = objective.space == FitSpace::Log;
  const Eigen::VectorXd unit = residual_per_nat(data, objective.space);
  Eigen::MatrixXd covariance = unit.asDiagonal() * noise.covariance * unit.asDiagonal();
  // As the residuals' deviation counts them: by weights over their mean.
  const double mean = covariance.diagonal().dot(data.weight.matrix()) / data.weight.sum();
  const double residual_degrees = std::exchange(scatter.degrees, 0);
  scatter.covariance = Eigen::MatrixXd::Zero(x.size(), x.size());
  scatter.rise = Eigen::VectorXd::Zero(x.size());
  if (!(mean > 0) || !covariance.allFinite()) return scatter;
  const double misfit = std::max(1.0, scatter.deviation * scatter.deviation / mean);
  covariance *= misfit;
  scatter.misfit = misfit;
  scatter.misfit_p = misfit > 1 ? f_tail(misfit, residual_degrees, noise.degrees) : 1;
  Eigen::VectorXd slope(data.points()), root(data.points());
  for (Eigen::Index i = 0; i < data.points(); ++i) {
    const double deviation = std::max(std::sqrt(covariance(i, i)), 1e-300);
    const Moments moments = moments_of(deviation, objective);
    slope[i] = data.weight[i] * moments.slope;
    root[i] = data.weight[i] * std::sqrt(moments.square) / deviation;
  }
  const Eigen::MatrixXd middle = root.asDiagonal() * covariance * root.asDiagonal();
  const std::vector<Eigen::Index> free = free_of(box);
  const Eigen::MatrixXd columns = rows(Eigen::all, free);
  const std::optional<Eigen::MatrixXd> known =
      inverse_of_normal(columns.transpose() * slope.asDiagonal() * columns);
  if (!known) return scatter;
  const Eigen::MatrixXd& inverse = *known;
  const Eigen::MatrixXd spread = inverse * columns.transpose() * middle * columns * inverse;
  // Predictions lie below the data's losses, where the same nats are more of the logarithm.
  const double deviation =
      noise.deviation * std::sqrt(misfit) / (logarithm ? data.loss.minCoeff() : 1);
  if (!spread.allFinite() || !std::isfinite(deviation)) return scatter;
  for (std::size_t k = 0; k < free.size(); ++k) {
    const auto at = static_cast<Eigen::Index>(k);
    scatter.rise[free[k]] = spread(at, at) / inverse(at, at) / 2;
  }
  scatter.covariance(free, free) = spread;
  scatter.covariance = box.covariance_of_state(scatter.covariance);
  scatter.degrees = misfit > 1 ? std::min(noise.degrees, residual_degrees) : noise.degrees;
  scatter.deviation = deviation;
  return scatter;
}

Eigen::VectorXd coordinates_moved(const Law& law, const LawData& data, const LawSolution& solution,
                                  FitSpace space, const FloorChoice& floor,
                                  const Eigen::VectorXd& nats) {
  const LawBox box(law, data, floor);
  const std::vector<Eigen::Index> free = free_of(box);
  const Eigen::MatrixXd rows = box.convert(jacobian(law, data, solution.state, space));
  const Eigen::MatrixXd columns = rows(Eigen::all, free);
  const Eigen::MatrixXd weighted = data.weight.matrix().asDiagonal() * columns;
  Eigen::VectorXd moved = Eigen::VectorXd::Zero(box.size());
  const std::optional<Eigen::MatrixXd> inverse = inverse_of_normal(columns.transpose() * weighted);
  if (!inverse) return moved;
  const Eigen::VectorXd residual = residual_per_nat(data, space).cwiseProduct(nats);
  moved(free) = *inverse * (weighted.transpose() * residual);
  moved[box.size() - 1] *= box.unit();
  return moved;
}

}  // namespace isoloss
