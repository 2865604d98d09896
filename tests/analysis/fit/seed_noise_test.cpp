#include "analysis/fit/seed_noise.h"

#include <gtest/gtest.h>

#include <cmath>

namespace isoloss {
namespace {

Point trial(const std::string& size, int seed, double budget, double loss) {
  Point p;
  p.architecture = std::string("t");
  p.size = size;
  p.parameters = 100;
  p.seed = seed;
  p.has_seed = true;
  p.budget = p.flops = budget;
  p.learning_rate = 0.05;
  p.loss = loss;
  return p;
}

// Differences .02, -.01, .03 between two seeds: pooled variance (.02^2 + .01^2 + .03^2) / 2 / 3.
TEST(SeedNoise, PoolsTheVarianceOfReplicates) {
  const std::vector<Point> trials{trial("a", 0, 1, 2.00), trial("a", 1, 1, 2.02),
                                  trial("a", 0, 2, 1.90), trial("a", 1, 2, 1.89),
                                  trial("b", 0, 1, 2.10), trial("b", 1, 1, 2.13),
                                  trial("c", 0, 1, 2.50)};
  const SeedNoise noise = measure_seed_noise(trials);
  EXPECT_TRUE(noise.measured);
  EXPECT_NEAR(noise.deviation, std::sqrt(0.0014 / 6), 1e-12);
  EXPECT_EQ(noise.replicates, 2);
  EXPECT_EQ(noise.degrees, 2);   // two pairs of runs, however many budgets
  EXPECT_EQ(noise.shared, 0.5);  // deviations of opposite sign: the covariance is negative
}

TEST(SeedNoise, DeviationsCommonToAllBudgetsAreShared) {
  const std::vector<Point> trials{trial("a", 0, 1, 2.0), trial("a", 1, 1, 2.02),
                                  trial("a", 0, 2, 1.9), trial("a", 1, 2, 1.92)};
  EXPECT_NEAR(measure_seed_noise(trials).shared, 1, 1e-9);
}

TEST(SeedNoise, WithoutReplicatesNothingIsMeasured) {
  EXPECT_FALSE(measure_seed_noise(std::vector{trial("a", 0, 1, 2), trial("b", 0, 1, 2)}).measured);
  // Other learning rates are no replicates.
  std::vector<Point> rates{trial("a", 0, 1, 2), trial("a", 1, 1, 2)};
  rates[1].learning_rate = 0.03;
  EXPECT_FALSE(measure_seed_noise(rates).measured);
}

// Student's t: with the deviation drawn for 8 degrees of freedom the variance of the shift is
// s^2 8/6 (the variance of t with 8 degrees of freedom).
TEST(LossDraws, SpreadIsTheMeasuredDeviationWithItsOwnUncertainty) {
  const std::vector<Point> trials{trial("a", 0, 1, 2.0), trial("a", 0, 2, 1.9),
                                  trial("a", 1, 1, 2.0)};
  SeedNoise noise;
  noise.measured = true;
  noise.deviation = 0.01;
  noise.degrees = 8;
  const LossDraws draws(trials, noise, 1);
  double squares = 0, together = 0, apart = 0;
  const int count = 20000;
  for (int r = 0; r < count; ++r) {
    const auto losses = draws.losses(static_cast<std::uint64_t>(r));
    squares += std::pow(losses[0] - 2.0, 2);
    together += std::abs((losses[0] - 2.0) - (losses[1] - 1.9));
    apart += (losses[0] - 2.0) * (losses[2] - 2.0);
  }
  EXPECT_NEAR(squares / count / (1e-4 * 8 / 6), 1, 0.05);
  EXPECT_NEAR(together / count, 0, 1e-12);  // one draw for all budgets of a run
  EXPECT_NEAR(apart / squares, 0, 0.05);    // another for another run
}

// Resampled jointly, what all trials share stays shared: trials whose sequence losses differ by a
// constant keep their difference exactly. Spread: sd of a mean of n resampled values is sd /
// sqrt(n).
TEST(LossDraws, SequencesAreResampledForAllTrialsTogether) {
  std::vector<Point> trials{trial("a", 0, 1, 2.0), trial("b", 0, 1, 2.5)};
  trials[0].sequence_losses = {1.0f, 2.0f, 3.0f, 2.0f};
  trials[1].sequence_losses = {1.5f, 2.5f, 3.5f, 2.5f};
  const LossDraws draws(trials, SeedNoise{}, 3);
  EXPECT_EQ(draws.sequences(), 4u);
  double squares = 0;
  const int count = 20000;
  for (int r = 0; r < count; ++r) {
    const auto losses = draws.losses(static_cast<std::uint64_t>(r));
    EXPECT_NEAR(losses[1] - losses[0], 0.5, 1e-12);
    squares += std::pow(losses[0] - 2.0, 2);
  }
  EXPECT_NEAR(squares / count, 0.5 / 4, 0.005);
}

TEST(LossDraws, WithoutTheSameSequencesNoneAreResampled) {
  std::vector<Point> trials{trial("a", 0, 1, 2.0), trial("b", 0, 1, 2.5)};
  trials[0].sequence_losses = {1.0f, 3.0f};
  const LossDraws draws(trials, SeedNoise{}, 3);
  EXPECT_EQ(draws.sequences(), 0u);
  EXPECT_EQ(draws.losses(0), (std::vector<double>{2.0, 2.5}));
}

// Two runs whose deviations are +-.01 at one budget and -+.02 at the next: pooled covariance by
// hand 2 (.0001, -.0002, .0004) over one degree of freedom; draws follow it, run by run.
TEST(LossDraws, HaveTheMeasuredCovarianceOverBudgets) {
  const std::vector<Point> trials{trial("a", 0, 1, 2.01), trial("a", 1, 1, 1.99),
                                  trial("a", 0, 2, 1.88), trial("a", 1, 2, 1.92)};
  SeedNoise noise = measure_seed_noise(trials);
  EXPECT_NEAR(seed_covariance(noise, trials[0], trials[0]), 2e-4, 1e-12);
  EXPECT_NEAR(seed_covariance(noise, trials[0], trials[2]), -4e-4, 1e-12);
  EXPECT_NEAR(seed_covariance(noise, trials[2], trials[2]), 8e-4, 1e-12);
  noise.degrees = 1000000;
  noise.degrees_at_budget = 1e6;  // hardly any doubt about the deviation
  const LossDraws draws(trials, noise, 2);
  double xx = 0, xy = 0, apart = 0;
  const int count = 20000;
  for (int r = 0; r < count; ++r) {
    const auto losses = draws.losses(static_cast<std::uint64_t>(r));
    const double x = losses[0] - 2.01, y = losses[2] - 1.88, other = losses[1] - 1.99;
    xx += x * x / count;
    xy += x * y / count;
    apart += x * other / count;
  }
  EXPECT_NEAR(xx / 2e-4, 1, 0.05);
  EXPECT_NEAR(xy / -4e-4, 1, 0.05);
  EXPECT_NEAR(apart / 2e-4, 0, 0.05);
}

}  // namespace
}  // namespace isoloss
