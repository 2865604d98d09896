// Two hundred simulated studies of each layout with fixed seeds. An interval that covers with
// probability .95 holds the truth in 181 to 198 of 200 with probability .997 (exact binomial
// quantiles); a test of level .05 rejects in 2 to 20. coverage_bench prints 2000 studies.
#include "tests/analysis/coverage.h"

#include <gtest/gtest.h>

namespace isoloss::test {
namespace {

class Coverage : public testing::TestWithParam<int> {
 protected:
  static StudyLayout layout() {
    return GetParam() == 0   ? quickstart_layout()
           : GetParam() == 1 ? large_layout()
           : GetParam() == 2 ? wide_layout()
                             : checkpoint_layout();
  }
};

// `at_most`: of the shares that intervals hold.
void expect_covered(const CoverageTable& table, double at_most) {
  for (const CoverageRow& row : table.rows()) {
    if (row.quantity.ends_with(", F")) continue;  // takes the budgets of a run as independent
    if (row.quantity == "had an interval") {
      EXPECT_EQ(row.counted, row.of);
      continue;
    }
    const double share = static_cast<double>(row.counted) / row.of;
    const bool test = row.quantity.find("reject") != std::string::npos;
    EXPECT_GE(share, test ? 0.0 : 0.905) << row.quantity << ' ' << row.counted << " of " << row.of;
    EXPECT_LE(share, test ? 0.1 : at_most)
        << row.quantity << ' ' << row.counted << " of " << row.of;
  }
}

constexpr int kStudies = 200;

TEST_P(Coverage, OfSavingsIsWhatTheIntervalsClaim) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "minutes under sanitizers, which see the same code in the other tests of savings";
#endif
  CoverageTable table;
  cover_savings(layout(), kStudies, 200, 1, table);
  expect_covered(table, 0.99);
}

// Its frontier is a hull, of which some points are left: intervals may hold the truth more often.
TEST(LadderCoverage, OfSavingsIsNoLessThanTheIntervalsClaim) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "minutes under sanitizers, which see the same code in the other tests of savings";
#endif
  CoverageTable table;
  cover_savings(ladder_layout(), kStudies, 200, 1, table);
  expect_covered(table, 1);
}

TEST_P(Coverage, OfFitsAndPredictionsIsWhatTheIntervalsClaim) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "minutes under sanitizers, which see the same code in the other tests of fits";
#endif
  CoverageTable table;
  cover_fits(layout(), kStudies, 100, 1, table);
  expect_covered(table, 0.99);
  EXPECT_EQ(table.rows().size(), 7u);
  for (const CoverageRow& row : table.rows()) EXPECT_GE(row.of, 0.9 * kStudies) << row.quantity;
}

// Predictions reach back to the estimate, so that they may hold the truth more often than claimed.
TEST_P(Coverage, OfIsoflopLinesIsNoLessThanTheIntervalsClaim) {
  CoverageTable table;
  cover_lines(layout(), kStudies, 1, table);
  expect_covered(table, 1);
  EXPECT_EQ(table.rows().size(), 2u);
  for (const CoverageRow& row : table.rows()) EXPECT_GE(row.of, 0.9 * kStudies) << row.quantity;
}
INSTANTIATE_TEST_SUITE_P(Layouts, Coverage, testing::Values(0, 1, 2, 3));

// Without a replicate every interval rests on residual scatter. Forty studies: an interval that
// covers with probability .95 holds the truth in 33 or more with probability .999 (exact binomial).
class CoverageOfScatter : public testing::TestWithParam<int> {
 protected:
  static StudyLayout layout() {
    return GetParam() == 0 ? single_layout() : GetParam() == 1 ? small_layout() : curves_layout();
  }
};

TEST_P(CoverageOfScatter, IsWhatTheIntervalsClaim) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "minutes under sanitizers, which see the same code in the other tests of fits";
#endif
  CoverageTable table;
  cover_scatter(layout(), 40, 60, 1, table);
  EXPECT_EQ(table.rows().size(), 10u);
  for (const CoverageRow& row : table.rows()) {
    EXPECT_GE(row.of, 36) << row.quantity;
    EXPECT_GE(row.counted, 0.825 * row.of) << row.quantity << " of " << row.of;
  }
}
INSTANTIATE_TEST_SUITE_P(Layouts, CoverageOfScatter, testing::Values(0, 1, 2));

}  // namespace
}  // namespace isoloss::test
