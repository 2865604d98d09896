#include "analysis/savings/loss_change.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "tests/analysis/report/report_fixture.h"

namespace isoloss {
namespace {

std::vector<LossChange> changes_of(const StudyRecipe& recipe, int bootstrap) {
  const test::TemporaryFolder folder = write_study(recipe);
  SavingsOptions options;
  options.baseline = recipe.architectures[0].first;
  options.candidate = recipe.architectures[1].first;
  options.bootstrap = bootstrap;
  const PointTable table = read_points(folder.path());
  return loss_changes(table, options);
}

StudyRecipe two(double saving) {
  StudyRecipe recipe;
  recipe.architectures = {{"transformer", 1.0}, {"primer-ez", saving}};
  return recipe;
}

TEST(LossChange, IsTheLawsDifferenceAtEqualCompute) {
  StudyRecipe recipe = two(1.3);
  recipe.seed_noise = 0;
  recipe.replicates = false;
  const auto changes = changes_of(recipe, 0);
  ASSERT_EQ(changes.size(), recipe.budgets.size());
  for (const LossChange& change : changes) {
    // The fixture's law at the best size: 0.62 (C / 1e12)^-0.25 (1.3^-0.25 - 1), 1.3^-0.25 =
    // 0.936514.
    const double expected = 0.62 * std::pow(change.budget / 1e12, -0.25) * (0.936514 - 1);
    EXPECT_NEAR(change.change, expected, 0.003) << change.budget;
    EXPECT_DOUBLE_EQ(change.perplexity_gain, 1 - std::exp(change.candidate - change.baseline));
    EXPECT_FALSE(change.interval) << "no replicates, no noise measured";
  }
}

TEST(LossChange, IntervalHoldsTheTruthAndExcludesNothingForAnEqualOne) {
  const auto changed = changes_of(two(1.7), 200);
  const auto equal = changes_of(two(1.0), 200);
  ASSERT_EQ(changed.size(), equal.size());
  ASSERT_FALSE(changed.empty());
  for (std::size_t i = 0; i < changed.size(); ++i) {
    ASSERT_TRUE(changed[i].interval && equal[i].interval);
    // 1.7^-0.25 - 1 = -0.124235; seed noise of .004 nats is far below 0.62 times that.
    const double expected = -0.62 * std::pow(changed[i].budget / 1e12, -0.25) * 0.124235;
    EXPECT_LT(changed[i].interval->second, 0);
    EXPECT_NEAR(changed[i].change, expected, 0.02);
    EXPECT_LT(equal[i].interval->first, 0);
    EXPECT_GT(equal[i].interval->second, 0);
  }
}

}  // namespace
}  // namespace isoloss
