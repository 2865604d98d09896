// Two changes, each alone and both together, with savings that the fixture's law fixes.
#include "analysis/savings/combined_savings.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "analysis/report/report.h"
#include "tests/analysis/report/report_fixture.h"

namespace isoloss {
namespace {

// The square saves 1.3, the convolution 1.5.
StudyRecipe quad(double both) {
  StudyRecipe recipe;
  recipe.architectures = {
      {"transformer", 1.0}, {"both", both}, {"square", 1.3}, {"convolution", 1.5}, {"other", 1.1}};
  recipe.models = {
      {"transformer",
       R"({"architecture":"transformer","activation":"relu","convolution_width":0})"},
      {"square", R"({"architecture":"square","activation":"squared_relu","convolution_width":0})"},
      {"convolution",
       R"({"architecture":"convolution","activation":"relu","convolution_width":3})"},
      {"both", R"({"architecture":"both","activation":"squared_relu","convolution_width":3})"},
      {"other", R"({"architecture":"other","activation":"gelu","convolution_width":3})"},
  };
  return recipe;
}

std::vector<CombinedSavings> savings_of(const StudyRecipe& recipe, int bootstrap) {
  const test::TemporaryFolder folder = write_study(recipe);
  const PointTable table = read_points(folder.path());
  SavingsOptions options;
  options.bootstrap = bootstrap;
  return combined_savings(table, {"transformer", "square", "convolution", "both"}, options);
}

TEST(CombinedChanges, AreFoundByWhatTheModelsChange) {
  const test::TemporaryFolder folder = write_study(quad(1.95));
  const PointTable table = read_points(folder.path());
  EXPECT_EQ(combined_changes(table.runs, {"transformer", "both", "square", "convolution", "other"}),
            (std::vector<CombinedChange>{{"transformer", "square", "convolution", "both"}}));
}

TEST(CombinedSavings, OfChangesThatMultiplyHaveARatioOfOne) {
  StudyRecipe recipe = quad(1.3 * 1.5);
  recipe.seed_noise = 0;
  recipe.replicates = false;
  for (const CombinedSavings& at : savings_of(recipe, 0)) {
    EXPECT_NEAR(at.first, 1.3, 0.03);
    EXPECT_NEAR(at.second, 1.5, 0.03);
    EXPECT_NEAR(at.both, 1.95, 0.05);
    EXPECT_DOUBLE_EQ(at.product, at.first * at.second);
    EXPECT_NEAR(at.ratio, 1, 0.04);
    EXPECT_FALSE(at.ratio_interval) << "no replicates, no noise measured";
  }
}

TEST(CombinedSavings, IntervalHoldsOneWhereTheyMultiplyAndNotWhereTheyDoNot) {
  for (const CombinedSavings& at : savings_of(quad(1.3 * 1.5), 200)) {
    ASSERT_TRUE(at.ratio_interval);
    EXPECT_LT(at.ratio_interval->first, 1);
    EXPECT_GT(at.ratio_interval->second, 1);
  }
  // Together no more than the better one alone: 1.5 / 1.95 = 0.77.
  const auto savings = savings_of(quad(1.5), 200);
  ASSERT_EQ(savings.size(), 3U);
  ASSERT_TRUE(savings[1].ratio_interval);
  EXPECT_LT(savings[1].ratio_interval->second, 1);
  EXPECT_LT(savings[1].ratio_interval->first, 0.77);
}

TEST(CombinedSavings, StandInTheReport) {
  StudyRecipe recipe = quad(1.95);
  recipe.architectures.pop_back();  // `other`, which takes part in none
  const test::TemporaryFolder folder = write_study(recipe);
  ReportOptions options;
  options.bootstrap = 50;
  write_report({folder.path()}, options);
  std::ifstream csv(folder / "report" / "combined_savings.csv");
  std::stringstream text;
  text << csv.rdbuf();
  EXPECT_NE(text.str().find("transformer,convolution,square,both,"), std::string::npos)
      << text.str();
  EXPECT_NE(text.str().find("not told apart from multiplying"), std::string::npos) << text.str();
}

}  // namespace
}  // namespace isoloss
