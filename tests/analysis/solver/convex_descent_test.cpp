// Minima in a box that are known by hand.
#include "analysis/solver/convex_descent.h"

#include <gtest/gtest.h>

#include <limits>

namespace isoloss {
namespace {

// (x - 1)^2 + 2 (y - 3)^2 + x y: the gradient vanishes at x = -4/7, y = 22/7.
ConvexProblem problem_in(const Eigen::Vector2d& low, const Eigen::Vector2d& high) {
  ConvexProblem problem;
  problem.low = low;
  problem.high = high;
  problem.first_knee = problem.last_knee = 1;
  problem.known = -std::numeric_limits<double>::infinity();  // no place is too good
  problem.look = [low, high](const Eigen::VectorXd& at, double) {
    const double x = at[0], y = at[1];
    ConvexLook look;
    look.value = (x - 1) * (x - 1) + 2 * (y - 3) * (y - 3) + x * y;
    look.gradient = Eigen::Vector2d(2 * (x - 1) + y, 4 * (y - 3) + x);
    look.curvature = (Eigen::Matrix2d() << 2, 1, 1, 4).finished();
    look.weight = Eigen::Matrix2d::Identity();
    look.bound = look.value;
    for (int j = 0; j < 2; ++j) {
      look.bound += look.gradient[j] * ((look.gradient[j] > 0 ? low : high)[j] - at[j]);
    }
    return look;
  };
  return problem;
}

constexpr double kNoTarget = std::numeric_limits<double>::infinity();

TEST(ConvexDescent, FindsTheMinimumInside) {
  double lower = -1e300;
  const ConvexProblem problem = problem_in({-10, -10}, {10, 10});
  const Eigen::VectorXd x = convex_minimum(problem, Eigen::Vector2d(9, -9), kNoTarget, lower);
  // 121/49 + 2/49 - 88/49: the value there.
  const double least = 35.0 / 49;
  EXPECT_LE(lower, least);
  EXPECT_NEAR(lower, least, 0.01);
  EXPECT_NEAR(x[0], -4.0 / 7, 0.05);
  EXPECT_NEAR(x[1], 22.0 / 7, 0.05);
}

// With x at least 0 the other is best at 3, with the value 1.
TEST(ConvexDescent, StopsAtTheBox) {
  double lower = -1e300;
  const Eigen::VectorXd x =
      convex_minimum(problem_in({0, -10}, {10, 10}), Eigen::Vector2d(9, -9), kNoTarget, lower);
  EXPECT_NEAR(x[0], 0, 1e-6);
  EXPECT_NEAR(x[1], 3, 0.02);
  EXPECT_LE(lower, 1.0);
  EXPECT_NEAR(lower, 1, 0.01);
}

TEST(ConvexDescent, ABoundOnceReachedEndsTheSearch) {
  double lower = 2;
  const Eigen::Vector2d start(9, -9);
  EXPECT_EQ(convex_minimum(problem_in({0, -10}, {10, 10}), start, 1.5, lower), start);
  EXPECT_EQ(lower, 2);
}

}  // namespace
}  // namespace isoloss
