#include "analysis/numbers/statistics.h"

#include <gtest/gtest.h>

#include <cmath>

namespace isoloss {
namespace {

// 39 draws, three at or below zero: the estimate counted once, 2 (3 + 1) / 40.
TEST(SignP, IsTwiceTheShareOnTheOtherSideOfZero) {
  std::vector<double> draws(39, 1.0);
  draws[0] = -1;
  draws[1] = -2;
  draws[2] = 0;
  EXPECT_DOUBLE_EQ(sign_p(draws), 0.2);
  for (double& draw : draws) draw = -draw;
  EXPECT_DOUBLE_EQ(sign_p(draws), 0.2);
}

TEST(SignP, OfDrawsThatAreAllZeroIsOne) { EXPECT_EQ(sign_p(std::vector<double>(50, 0.0)), 1); }

TEST(SignP, OfTooFewDrawsIsNone) { EXPECT_TRUE(std::isnan(sign_p({1, 2, 3}))); }

// Hyndman & Fan 1996, type 6 (NumPy's method "weibull"): rank (n + 1) q, here 1 and 39 of 39, 2.05
// and 79.95 of 81, and no further than the draws go.
TEST(NextDrawInterval, LiesAtRanksOfOneDrawMore) {
  const auto up_to = [](int n) {
    std::vector<double> values;
    for (int i = n; i >= 1; --i) values.push_back(i);
    return *next_draw_interval(values, 0.95);
  };
  EXPECT_DOUBLE_EQ(up_to(39).first, 1);
  EXPECT_DOUBLE_EQ(up_to(39).second, 39);
  EXPECT_NEAR(up_to(81).first, 2.05, 1e-12);
  EXPECT_NEAR(up_to(81).second, 79.95, 1e-12);
  EXPECT_DOUBLE_EQ(up_to(20).first, 1);
  EXPECT_DOUBLE_EQ(up_to(20).second, 20);
}

TEST(NextDrawInterval, OfDrawsThatMostlyFailedIsNone) {
  std::vector<double> values(200, 1.0);
  for (std::size_t i = 0; i < 20; ++i) values[i] = kNone;
  EXPECT_TRUE(next_draw_interval(values, 0.95));
  values[20] = kNone;
  EXPECT_FALSE(next_draw_interval(values, 0.95));
  EXPECT_FALSE(next_draw_interval(std::vector<double>(19, 1.0), 0.95));
}

}  // namespace
}  // namespace isoloss
