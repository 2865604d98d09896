// A straight line y = a + b x, by hand: the variance of a + b t is sigma^2 (1/n + (t - mean)^2 /
// Sxx) for independent noise sigma.
#include "analysis/savings/linear_design.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace isoloss {
namespace {

Eigen::MatrixXd line_rows(const std::vector<double>& x) {
  Eigen::MatrixXd rows(static_cast<Eigen::Index>(x.size()), 2);
  for (std::size_t i = 0; i < x.size(); ++i) rows.row(static_cast<Eigen::Index>(i)) << 1, x[i];
  return rows;
}

Eigen::MatrixXd independent(Eigen::Index n, double variance) {
  return variance * Eigen::MatrixXd::Identity(n, n);
}

// x = -1, 1 and sigma^2 = .04, at t = 2: .04 (1/2 + 4/2) = .1. A third at x = 2: mean 2/3, Sxx
// 14/3, .04 (1/3 + (4/3)^2 / (14/3)) = .04 (1/3 + 8/21) = .04 x 15/21.
TEST(LinearDesign, AMeasurementMoreOfALine) {
  LinearDesign design(2);
  design.add(line_rows({-1, 1}), independent(2, 0.04));
  const Eigen::Vector2d target(1, 2);
  EXPECT_NEAR(design.variance(target), 0.1, 1e-15);
  design.add(line_rows({2}), independent(1, 0.04));
  EXPECT_NEAR(design.variance(target), 0.04 * 15 / 21, 1e-15);
}

// Both measurements of a run err alike: the mean of two at x = 0 has their whole variance, and a
// run of its own at x = 0 with the same variance has the third of the weight: (2/3)^2 + (1/3)^2.
TEST(LinearDesign, NoiseThatARunSharesIsNotAveragedAway) {
  LinearDesign design(1);
  const Eigen::MatrixXd ones = Eigen::MatrixXd::Ones(2, 1);
  design.add(ones, Eigen::MatrixXd::Ones(2, 2));
  EXPECT_NEAR(design.variance(Eigen::VectorXd::Ones(1)), 1, 1e-15);
  design.add(ones.topRows(1), independent(1, 1));
  EXPECT_NEAR(design.variance(Eigen::VectorXd::Ones(1)), 5.0 / 9, 1e-15);
}

// Two measurements at x = 1 say what y is there, and nothing of the slope.
TEST(LinearDesign, WhatNothingDeterminesHasNoVariance) {
  LinearDesign design(2);
  design.add(line_rows({1, 1}), independent(2, 1));
  EXPECT_NEAR(design.variance(Eigen::Vector2d(1, 1)), 0.5, 1e-12);
  EXPECT_TRUE(std::isnan(design.variance(Eigen::Vector2d(0, 1))));
}

}  // namespace
}  // namespace isoloss
