#include "analysis/report/report_rates.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <map>
#include <string>

#include "tests/analysis/report/report_fixture.h"

namespace isoloss {
namespace {

// savings_by_rate_table of the recipe, without bootstrap, as (rate shown -> row).
std::map<std::string, std::vector<TableCell>> rows_of(const StudyRecipe& recipe) {
  const test::TemporaryFolder folder = write_study(recipe);
  ReportOptions options;
  options.bootstrap = 0;
  const StudyResults study = read_study({folder.path()}, options);
  const Table table = savings_by_rate_table(study, options);
  std::map<std::string, std::vector<TableCell>> rows;
  for (const auto& row : table.rows) {
    if (row[0].shown == "primer-ez" && row[1].shown == "transformer") rows[row[2].shown] = row;
  }
  return rows;
}

StudyRecipe quiet() {
  StudyRecipe recipe;
  recipe.architectures = {{"transformer", 1.0}, {"primer-ez", 1.3}};
  recipe.replicates = false;
  recipe.seed_noise = 0;
  return recipe;
}

// One report for both tests of the search.
const std::map<std::string, std::vector<TableCell>>& rows_of_search() {
  static const auto rows = rows_of(quiet());
  return rows;
}

TEST(ReportRates, EveryRateOfAListHasItsOwnSavings) {
  StudyRecipe recipe = quiet();
  recipe.rate_list = true;
  const auto rows = rows_of(recipe);
  ASSERT_EQ(rows.size(), 4u);
  // A rate away from the best costs both architectures the same loss, so that the law's saving
  // of 1.3 holds at each.
  for (const auto& [rate, row] : rows) EXPECT_NEAR(std::stod(row[4].value), 1.3, 0.02) << rate;
}

TEST(ReportRates, ASearchIsComparedWhereItWasDecided) {
  const auto& rows = rows_of_search();
  ASSERT_TRUE(rows.count("0.0312"));  // a losing rate: one size alone
  const auto& lost = rows.at("0.0312");
  EXPECT_EQ(lost[4].value, "") << "no frontier was trained at this rate";
  EXPECT_EQ(lost[7].shown, "32x2, 9.3e11");
  // By the fixture's law at that size the losses differ by 0.62 (1 - 1.3^-0.25) (0.93)^-0.25 =
  // 0.0401; the frontier's slope between 9.3e11 and 2e12 is 0.62 (0.93^-0.25 - 2^-0.25) / ln(2 /
  // 0.93) = 0.1437 a unit of ln C; exp(0.0401 / 0.1437) = 1.322.
  EXPECT_NEAR(std::stod(lost[8].value), 1.32, 0.03);
}

TEST(ReportRates, AtTheWinnersCommonRateCommonAndTunedAgree) {
  const auto& rows = rows_of_search();
  ASSERT_TRUE(rows.count("0.05"));
  EXPECT_EQ(rows.at("0.05")[4].value, rows.at("each its own")[4].value);
}

}  // namespace
}  // namespace isoloss
