#include "analysis/points/one_budget.h"

#include <gtest/gtest.h>

namespace isoloss {
namespace {

// e^0.05 = 1.05127, by hand from the series.
TEST(OneBudget, IsFivePercentOfCompute) {
  EXPECT_TRUE(of_one_budget(1.0512e18, 1e18));
  EXPECT_TRUE(of_one_budget(1e18, 1.0512e18));
  EXPECT_FALSE(of_one_budget(1.0514e18, 1e18));
  EXPECT_FALSE(of_one_budget(1e18, 1.0514e18));
}

TEST(OneBudget, AnIsoFlopCurveAllowsLessThanAQuarter) {
  EXPECT_TRUE(of_one_isoflop_curve(1.2499e18, 1e18));
  EXPECT_TRUE(of_one_isoflop_curve(1e18, 1.2499e18));
  EXPECT_FALSE(of_one_isoflop_curve(1.2501e18, 1e18));
  EXPECT_FALSE(of_one_isoflop_curve(1e18, 1.2501e18));
}

}  // namespace
}  // namespace isoloss
