#include "analysis/solver/law_reach.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>

namespace isoloss {
namespace {

constexpr double kFurthest = 40;  // of a residual's logarithm

}  // namespace

Eigen::ArrayXd reach_of_one(const LawData& data, const RelaxedObjective& objective) {
  Eigen::ArrayXd reach(data.points());
  for (Eigen::Index i = 0; i < data.points(); ++i) {
    const double r = residual_of_cost(objective.known / data.weight[i], objective.over);
    reach[i] =
        objective.space == FitSpace::Log ? std::exp(std::min(r, kFurthest)) : 1 + r / data.loss[i];
  }
  return reach;
}

Eigen::ArrayXd tightened_reach(const LawData& data, const RelaxedObjective& objective,
                               const Eigen::MatrixXd& span, const Eigen::ArrayXd& ratio,
                               const Eigen::ArrayXd& rest, const Eigen::ArrayXd& reach) {
  const Eigen::Index n = data.points();
  const double knee = objective.over.knee;
  if (!objective.is_concave()) return reach;
  Eigen::ArrayXd cost(n);  // of a ratio's distance from one, at least
  double total = objective.known;
  for (Eigen::Index i = 0; i < n; ++i) {
    const double far = reach[i] - 1;
    const double chord = far > 1e-12 ? std::log1p(far) / far : 1;
    cost[i] = data.weight[i] * knee * std::min(objective.under.scale, objective.over.scale * chord);
    total +=
        data.weight[i] * std::max(objective.under.scale, objective.over.scale) * knee * knee / 2 +
        cost[i] * (std::abs(ratio[i] - 1) + rest[i]);
  }
  const Eigen::MatrixXd normal = span.transpose() * cost.matrix().asDiagonal() * span;
  const Eigen::LDLT<Eigen::MatrixXd> factor(normal);
  const Eigen::MatrixXd solved = factor.solve(span.transpose());
  if (!solved.allFinite()) return reach;
  const Eigen::ArrayXd leverage =
      (span.array() * solved.transpose().array()).rowwise().sum().max(0);
  // The leverages of a projection sum to its rank: what rounding spoiled is not used.
  if (std::abs((cost * leverage).sum() - static_cast<double>(span.cols())) > 1e-6) return reach;
  const double largest = leverage.maxCoeff();
  return reach.min((ratio + rest + total * (leverage * largest).sqrt() * (1 + 1e-6)).max(1 + 1e-9));
}

}  // namespace isoloss
