// Covariance of losses by measured noise.
#include "analysis/fit/loss_noise.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/analysis/simulated_study.h"

namespace isoloss {
namespace {

// Two seeds of one size at two budgets: by hand the deviations are -+.1 and -+.05, so variances .02
// and .005, covariance .01 within a run.
std::vector<Point> two_seeds() {
  std::vector<Point> points;
  for (const int seed : {0, 1}) {
    for (const int k : {0, 1}) {
      Point p;
      p.architecture = std::string("t");
      p.size = std::string("s");
      p.parameters = 1e5;
      p.budget = p.flops = k ? 2e10 : 1e10;
      p.loss = k ? 1.5 + 0.1 * seed : 2.0 + 0.2 * seed;
      p.seed = seed;
      p.has_seed = true;
      p.run = std::to_string(seed);
      points.push_back(p);
    }
  }
  return points;
}

TEST(LossNoise, IsTheSeedsCovarianceWithinARun) {
  const std::vector<Point> points = two_seeds();
  const SeedNoise noise = measure_seed_noise(points);
  Eigen::MatrixXd expected(4, 4);
  expected << .02, .01, 0, 0, .01, .005, 0, 0, 0, 0, .02, .01, 0, 0, .01, .005;
  EXPECT_TRUE(loss_noise(points, noise).covariance.isApprox(expected, 1e-12));
  // Pooled variance .0125, of which .01 is shared: 2 / (1 + .8^2) degrees (Satterthwaite 1946).
  EXPECT_NEAR(noise.shared, 0.8, 1e-12);
  EXPECT_NEAR(noise.deviation_degrees, 2 / 1.64, 1e-12);
}

// Two sequences: a mean of two resampled ones has half their variance, all trials together.
TEST(LossNoise, AddsHeldOutSequences) {
  std::vector<Point> points = two_seeds();
  for (std::size_t i = 0; i < points.size(); ++i) {
    points[i].sequence_losses = {1, i % 2 ? 2.0F : 3.0F};
  }
  const SeedNoise noise = measure_seed_noise(points);
  const Eigen::MatrixXd covariance = loss_noise(points, noise).covariance;
  EXPECT_NEAR(covariance(0, 0), .02 + 0.5, 1e-6);  // -1, 1: variance 1, over 2
  EXPECT_NEAR(covariance(0, 2), 0.5, 1e-6);        // another run
  EXPECT_NEAR(covariance(0, 3), 0.25, 1e-6);       // -1, 1 against -.5, .5
  EXPECT_NEAR(covariance(1, 3), 0.125, 1e-6);
}

// The mean over a budget's seeds at one size has the noise of one over their number.
TEST(FrontierNoise, OfAnEnvelopeIsThatOfTheMean) {
  const std::vector<Point> points = two_seeds();
  FrontierOptions options;
  options.kind = FrontierKind::Envelope;
  Frontier frontier = compute_frontier(points, options);
  for (FrontierPoint& point : frontier.points) point.used = true;
  const Eigen::MatrixXd covariance =
      frontier_noise(points, measure_seed_noise(points), frontier, options).covariance;
  ASSERT_EQ(covariance.rows(), 2);
  EXPECT_NEAR(covariance(0, 0), .01, 1e-9);
  EXPECT_NEAR(covariance(0, 1), .005, 1e-9);
  EXPECT_NEAR(covariance(1, 1), .0025, 1e-9);
}

}  // namespace
}  // namespace isoloss
