#include "analysis/law_objective.h"

#include <cmath>
#include <stdexcept>

namespace isoloss {
namespace {

struct Rho {
  double value, slope, curvature;
  double
      weight;  // slope / r: the curvature of the parabola that lies above rho and touches it at r
};

Rho rho(double r, const Objective& objective) {
  switch (objective.kind) {
    case ObjectiveKind::Squares:
      return {r * r, 2 * r, 2, 2};
    case ObjectiveKind::Lad:
      return {std::abs(r), r < 0 ? -1.0 : 1.0, 0, 1 / std::abs(r)};
    case ObjectiveKind::Huber:
      break;
  }
  const double d = objective.delta;
  if (std::abs(r) <= d) return {r * r / 2, r, 1, 1};
  return {d * (std::abs(r) - d / 2), r < 0 ? -d : d, 0, d / std::abs(r)};
}

}  // namespace

double objective_value(const LawData& data, const LawState& state, const Objective& objective) {
  const Eigen::ArrayXd p = predict(data, state);
  const Eigen::ArrayXd r = objective.space == FitSpace::Log
                               ? Eigen::ArrayXd(p.log() - data.log_loss)
                               : Eigen::ArrayXd(p - data.loss);
  double sum = 0;
  for (Eigen::Index i = 0; i < r.size(); ++i) sum += data.weight[i] * rho(r[i], objective).value;
  return sum;
}

Expansion expand(const LawData& data, const LawState& state, const Objective& objective) {
  if (objective.kind == ObjectiveKind::Lad) throw std::logic_error("lad has no curvature");
  const Eigen::Index terms = data.z.cols(), size = 2 * terms + 1, n = data.points();
  Expansion e{0, Eigen::VectorXd::Zero(size), Eigen::MatrixXd::Zero(size, size),
              Eigen::MatrixXd::Zero(size, size)};
  Eigen::ArrayXXd q(n, terms);
  for (Eigen::Index t = 0; t < terms; ++t) {
    q.col(t) = (state.log_coefficient[t] - state.exponent[t] * data.z.col(t)).exp();
  }
  const bool log_space = objective.space == FitSpace::Log;
  Eigen::VectorXd dp(size);
  for (Eigen::Index i = 0; i < n; ++i) {
    const double p = state.floor + q.row(i).sum();
    const Rho f = rho(log_space ? std::log(p) - data.log_loss[i] : p - data.loss[i], objective);
    const double w = data.weight[i];
    const double scale = log_space ? 1 / p : 1;  // d residual / d p
    for (Eigen::Index t = 0; t < terms; ++t) {
      dp[t] = q(i, t);
      dp[terms + t] = -data.z(i, t) * q(i, t);
    }
    dp[size - 1] = 1;
    e.value += w * f.value;
    e.gradient += (w * f.slope * scale) * dp;
    const double outer = w * scale * scale;
    for (Eigen::Index j = 0; j < size; ++j) {
      for (Eigen::Index k = 0; k <= j; ++k) {
        const double product = outer * dp[j] * dp[k];
        e.reweighted(j, k) += f.weight * product;
        e.hessian(j, k) += (f.curvature - (log_space ? f.slope : 0)) * product;
      }
    }
    for (Eigen::Index t = 0; t < terms; ++t) {
      const double z = data.z(i, t), bend = w * f.slope * scale * q(i, t);
      e.hessian(t, t) += bend;
      e.hessian(terms + t, t) -= z * bend;
      e.hessian(terms + t, terms + t) += z * z * bend;
    }
  }
  e.reweighted.triangularView<Eigen::StrictlyUpper>() = e.reweighted.transpose();
  e.hessian.triangularView<Eigen::StrictlyUpper>() = e.hessian.transpose();
  return e;
}

}  // namespace isoloss
