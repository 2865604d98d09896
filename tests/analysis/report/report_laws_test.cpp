#include "analysis/report/report_laws.h"

#include <gtest/gtest.h>

#include <cmath>

#include "analysis/report/report_profile.h"
#include "tests/analysis/chinchilla_grid.h"

namespace isoloss {
namespace {

constexpr ChinchillaLaw kTruth = test::kChinchillaGrid;

PointTable table(double noise) { return test::chinchilla_grid(noise); }

// One fit of scattered points, with 60 draws, for all tests that only read it.
const ArchitectureLaw& scattered_law() {
  static const ArchitectureLaw law = [] {
    ReportOptions options;
    options.bootstrap = 60;
    return fit_architecture(table(0.01), "a", options);
  }();
  return law;
}

TEST(ReportLaws, ExactPointsGiveTheLawAndNoHoldOutError) {
  ReportOptions options;
  options.bootstrap = 0;
  const ArchitectureLaw law = fit_architecture(table(0), "a", options);
  ASSERT_TRUE(law.fit) << law.refusal;
  EXPECT_NEAR(law.law.alpha, kTruth.alpha, 1e-6);
  EXPECT_NEAR(law.law.E, kTruth.E, 1e-6);
  EXPECT_NEAR(law.flops_per_product, 6, 1e-9);
  ASSERT_TRUE(law.fit->calibration);
  EXPECT_NEAR(law.fit->calibration->folds.back().error, 0, 1e-6);
}

TEST(ReportLaws, HoldOutPredictsOnlyWhatCostsMore) {
  const PointTable points = table(0.01);
  double all = 0;
  for (const Point& p : points.points) all += p.flops;
  const ArchitectureLaw& law = scattered_law();
  ASSERT_TRUE(law.fit && law.fit->calibration);
  for (const CalibrationFold& fold : law.fit->calibration->folds) {
    EXPECT_EQ(fold.fitted + fold.predicted, points.points.size());
    std::size_t below = 0;
    double cost = 0;
    for (const Point& p : points.points) {
      if (p.flops > fold.largest_flops) continue;
      ++below;
      cost += p.flops;
    }
    EXPECT_EQ(fold.fitted, below);
    EXPECT_NEAR(law.cost_up_to(fold.largest_flops) / cost, 1, 1e-12);
    EXPECT_LT(cost, all);
    EXPECT_GT(fold.error, 0);
  }
}

TEST(ReportLaws, DrawsAreTheBootstrapsAndSpreadAroundTheFit) {
  const ArchitectureLaw& law = scattered_law();
  ASSERT_TRUE(law.fit);
  EXPECT_EQ(law.drawn().size() + static_cast<std::size_t>(law.fit->failed_resamples), 60u);
  int below = 0;
  for (const ChinchillaLaw& drawn : law.drawn()) below += drawn.alpha < law.law.alpha ? 1 : 0;
  EXPECT_GT(below, 5);
  EXPECT_LT(below, 55);
}

TEST(ReportLaws, FewSizesAreRefusedInWords) {
  PointTable points = table(0);
  std::erase_if(points.points, [](const Point& p) { return p.parameters > 4e7; });
  const ArchitectureLaw law = fit_architecture(points, "a", {});
  EXPECT_FALSE(law.fit);
  EXPECT_NE(law.refusal.find("2 sizes"), std::string::npos) << law.refusal;
}

TEST(ReportLaws, ProfileIsNowhereBelowTheFitAndMeetsItThere) {
  const ArchitectureLaw& law = scattered_law();
  ASSERT_TRUE(law.fit);
  const ExponentProfile profile = exponent_profile(table(0.01), law);
  EXPECT_GE(profile.value.minCoeff(), profile.minimum * (1 - 1e-9));
  EXPECT_LT(profile.value.minCoeff(), profile.minimum * 1.05);
}

TEST(ReportProfile, BandEndsWhereTheProfileCrossesItsLimit) {
  // value = beta^2 at one alpha: below 2.5 between two crossings that lines put at 1 + 1.5 / 3.
  const Eigen::MatrixXd value{{4, 1, 0, 1, 4}, {9, 9, 9, 9, 9}};
  const ExponentProfile profile{{0.3, 0.4}, {-2, -1, 0, 1, 2}, value, 0};
  const ProfileBand band = profile_band(profile, 2.5);
  ASSERT_EQ(band.alpha.size(), 1u);
  EXPECT_DOUBLE_EQ(band.alpha[0], 0.3);
  EXPECT_DOUBLE_EQ(band.low[0], -1.5);
  EXPECT_DOUBLE_EQ(band.high[0], 1.5);
}

TEST(ReportProfile, BandEndsBesideAMinimumThatWasNotReached) {
  const Eigen::MatrixXd value{{INFINITY, 1, 0, 1, 4}, {9, 9, 9, 9, 9}};
  const ProfileBand band = profile_band({{0.3, 0.4}, {-2, -1, 0, 1, 2}, value, 0}, 2.5);
  ASSERT_EQ(band.alpha.size(), 1u);
  EXPECT_DOUBLE_EQ(band.low[0], -1);
}

// Rows of weight two are rows that stand twice.
TEST(ReportProfile, KnowsTheWeightsOfTheTable) {
  ReportOptions options;
  options.bootstrap = 0;
  PointTable weighted = table(0.01), twice = table(0.01);
  weighted.other_columns = {"weight"};
  for (std::size_t i = 0; i < weighted.points.size(); ++i) {
    weighted.points[i].other = {i % 2 == 0 ? "2" : "1"};
    if (i % 2 == 0) twice.points.push_back(twice.points[i]);
  }
  const ArchitectureLaw law = fit_architecture(weighted, "a", options);
  ASSERT_TRUE(law.fit) << law.refusal;
  ArchitectureLaw same = fit_architecture(twice, "a", options);
  ASSERT_TRUE(same.fit) << same.refusal;
  EXPECT_NEAR(law.fit->value / same.fit->value, 1, 1e-9);
  same.fit->intervals = law.fit->intervals;  // the grid's
  same.fit->parameters = law.fit->parameters;
  const ExponentProfile profile = exponent_profile(weighted, law);
  const ExponentProfile expected = exponent_profile(twice, same);
  EXPECT_LT((profile.value - expected.value).cwiseAbs().maxCoeff(),
            1e-6 * expected.value.maxCoeff());
}

}  // namespace
}  // namespace isoloss
