// Convex functions that lie below rho, against rho itself.
#include "analysis/solver/residual_bend.h"

#include <gtest/gtest.h>

#include <cmath>

namespace isoloss {
namespace {

constexpr ResidualSide kHuber{1, 0.01};

TEST(ResidualBend, SidesAreThoseOfTheObjective) {
  for (const ObjectiveKind kind :
       {ObjectiveKind::Huber, ObjectiveKind::Squares, ObjectiveKind::AsymmetricHuber}) {
    const Objective objective{kind, 0.02, FitSpace::Log, 7};
    const auto [over, under] = residual_sides(objective, 3);
    for (const double r : {0.001, 0.02, 0.3}) {
      EXPECT_DOUBLE_EQ(residual_rho(r, over), rho(r, objective).value);
      EXPECT_DOUBLE_EQ(residual_rho(-r, under), rho(-r, objective).value);
    }
  }
}

// |r| - knee/2 beyond the knee: a thousandth of the mean residual at most.
TEST(ResidualBend, LadIsBoundedFromBelow) {
  const Objective lad{ObjectiveKind::Lad, 0, FitSpace::Linear};
  const auto [over, under] = residual_sides(lad, 0.01);
  for (const double r : {1e-6, 1e-3, 0.3}) {
    EXPECT_LE(residual_rho(r, over), r);
    EXPECT_GE(residual_rho(r, over), r - 1e-5 - 1e-15);
    EXPECT_DOUBLE_EQ(residual_rho(r, over), residual_rho(-r, under));
  }
}

TEST(ResidualBend, ALargerKneeLiesBelow) {
  const ResidualSide loose = loosened(kHuber, 0.05);
  for (double r = 0; r < 0.3; r += 0.003) {
    EXPECT_LE(residual_rho(r, loose), residual_rho(r, kHuber) + 1e-15);
  }
  EXPECT_EQ(loosened(kHuber, 0.001).knee, kHuber.knee);
}

TEST(ResidualBend, ResidualOfACostIsTheInverseOfRho) {
  const ResidualSide side{4, 0.01};
  for (const double r : {0.002, 0.01, 0.2}) {
    EXPECT_NEAR(residual_of_cost(residual_rho(r, side), side), r, 1e-15);
  }
}

// By the ratio of predicted to measured loss, in logarithms and in nats.
TEST(ResidualBend, LiesNowhereAboveRhoAndIsConvex) {
  for (const FitSpace space : {FitSpace::Log, FitSpace::Linear}) {
    const ResidualPlace place{space, 2, 3};
    const auto truth = [&](double ratio) {
      return 2 * residual_rho(space == FitSpace::Log ? std::log(ratio) : 3 * (ratio - 1), kHuber);
    };
    BendLines lines(space, Eigen::ArrayXd::Constant(1, 1.5));
    const BendLine line = lines.of(kHuber)[0];
    double slope = -1e300;
    for (double ratio = 0.2; ratio < 1.5; ratio += 0.01) {
      const ResidualBend bend =
          ratio < 1 ? bend_below(place, ratio, kHuber) : bend_above(place, ratio, line, kHuber);
      EXPECT_LE(bend.value, truth(ratio) * (1 + 1e-12));
      EXPECT_GE(bend.slope, slope - 1e-12);
      slope = bend.slope;
    }
  }
}

}  // namespace
}  // namespace isoloss
