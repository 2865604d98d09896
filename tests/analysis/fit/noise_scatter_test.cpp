// What noise of known covariance says of a straight line, by the formulas of least squares.
#include "analysis/fit/noise_scatter.h"

#include <gtest/gtest.h>

#include <cmath>

namespace isoloss {
namespace {

const Objective kSquares{ObjectiveKind::Squares, 0, FitSpace::Log, 1};
const FloorChoice kZero{FloorChoice::Zero, 0};

// ln L = ln a - b ln C at eight computes a factor of two apart, residuals of a few thousandths.
struct Line {
  LawData data;
  LawSolution solution;
  LawScatter scatter;
};
Line line() {
  std::vector<double> compute, loss;
  for (int i = 0; i < 8; ++i) {
    compute.push_back(1e10 * std::pow(2.0, i));
    loss.push_back(60 * std::pow(compute.back(), -0.15) * (i % 2 ? 1.002 : 0.998));
  }
  const Law& law = law_named("power");
  const LawData data = law_data(compute, loss);
  const LawSolution solution = solve_law(law, data, kSquares, kZero);
  return {data, solution, scatter_of(law, data, solution, kSquares, kZero)};
}

LawScatter with(const Line& fit, const Eigen::MatrixXd& relative, double degrees = 16) {
  const LossNoise noise{
      fit.data.loss.matrix().asDiagonal() * relative * fit.data.loss.matrix().asDiagonal(), degrees,
      0.05 * fit.data.loss.mean()};
  return noise_scatter(law_named("power"), fit.data, fit.solution, kSquares, kZero, noise,
                       fit.scatter);
}

// Variances of level and slope: s^2 / 8 and s^2 / sum (z - mean z)^2 = s^2 / (42 ln(2)^2).
TEST(NoiseScatter, OfIndependentNoiseIsLeastSquares) {
  const Line fit = line();
  const LawScatter out = with(fit, 0.0025 * Eigen::MatrixXd::Identity(8, 8));
  EXPECT_NEAR(out.covariance(0, 0), 0.0025 / 8, 1e-9);
  EXPECT_NEAR(out.covariance(1, 1), 0.0025 / (42 * std::log(2) * std::log(2)), 1e-9);
  EXPECT_EQ(out.degrees, 16);
  EXPECT_NEAR(out.rise[1], 0.0025, 1e-9);  // of a sum of squares, per unit of chi squared
}

// Noise that all points share moves the level by all of it and the slope by nothing.
TEST(NoiseScatter, OfSharedNoiseMovesTheLevelAlone) {
  const LawScatter out = with(line(), 0.0025 * Eigen::MatrixXd::Ones(8, 8));
  EXPECT_NEAR(out.covariance(0, 0), 0.0025, 1e-9);
  EXPECT_NEAR(out.covariance(1, 1), 0, 1e-9);
}

// Residuals that the noise does not explain: what they say themselves, of the 8 - 2 degrees they
// leave, or of the noise's where those are fewer.
TEST(NoiseScatter, IsNoLessThanTheResiduals) {
  const Line fit = line();
  const LawScatter out = with(fit, 1e-10 * Eigen::MatrixXd::Identity(8, 8));
  EXPECT_TRUE(out.covariance.isApprox(fit.scatter.covariance, 1e-6));
  EXPECT_EQ(out.degrees, 6);
  EXPECT_EQ(with(fit, 1e-10 * Eigen::MatrixXd::Identity(8, 8), 3).degrees, 3);
}

// Noise of nothing, or beyond a double: no interval can rest on it.
TEST(NoiseScatter, IsNotKnownOfNoNoise) {
  const Line fit = line();
  for (const double variance : {0.0, double{INFINITY}, 1e308}) {
    const LawScatter out = with(fit, variance * Eigen::MatrixXd::Ones(8, 8));
    EXPECT_EQ(out.degrees, 0) << variance;
    EXPECT_EQ(out.covariance, Eigen::MatrixXd::Zero(3, 3)) << variance;
  }
}

// Huber's objective under normal noise: variance E psi^2 / (E psi')^2 of a mean, by
// numerical integration in Python for delta of half a deviation.
TEST(NoiseScatter, KnowsHubersEfficiency) {
  const Line fit = line();
  const Objective huber{ObjectiveKind::Huber, 0.025, FitSpace::Log, 1};
  const LawSolution solution = solve_law(law_named("power"), fit.data, huber, kZero);
  const LossNoise noise{fit.data.loss.square().matrix().asDiagonal() *
                            Eigen::MatrixXd(0.0025 * Eigen::MatrixXd::Identity(8, 8)),
                        16, 0.05};
  const LawScatter out =
      noise_scatter(law_named("power"), fit.data, solution, huber, kZero, noise, fit.scatter);
  EXPECT_NEAR(out.covariance(0, 0) / (0.0025 / 8), 1.262542, 1e-4);
}

}  // namespace
}  // namespace isoloss
