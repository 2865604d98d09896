#include "analysis/solver/convex_descent.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

namespace isoloss {
namespace {

constexpr double kKneeStep = 0.15;
constexpr double kCoarse = 0.02, kFine = 3e-3;  // of the value, between it and its bound
constexpr int kMostNewtonSteps = 12, kMostTrials = 8;

Eigen::VectorXd descend_at(const ConvexProblem& problem, Eigen::VectorXd x, double knee,
                           double target, double& lower) {
  const bool last = knee <= problem.last_knee;
  ConvexLook at = problem.look(x, knee);
  double damping = 0.1;
  for (int step = 0; step < kMostNewtonSteps; ++step) {
    lower = std::max(lower, at.bound);
    const double left = at.value - at.bound;
    if (lower >= target || left < (last ? kFine : kCoarse) * std::abs(at.value)) break;
    if (last && at.value < target && left < 0.2 * (problem.known - at.value)) break;
    std::vector<Eigen::Index> free;
    for (Eigen::Index j = 0; j < x.size(); ++j) {
      const bool held = (x[j] <= problem.low[j] && at.gradient[j] >= 0) ||
                        (x[j] >= problem.high[j] && at.gradient[j] <= 0);
      if (!held) free.push_back(j);
    }
    if (free.empty()) break;
    bool moved = false;
    for (int trial = 0; trial < kMostTrials && !moved; ++trial) {
      Eigen::MatrixXd normal = at.curvature(free, free) + damping * at.weight(free, free);
      normal.diagonal() *= 1 + 1e-12;
      Eigen::VectorXd next = x;
      next(free) -= normal.ldlt().solve(at.gradient(free));
      if (!next.allFinite()) break;
      next = next.cwiseMax(problem.low).cwiseMin(problem.high);
      ConvexLook there = problem.look(next, knee);
      if (there.value < at.value) {
        x = next;
        at = std::move(there);
        damping *= 0.1;
        moved = true;
      } else {
        damping = std::max(damping, 1e-3) * 10;
      }
    }
    if (!moved) break;
  }
  lower = std::max(lower, at.bound);
  return x;
}

}  // namespace

Eigen::VectorXd convex_minimum(const ConvexProblem& problem, Eigen::VectorXd x, double target,
                               double& lower) {
  const double last = problem.last_knee;
  double knee = std::isfinite(last) ? std::max(last, problem.first_knee) : last;
  for (bool more = true; more && lower < target;) {
    x = descend_at(problem, std::move(x), knee, target, lower);
    more = knee > last;
    knee = std::max(last, knee * kKneeStep);
  }
  return x;
}

}  // namespace isoloss
