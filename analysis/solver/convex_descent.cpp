#include "analysis/solver/convex_descent.h"

#include <Eigen/Dense>
#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace isoloss {
namespace {

constexpr double kKneeStep = 0.15;
constexpr double kCoarse = 0.02, kFine = 3e-3;  // of the value, between it and its bound
constexpr int kMostNewtonSteps = 12, kMostTrials = 8;

// The unknowns that the box does not hold back.
struct FreeUnknowns {
  std::array<Eigen::Index, kMostUnknowns> index = {};
  Eigen::Index count = 0;
};

FreeUnknowns free_unknowns(const ConvexProblem& problem, const Eigen::VectorXd& x,
                           const ConvexVector& gradient) {
  FreeUnknowns out;
  for (Eigen::Index j = 0; j < x.size(); ++j) {
    const bool held = (x[j] <= problem.low[j] && gradient[j] >= 0) ||
                      (x[j] >= problem.high[j] && gradient[j] <= 0);
    if (!held) out.index[static_cast<std::size_t>(out.count++)] = j;
  }
  return out;
}

// Takes the damped Newton step of the free unknowns off `x`.
void take_step(const ConvexLook& at, const FreeUnknowns& free, double damping, Eigen::VectorXd& x) {
  ConvexMatrix normal(free.count, free.count);
  ConvexVector slope(free.count);
  for (Eigen::Index j = 0; j < free.count; ++j) {
    const Eigen::Index row = free.index[static_cast<std::size_t>(j)];
    slope[j] = at.gradient[row];
    for (Eigen::Index k = 0; k <= j; ++k) {  // all that the factorization reads
      const Eigen::Index column = free.index[static_cast<std::size_t>(k)];
      normal(j, k) = at.curvature(row, column) + damping * at.weight(row, column);
    }
    normal(j, j) *= 1 + 1e-12;
  }
  const ConvexVector step = normal.ldlt().solve(slope);
  for (Eigen::Index j = 0; j < free.count; ++j) {
    x[free.index[static_cast<std::size_t>(j)]] -= step[j];
  }
}

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
    const FreeUnknowns free = free_unknowns(problem, x, at.gradient);
    if (free.count == 0) break;
    bool moved = false;
    for (int trial = 0; trial < kMostTrials && !moved; ++trial) {
      Eigen::VectorXd next = x;
      take_step(at, free, damping, next);
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
