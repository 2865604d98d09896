#include "analysis/numbers/student_test.h"

#include <gtest/gtest.h>

#include <fstream>
#include <map>

#include "results/csv.h"
#include "tests/places.h"

namespace isoloss {
namespace {

// SciPy: ttest_ind_from_stats(27.5, .4, 5, 26.8, .5, 5): TriviaQA of Primer's table 6, a third of
// the compute against the transformer in full.
TEST(StudentTest, IsSciPys) {
  const StudentTest test = student_test({26.8, 0.5}, {27.5, 0.4}, 5);
  EXPECT_NEAR(test.t, 2.444506035193521, 1e-12);
  EXPECT_NEAR(test.p, 0.04028040510158707, 1e-12);
  EXPECT_EQ(test.side, TestSide::Better);
  EXPECT_EQ(student_test({27.5, 0.4}, {26.8, 0.5}, 5).side, TestSide::Worse);
  EXPECT_EQ(student_test({26.8, 0.5}, {27.5, 0.4}, 5, 0.01).side, TestSide::Equal);
}

TEST(StudentTest, OfEqualMeansWithoutSpreadIsEqual) {
  EXPECT_EQ(student_test({1, 0}, {1, 0}, 5).side, TestSide::Equal);
  EXPECT_EQ(student_test({1, 0}, {2, 0}, 5).side, TestSide::Better);
}

SideCounts counts_of(const std::string& candidate) {
  const CsvTable table = read_csv(test::checkout() + "/results/published/primer_table6.csv");
  std::map<std::string, std::map<std::string, SampleMean>> tasks;  // by model, by task
  for (const CsvRow& row : table.rows) {
    if (row.fields[5].empty()) continue;
    tasks[row.fields[3]][row.fields[1]] = {std::stod(row.fields[4]), std::stod(row.fields[5])};
  }
  std::vector<std::pair<SampleMean, SampleMean>> pairs;
  for (const auto& [task, mean] : tasks["transformer"]) {
    pairs.push_back({mean, tasks[candidate].at(task)});
  }
  EXPECT_EQ(pairs.size(), 22U);
  return count_sides(pairs, 5);
}

// The 22 tasks of Primer's table 6 whose deviations we have; SciPy's ttest_ind_from_stats on the
// same rows. The paper counts 15 better, 2 worse and 10 equal of all 27.
TEST(StudentTest, CountsOfPrimersTable6AreSciPys) {
  EXPECT_EQ(counts_of("primer"), (SideCounts{15, 0, 7}));
  EXPECT_EQ(counts_of("primer at a third"), (SideCounts{10, 4, 8}));
}

}  // namespace
}  // namespace isoloss
