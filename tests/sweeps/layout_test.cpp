// Which layout a study gets, and why.
#include "sweeps/layout.h"

#include <gtest/gtest.h>

#include "tests/sweeps/study_files.h"

namespace isoloss {
namespace {

// Two heads, hidden 64, 32 symbols: two ranks divide it, three do not, four have half a head each.
StudyPlan plan_of(const char* run = "") { return make_plan(study_of({{10, run}})); }

TEST(Layout, WhatFitsIsTrainedByOneRank) {
  const StudyLayout layout = choose_layout(plan_of(), {8, 1e12}, device_rate("cpu"));
  EXPECT_EQ(layout.tensor, 1);
  EXPECT_EQ(layout.data, 1);
}

// One sequence at a time, so that its batch cannot be shared out.
TEST(Layout, WhatDoesNotFitIsSharedByTensorRanks) {
  const StudyPlan plan = plan_of("run: {accumulate: 4}");
  const double alone = memory_per_rank(plan.runs[0].spec, 1, 1);
  const double shared = memory_per_rank(plan.runs[0].spec, 2, 1);
  ASSERT_LT(shared, alone);
  const StudyLayout layout = choose_layout(plan, {4, (alone + shared) / 2}, device_rate("cpu"));
  EXPECT_EQ(layout.tensor, 2);
  EXPECT_EQ(layout.data, 1);
}

// One run on four ranks that hold it, where messages cost nothing: its four sequences are shared
// out, and each of its steps takes a quarter.
TEST(Layout, AStudyOfFewRunsSharesThem) {
  const StudyPlan plan = plan_of();
  const DeviceRate free{"cpu", plan.runs[0].flops_per_step, 1, 1};
  const StudyLayout layout = choose_layout(plan, {4, 1e12}, free);
  EXPECT_EQ(layout.tensor, 1);
  EXPECT_EQ(layout.data, 4);
  // 20 steps of a second alone.
  EXPECT_NE(layout.reason.find("5 s so by prediction, and 20 s with each run alone"),
            std::string::npos)
      << layout.reason;
}

// Where a message costs more than a step, it is not.
TEST(Layout, DearMessagesKeepRunsApart) {
  const StudyPlan plan = plan_of();
  const DeviceRate dear{"cpu", plan.runs[0].flops_per_step, 1, 1, 1e9, 1.0};
  const StudyLayout layout = choose_layout(plan, {4, 1e12}, dear);
  EXPECT_EQ(layout.tensor * layout.data, 1);
  EXPECT_NE(layout.reason.find("no layout that shares more would take less"), std::string::npos)
      << layout.reason;
}

// Four equal runs on four ranks: nothing to gain by sharing.
TEST(Layout, AsManyRunsAsRanksAreTrainedSideBySide) {
  const StudyPlan plan = make_plan(study_of({{9, "  seed: [0, 1, 2, 3]"}}));
  ASSERT_EQ(plan.runs.size(), 4U);
  const DeviceRate free{"cpu", plan.runs[0].flops_per_step, 1, 1};
  const StudyLayout layout = choose_layout(plan, {4, 1e12}, free);
  EXPECT_EQ(layout.tensor * layout.data, 1);
}

// What the study fixes is in every layout that is compared.
TEST(Layout, OnlyWhatIsLeftOpenIsChosen) {
  const StudyPlan plan = plan_of("run: {tensor_parallel: 2}");
  const DeviceRate free{"cpu", plan.runs[0].flops_per_step, 1, 1};
  const StudyLayout layout = choose_layout(plan, {4, 1e12}, free);
  EXPECT_EQ(layout.tensor, 2);
  EXPECT_EQ(layout.data, 2);
  const StudyLayout alone = choose_layout(plan, {1, 1e12}, free);
  EXPECT_EQ(alone.tensor, 2);
  EXPECT_EQ(alone.reason, "as the study asks");
}

TEST(Layout, RanksThatDoNotDivideTheJobAreNoChoice) {
  const StudyPlan plan = plan_of();
  const StudyLayout layout = choose_layout(plan, {3, 1}, device_rate("cpu"));
  EXPECT_EQ(layout.tensor, 1);
  EXPECT_NE(layout.reason.find("run.recompute"), std::string::npos) << layout.reason;
}

TEST(Layout, WhatTheStudyAsksForCounts) {
  const StudyLayout layout = choose_layout(plan_of("run: {tensor_parallel: 2, data_parallel: 4}"),
                                           {8, 1e12}, device_rate("cpu"));
  EXPECT_EQ(layout.tensor, 2);
  EXPECT_EQ(layout.data, 4);
}

TEST(Layout, WidthsThatDoNotDivideAreRefusedWithWhatWould) {
  const std::string message = message_for({{10, "run: {tensor_parallel: 4}"}});
  EXPECT_TRUE(
      message.starts_with("study.yaml:10: run.tensor_parallel: 2 attention heads do not "
                          "divide by tensor_parallel: 4"))
      << message;
  EXPECT_NE(message.find("use 1, 2 ranks"), std::string::npos) << message;
}

TEST(Layout, GroupsThatDoNotDivideTheBatchAreRefused) {
  EXPECT_EQ(message_for({{10, "run: {data_parallel: 4, accumulate: 2}"}}),
            "study.yaml:10: run.data_parallel: 4 groups of 2 micro-batches do not divide the 4 "
            "sequences of a batch (each takes as many); give numbers whose product divides 4");
}

}  // namespace
}  // namespace isoloss
