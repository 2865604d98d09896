// Minima in a cone against what geometry says they are.
#include "analysis/solver/cone_descent.h"

#include <gtest/gtest.h>

namespace isoloss {
namespace {

// Half the squared distance to a place: its minimum is the projection.
ConeProblem distance_to(const Eigen::Vector2d& place, std::vector<ConeSide> sides, double most) {
  ConeProblem problem;
  problem.sides = std::move(sides);
  problem.known = 1e3;
  problem.look = [place, most](const Eigen::VectorXd& x, double) {
    ConvexLook at;
    at.value = (x - place).squaredNorm() / 2;
    at.gradient = x - place;
    at.curvature = at.weight = Eigen::MatrixXd::Identity(2, 2);
    // Over |x1| <= x0 <= most.
    at.bound = at.value - at.gradient.dot(x) +
               std::min(0.0, at.gradient[0] - std::abs(at.gradient[1])) * most;
    return at;
  };
  return problem;
}

// (1, 3) is nearest to (2, 2) on the side x1 = x0, half the square of sqrt(2) away.
TEST(ConeDescent, FindsTheProjectionOnASide) {
  ConeProblem problem = distance_to({1, 3}, {{0, 1, 1}, {0, 1, -1}}, 10);
  problem.known = 2;
  double lower = 0;
  const Eigen::VectorXd x = cone_minimum(problem, Eigen::Vector2d(1, 0), 2, lower);
  EXPECT_NEAR(x[0], 2, 0.1);
  EXPECT_NEAR(x[1], 2, 0.1);
  EXPECT_LE(lower, 1);
  EXPECT_GT(lower, 0.98);
}

// The cone's tip is nearest to (-3, 1): 10 / 2.
TEST(ConeDescent, FindsTheTip) {
  ConeProblem problem = distance_to({-3, 1}, {{0, 1, 1}, {0, 1, -1}}, 10);
  problem.known = 8;
  double lower = 0;
  cone_minimum(problem, Eigen::Vector2d(1, 0), 8, lower);
  EXPECT_LE(lower, 5);
  EXPECT_GT(lower, 4.9);
}

// It stops where the target is reached.
TEST(ConeDescent, StopsAtTheTarget) {
  ConeProblem problem = distance_to({1, 3}, {{0, 1, 1}, {0, 1, -1}}, 10);
  problem.known = 2;
  int looks = 0;
  const auto look = problem.look;
  problem.look = [&](const Eigen::VectorXd& x, double knee) {
    ++looks;
    return look(x, knee);
  };
  double lower = 0;
  cone_minimum(problem, Eigen::Vector2d(1, 0), 2, lower);
  const int all = looks;
  looks = 0;
  lower = 0;
  cone_minimum(problem, Eigen::Vector2d(1, 0), 0.05, lower);
  EXPECT_GE(lower, 0.05);
  EXPECT_LT(looks, all);
}

}  // namespace
}  // namespace isoloss
