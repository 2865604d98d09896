// The short tables of the next study against the whole plan.
#include "analysis/report/report_next_study.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "analysis/savings/next_study.h"
#include "model/spec/error.h"
#include "tests/analysis/report/report_fixture.h"

namespace isoloss {
namespace {

struct Made {
  StudyResults study;
  ReportOptions options;
};

Made made(bool replicates) {
  StudyRecipe recipe;
  recipe.architectures = {{"transformer", 1.0}, {"primer", 1.5}};
  recipe.replicates = replicates;
  Made out;
  out.options.bootstrap = 20;
  out.options.resolve_percent = 2;
  const test::TemporaryFolder folder = write_study(recipe);
  out.study = read_study({folder.path()}, out.options);
  return out;
}

const Made& standard() {
  static const Made out = made(true);
  return out;
}

NextStudy plan() {
  const Comparison& pair = standard().study.comparisons.front();
  return plan_next_study(standard().study.results, savings_options(pair, standard().options),
                         *pair.savings, standard().options.resolve_percent);
}

TEST(ReportNextStudy, ShowsTheFewestSeedsThatResolve) {
  const Table table = next_study_tables(standard().study, standard().options).seeds;
  const NextStudy next = plan();
  ASSERT_FALSE(table.rows.empty());
  EXPECT_EQ(table.rows[0][3].value, "as it is");
  EXPECT_NEAR(std::stod(table.rows[0][7].value), next.resolved_percent, 1e-9);
  ASSERT_GT(next.resolved_percent, standard().options.resolve_percent) << "nothing to plan";
  ASSERT_EQ(table.rows.size(), 3u);  // as it is, all sizes, near the optimum
  for (std::size_t i = 1; i < table.rows.size(); ++i) {
    const auto& row = table.rows[i];
    for (const SeedPlan& seeds : next.seeds) {
      if (seeds.sizes != row[3].value) continue;
      if (seeds.seeds < std::stoi(row[4].value)) {
        EXPECT_FALSE(seeds.resolves) << seeds.seeds;
      }
      if (seeds.seeds == std::stoi(row[4].value)) {
        EXPECT_EQ(row[8].value, seeds.resolves ? "yes" : "no");
        EXPECT_NEAR(std::stod(row[7].value), seeds.resolved_percent, 1e-9);
        EXPECT_NEAR(std::stod(row[6].value) / seeds.flops, 1, 1e-12);
      }
    }
  }
}

TEST(ReportNextStudy, AStudyThatResolvesNeedsNoPlan) {
  ReportOptions options = standard().options;
  options.resolve_percent = 1000;
  const Table table = next_study_tables(standard().study, options).seeds;
  ASSERT_EQ(table.rows.size(), 1u);
  EXPECT_EQ(table.rows[0][8].value, "yes");
}

TEST(ReportNextStudy, ShowsTheThreeBestRunsPerFlop) {
  const Table table = next_study_tables(standard().study, standard().options).runs;
  const NextStudy next = plan();
  ASSERT_EQ(table.rows.size(), 3u);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(table.rows[i][2].value, next.runs[i].architecture);
    EXPECT_EQ(table.rows[i][3].value, next.runs[i].size);
    EXPECT_NEAR(std::stod(table.rows[i][5].value), 100 * next.runs[i].shrinks, 1e-9);
  }
}

TEST(ReportNextStudy, WithoutMeasuredNoiseThereIsNone) {
  const Made bare = made(false);
  const NextStudyTables tables = next_study_tables(bare.study, bare.options);
  EXPECT_TRUE(tables.seeds.rows.empty());
  EXPECT_TRUE(tables.runs.rows.empty());
}

TEST(ReportNextStudy, APercentageThatIsNoneIsRefused) {
  ReportOptions options = standard().options;
  options.resolve_percent = 0;
  EXPECT_THROW(next_study_tables(standard().study, options), InputError);
}

}  // namespace
}  // namespace isoloss
