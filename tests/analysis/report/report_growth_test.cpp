// The report on scale, from comparisons written down here.
#include "analysis/report/report_growth.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace isoloss {
namespace {

using ::testing::HasSubstr;

// Savings 1.5 at loss 3.1, 1.875 at 2.6: growth 1.25.
Savings grown() {
  Savings savings;
  savings.baseline = "a";
  savings.candidate = "b";
  savings.floor = {SavingsFloor::Shared, 0, "shared"};
  savings.overlap = {2.6, 3.1};
  savings.seed_noise.measured = true;
  savings.growth = SavingsGrowth{1.25, Interval{1.1, 1.4}, 0.004};
  savings.law = SavingsLaw{2, -0.1, 1.7, std::nullopt, 1.12, Interval{1.04, 1.2}};
  savings.growth_resolved = true;
  return savings;
}

StudyResults study_of(const Savings& savings) {
  StudyResults study;
  study.architectures = {"a", "b"};
  study.baseline = "a";
  study.comparisons = {{"a", "b", false, savings, ""}, {"a", "b", true, std::nullopt, "no time"}};
  return study;
}

std::vector<std::string> shown(const std::vector<TableCell>& row) {
  std::vector<std::string> out;
  for (const TableCell& cell : row) out.push_back(cell.shown);
  return out;
}

TEST(ReportGrowth, ARowSaysRatioDirectionAndP) {
  const Table table = growth_table(study_of(grown()));
  ASSERT_EQ(table.rows.size(), 1u);  // the comparison in seconds has no savings
  ASSERT_EQ(table.rows[0].size(), table.columns.size());
  EXPECT_THAT(shown(table.rows[0]),
              testing::ElementsAre("b", "a", "FLOPs", "3.100", "2.600", "1.25", "1.10", "1.40",
                                   "grows", "0.004", "1.12", "1.04", "1.20", "", "yes"));
}

// So et al. 2021, appendix A.9: l = a s^-k above the floor.
TEST(ReportGrowth, ARowSaysWhatOneFactorSaves) {
  Savings savings = grown();
  savings.parallel = ParallelSavings{};
  savings.parallel->k = 0.05;
  savings.parallel->floor = 1.7;
  savings.parallel->absolute_coefficient = 28.5;
  const auto row = growth_table(study_of(savings)).rows.at(0);
  EXPECT_EQ(row[13].shown, "L - 1.7 = 28.5 s^-0.05");
  savings.parallel->absolute_coefficient = std::nan("");
  EXPECT_EQ(growth_table(study_of(savings)).rows.at(0)[13].shown, "");
}

TEST(ReportGrowth, WhatIsNotResolvedSaysWhy) {
  Savings savings = grown();
  savings.growth_resolved = false;
  EXPECT_THAT(growth_table(study_of(savings)).rows[0].back().shown, HasSubstr("three seeds"));
  savings.law->per_decade_interval = Interval{0.9, 1.2};
  EXPECT_EQ(growth_table(study_of(savings)).rows[0].back().shown, "no: the law's change holds 1");
  savings.growth->interval = Interval{0.9, 1.4};
  EXPECT_EQ(growth_table(study_of(savings)).rows[0].back().shown, "no: the interval holds 1");
  savings.growth = SavingsGrowth{0.8, std::nullopt, std::nan("")};
  savings.seed_noise.measured = false;
  savings.law.reset();
  const auto row = growth_table(study_of(savings)).rows[0];
  EXPECT_EQ(row[8].shown, "shrinks");
  EXPECT_EQ(row[9].shown, "");
  EXPECT_EQ(row.back().shown, "no: seed noise not measured");
}

TEST(ReportGrowth, SentenceGivesFactorIntervalAndP) {
  Savings savings = grown();
  EXPECT_EQ(growth_text(savings),
            "Down to loss 2.600 from 3.100 the factor changes by 1.25× [1.10, 1.40], p 0.004: it "
            "grows, by 1.12× [1.04, 1.20] per decade of baseline compute");
  savings.growth_resolved = false;
  savings.growth->p = 1e-4;
  EXPECT_EQ(growth_text(savings),
            "Down to loss 2.600 from 3.100 the factor changes by 1.25× [1.10, 1.40], p below "
            "0.001: growth with compute not resolved");
}

TEST(ReportGrowth, FloorsStandWithBothTestsAndTheAnswer) {
  EXPECT_TRUE(floors_table(study_of(grown())).rows.empty());
  Savings savings = grown();
  savings.floors = FloorTest{1.7, 1.6, 0.03, 0.21};
  EXPECT_THAT(shown(floors_table(study_of(savings)).rows.at(0)),
              testing::ElementsAre("b", "a", "FLOPs", "1.6000", "1.7000", "0.21", "0.03", "shared",
                                   "one floor is not rejected at 5 %"));
  savings.floors->bootstrap_p = 0.01;
  savings.floor = {SavingsFloor::Free, 0, "free"};
  EXPECT_THAT(floors_table(study_of(savings)).rows.at(0).back().shown, HasSubstr("they differ"));
}

}  // namespace
}  // namespace isoloss
