#include "analysis/solver/law_narrowing.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <limits>

namespace isoloss {
namespace {

constexpr double kFlattest = 1e-9;   // of the largest curvature: what is less counts as that
constexpr double kLeastRoom = 1e-3;  // of the known value, between it and the minimum
constexpr double kWeight = 0.1;      // of the damping curvature

// What F less the tilt is nowhere below.
double tilted_least(const Narrowing& problem, const Tilt& tilt) {
  ConeProblem tilted = problem.cone;
  tilted.first_knee = tilted.last_knee;
  tilted.look = [&](const Eigen::VectorXd& x, double knee) { return problem.look(x, knee, tilt); };
  double least = -std::numeric_limits<double>::infinity();
  cone_minimum(tilted, problem.at, problem.cone.known, least);
  return least;
}

}  // namespace

Eigen::ArrayXd narrowed_reach(const Narrowing& problem, const Eigen::ArrayXd& reach) {
  const double knee = problem.cone.last_knee, known = problem.cone.known;
  const ConvexLook here = problem.look(problem.at, knee, {});
  if (!(here.lost > problem.worth * (known - here.value))) return reach;
  const ConvexLook wide = problem.look(problem.at, std::max(knee, problem.scatter), {});
  const Eigen::SelfAdjointEigenSolver<ConvexMatrix> eigen(wide.curvature + kWeight * wide.weight);
  const double steepest = eigen.eigenvalues().maxCoeff();
  if (eigen.info() != Eigen::Success || !(steepest > 0) || !std::isfinite(steepest)) return reach;
  const double room = std::max(known - here.value, kLeastRoom * known);
  Eigen::ArrayXd furthest = problem.ratio;
  for (Eigen::Index k = 0; k < problem.at.size(); ++k) {
    const Eigen::VectorXd along = eigen.eigenvectors().col(k);
    // The tilt that brings a parabola of this curvature down to where it reaches `known`.
    const double slope =
        std::sqrt(2 * room * std::max(eigen.eigenvalues()[k], kFlattest * steepest));
    const auto furthest_towards = [&](double sign) {
      const double least = tilted_least(problem, {sign * slope * along, problem.at});
      return std::max((known - least) / slope, 0.0);
    };
    const double up = furthest_towards(1), down = furthest_towards(-1);
    if (!std::isfinite(up) || !std::isfinite(down)) return reach;
    const Eigen::ArrayXd by = (problem.rows * along).array();
    furthest += (by > 0).select(by * up, -by * down);
  }
  return reach.min(furthest.max(1 + 1e-9));
}

}  // namespace isoloss
