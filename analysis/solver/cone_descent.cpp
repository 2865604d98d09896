#include "analysis/solver/cone_descent.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <utility>

namespace isoloss {
namespace {

constexpr int kMostConeSteps = 30, kMostConeTrials = 6;
constexpr double kConeKneeStep = 0.2;
constexpr double kBarrierStep = 0.08;  // of what the sides cost, from step to step
constexpr double kFullStep = 0.4;
constexpr double kNearestSide = 0.95;  // of the way to a side
constexpr double kConeFine = 5e-3;     // of the value, between it and its bound
constexpr double kConeFiner = 2e-4;    // where only the bound has not reached the target
constexpr double kHopeless = 0.02;     // of the known value: a minimum below it is of no use

Eigen::VectorXd side_distances(const ConeProblem& problem, const Eigen::VectorXd& x) {
  Eigen::VectorXd s(static_cast<Eigen::Index>(problem.sides.size()));
  for (Eigen::Index k = 0; k < s.size(); ++k) {
    const ConeSide& side = problem.sides[static_cast<std::size_t>(k)];
    s[k] = x[side.first] + (side.second >= 0 ? side.factor * x[side.second] : 0.0);
  }
  return s;
}

// Adds `by` times the sides' gradients.
void add_side_slopes(const ConeProblem& problem, const Eigen::VectorXd& by, ConvexVector& out) {
  for (Eigen::Index k = 0; k < by.size(); ++k) {
    const ConeSide& side = problem.sides[static_cast<std::size_t>(k)];
    out[side.first] += by[k];
    if (side.second >= 0) out[side.second] += side.factor * by[k];
  }
}

void add_side_curvature(const ConeProblem& problem, const Eigen::VectorXd& by, ConvexMatrix& out) {
  for (Eigen::Index k = 0; k < by.size(); ++k) {
    const auto& [first, second, factor] = problem.sides[static_cast<std::size_t>(k)];
    out(first, first) += by[k];
    if (second < 0) continue;
    out(second, second) += factor * factor * by[k];
    out(first, second) += factor * by[k];
    out(second, first) += factor * by[k];
  }
}

double longest_cone_step(const Eigen::VectorXd& from, const Eigen::VectorXd& step) {
  double longest = 1 / kNearestSide;
  for (Eigen::Index k = 0; k < from.size(); ++k) {
    if (step[k] < 0) longest = std::min(longest, -from[k] / step[k]);
  }
  return kNearestSide * longest;
}

}  // namespace

Eigen::VectorXd cone_minimum(const ConeProblem& problem, Eigen::VectorXd x, double target,
                             double& lower) {
  ConvexLook at = problem.look(x, problem.last_knee);
  if (!(at.value > kHopeless * problem.known)) return x;
  double knee = problem.last_knee;
  if (std::isfinite(knee) && problem.first_knee > knee) {
    knee = problem.first_knee;
    at = problem.look(x, knee);
  }
  Eigen::VectorXd s = side_distances(problem, x);
  Eigen::VectorXd z = 0.1 * at.value / static_cast<double>(s.size()) * s.cwiseInverse();
  double damping = 0.01;
  for (int step = 0; step < kMostConeSteps; ++step) {
    lower = std::max(lower, at.bound);
    if (lower >= target || !std::isfinite(at.value)) break;
    if (knee <= problem.last_knee) {
      const double left = at.value - lower;
      if (left < (at.value < target ? kConeFine : kConeFiner) * at.value ||
          at.value <= kHopeless * problem.known)
        break;
      if (at.value < target && left < 0.2 * (problem.known - at.value)) break;
    }
    const double barrier = kBarrierStep * s.dot(z) / static_cast<double>(s.size());
    ConvexMatrix normal = at.curvature + damping * at.weight;
    add_side_curvature(problem, z.cwiseQuotient(s), normal);
    normal.diagonal() *= 1 + 1e-12;
    const Eigen::VectorXd push = barrier * s.cwiseInverse();
    ConvexVector right = -at.gradient;
    add_side_slopes(problem, push, right);
    const Eigen::VectorXd move = normal.ldlt().solve(right);
    if (!move.allFinite()) break;
    const Eigen::VectorXd moved_s = side_distances(problem, move);
    const Eigen::VectorXd moved_z = push - z - z.cwiseProduct(moved_s).cwiseQuotient(s);
    // Towards the place where the sides push as hard as the function.
    double length = longest_cone_step(s, moved_s);
    const double here = at.value - barrier * s.array().log().sum();
    bool better = false;
    double stepped = 0;
    for (int trial = 0; trial < kMostConeTrials && !better; ++trial, length /= 2) {
      const Eigen::VectorXd next = x + length * move;
      const Eigen::VectorXd next_s = side_distances(problem, next);
      ConvexLook there = problem.look(next, knee);
      better =
          there.value - barrier * next_s.array().log().sum() < here + 1e-10 * std::abs(at.value);
      if (!better) continue;
      x = next;
      s = next_s;
      at = std::move(there);
      stepped = length;
    }
    // Rho's bends lie far apart: where steps are cut short, the curvature at hand says little.
    damping = stepped > kFullStep ? damping * 0.1 : std::clamp(damping * 10, 1e-3, 1.0);
    z += longest_cone_step(z, moved_z) * moved_z;
    if (stepped > kFullStep && knee > problem.last_knee) {
      lower = std::max(lower, at.bound);
      knee = std::max(problem.last_knee, knee * kConeKneeStep);
      at = problem.look(x, knee);
    }
  }
  return x;
}

}  // namespace isoloss
