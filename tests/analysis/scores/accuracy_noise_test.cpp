#include "analysis/scores/accuracy_noise.h"

#include <gtest/gtest.h>

#include <cmath>

namespace isoloss {
namespace {

std::vector<AccuracyPoint> points_of_runs(const std::vector<std::string>& runs) {
  std::vector<AccuracyPoint> points;
  for (const std::string& run : runs) {
    points.emplace_back();
    points.back().run = run;
  }
  return points;
}

// By hand: squares 16 + 1 + 1 + 4 + 4 + 1 = 27 over 6 - 3.
TEST(ResidualNoise, OfRunsOfOnePointIsOneSizeWithTheResidualsSigns) {
  const ResidualNoise noise =
      residual_noise({4, -1, 1, 2, -2, 1}, points_of_runs({"a", "b", "c", "d", "e", "f"}), 3);
  EXPECT_DOUBLE_EQ(noise.deviation, 3);
  EXPECT_DOUBLE_EQ(noise.degrees, 3);
  EXPECT_EQ(noise.pattern, (std::vector<double>{1, -1, 1, 1, -1, 1}));
}

// By hand: squares 1 + 49 + 2 = 52 over 5 - 1, a deviation of sqrt(13); root mean squares 5 and 1
// (and 0).
TEST(ResidualNoise, OfRunsOfSeveralPointsKeepsTheirProportions) {
  const ResidualNoise noise =
      residual_noise({1, 7, 1, -1, 0}, points_of_runs({"a", "a", "b", "b", "c"}), 1);
  EXPECT_DOUBLE_EQ(noise.deviation, std::sqrt(13));
  EXPECT_DOUBLE_EQ(noise.degrees, 2) << "three runs are fewer than five points less one parameter";
  const std::vector<double> expected{0.2, 1.4, 1, -1, 0};
  for (std::size_t i = 0; i < expected.size(); ++i)
    EXPECT_NEAR(noise.pattern[i], expected[i], 1e-12) << i;
}

TEST(ResidualNoise, OfAsManyParametersAsPointsIsNotKnown) {
  const ResidualNoise noise = residual_noise({0, 0, 0}, points_of_runs({"a", "b", "c"}), 3);
  EXPECT_EQ(noise.degrees, 0);
  EXPECT_TRUE(std::isnan(noise.deviation));
}

// By hand: deviations 1 and 3 with two and four points left are sqrt((2 x 1 + 4 x 9) / 6), of 2 and
// 3 degrees together 5.
TEST(ResidualNoise, OfOneSizeIsThatOfAllThatKnowIt) {
  ResidualNoise first, second, unknown;
  first.left = first.degrees = 2;
  first.deviation = 1;
  second.left = 4;
  second.degrees = 3;
  second.deviation = 3;
  const std::vector<ResidualNoise> pooled = of_one_size({first, unknown, second});
  for (const std::size_t i : {0, 2}) {
    EXPECT_DOUBLE_EQ(pooled[i].deviation, std::sqrt(38.0 / 6));
    EXPECT_DOUBLE_EQ(pooled[i].degrees, 5);
  }
  EXPECT_EQ(pooled[1].degrees, 0);
}

// Student's t has 5 % beyond 3.182 with three degrees of freedom (tables). Of 4000 draws that is
// 200, give or take four times 14.
TEST(DrawnNoise, IsStudentsAboutNothing) {
  const ResidualNoise noise =
      residual_noise({1, -1, 1, 1, -1, 1}, points_of_runs({"a", "b", "c", "d", "e", "f"}), 3);
  int beyond = 0, both = 0;
  for (std::uint64_t draw = 0; draw < 4000; ++draw) {
    const std::vector<double> drawn = drawn_noise(noise, "of loss", 1, draw);
    beyond += std::abs(drawn[0]) > 3.182 * noise.deviation ? 1 : 0;
    both += drawn[0] > 0 && drawn[2] > 0 ? 1 : 0;
  }
  EXPECT_NEAR(beyond, 200, 56);
  EXPECT_NEAR(both, 1000, 110) << "runs are independent";
}

TEST(DrawnNoise, OfARunIsTheSameNumberInEveryStep) {
  const auto points = points_of_runs({"a", "a", "b", "c"});
  const ResidualNoise noise = residual_noise({1, -2, 1, 1}, points, 1);
  const std::vector<double> loss = drawn_noise(noise, "of loss", 1, 7);
  const std::vector<double> accuracy = drawn_noise(noise, "of accuracy", 1, 7);
  const double by = drawn_size(noise, "of accuracy", 1, 7) / drawn_size(noise, "of loss", 1, 7);
  EXPECT_DOUBLE_EQ(loss[1], -2 * loss[0]);
  for (std::size_t i = 0; i < loss.size(); ++i) EXPECT_NEAR(accuracy[i] / loss[i], by, 1e-12);
}

}  // namespace
}  // namespace isoloss
