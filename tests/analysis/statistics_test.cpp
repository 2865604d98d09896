#include "analysis/statistics.h"

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

}  // namespace
}  // namespace isoloss
