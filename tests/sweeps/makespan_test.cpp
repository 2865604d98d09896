// When work is done, by hand for small studies.
#include "sweeps/makespan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "tests/sweeps/study_files.h"

namespace isoloss {
namespace {

StudyPlan plan_of(const Lines& replaced) { return make_plan(study_of(replaced)); }

// A second a step and rank.
StudySchedule schedule_by(const StudyPlan& plan, int ranks, const std::vector<RunRanks>& runs) {
  return schedule_work(work_graph(plan), ranks, 1, runs, [](const WorkItem& item, int width) {
    return static_cast<double>(item.to_step - item.from_step) / width;
  });
}
double seconds_alone(const StudyPlan& plan, int ranks) {
  return schedule_by(plan, ranks, std::vector<RunRanks>(plan.runs.size())).seconds;
}

TEST(Makespan, OneRankTrainsEverything) {
  const StudyPlan plan =
      plan_of({{9, "  seed: [0, 1]"},
               {10, "  learning_rate: {search: [1, 2, 3], decide_at: {tokens: 640, size: s}}"}});
  EXPECT_NEAR(seconds_alone(plan, 1), plan.flops / plan.runs[0].flops_per_step, 1e-9);
}

TEST(Makespan, LongestGoFirst) {
  // Three runs of 10, 10 and 20 steps on two ranks: 20 beside 10 + 10.
  const StudyPlan plan =
      plan_of({{9, "  seed: [0, 1, 2]"}, {10, "  exclude: [{seed: [0, 1], budget: 1280}]"}});
  EXPECT_DOUBLE_EQ(seconds_alone(plan, 2), 20);
}

TEST(Makespan, DependentsWaitForTheDecision) {
  // Two arms of 10 steps, then winner and runner-up 10 more: 20 steps however many ranks there are.
  const StudyPlan plan =
      plan_of({{10, "  learning_rate: {search: [1, 2], decide_at: {tokens: 640, size: s}}"}});
  EXPECT_DOUBLE_EQ(seconds_alone(plan, 8), 20);
}

constexpr const char* kWsd = "optimizer: {schedule: wsd, warmup_steps: 5, batch_tokens: 64}";

TEST(Makespan, BranchesWaitForTheirTrunk) {
  // 10 and 20 steps of which 2 and 4 are cooldown: the trunk's 16, beside them the first branch's
  // 2, then the second one's 4; one rank trains 16 + 2 + 4.
  const StudyPlan plan = plan_of({{4, kWsd}});
  EXPECT_DOUBLE_EQ(seconds_alone(plan, 8), 20);
  EXPECT_DOUBLE_EQ(seconds_alone(plan, 1), 22);
}

// Runs of 20 steps by 4, 2, 1 and 1 ranks of 8: all at once, each width on neighbours, and those
// that share end first.
TEST(Makespan, UnequalBlocksArePackedSideBySide) {
  const StudyPlan plan = plan_of({{9, "  seed: [0, 1, 2, 3]"}});
  const StudySchedule schedule = schedule_by(plan, 8, {{4, 1}, {2, 1}, {1, 1}, {1, 1}});
  ASSERT_EQ(schedule.items.size(), 4U);
  std::vector<RankBlock> blocks;
  for (const ScheduledItem& item : schedule.items) {
    EXPECT_EQ(item.begins, 0);
    EXPECT_DOUBLE_EQ(item.ends, 20.0 / item.block.ranks);
    blocks.push_back(item.block);
  }
  EXPECT_THAT(blocks, testing::UnorderedElementsAre(RankBlock{0, 4}, RankBlock{4, 2},
                                                    RankBlock{6, 1}, RankBlock{7, 1}));
}

// Twenty steps by two ranks take 10; then each of the two takes a run of 20.
TEST(Makespan, ABlockDissolvesWhenItsRunEnds) {
  const StudyPlan plan = plan_of({{9, "  seed: [0, 1, 2, 3, 4]"}});
  const StudySchedule schedule = schedule_by(plan, 4, {{2, 1}, {1, 1}, {1, 1}, {1, 1}, {1, 1}});
  std::vector<double> ends;
  for (const ScheduledItem& item : schedule.items) ends.push_back(item.ends);
  EXPECT_THAT(ends, testing::UnorderedElementsAre(10, 20, 20, 30, 30));
}

// Both arms by one rank each; what they decide needs two. Nothing is left that one rank could do,
// so the whole block forms again.
TEST(Makespan, WhatNeedsMoreRanksThanAnyBlockHasIsTrainedByWholeBlocksAnew) {
  const StudyPlan plan =
      plan_of({{7, "  size: [{name: s, d_model: 16}, {name: m, d_model: 32}]"},
               {8, "  budget: {tokens: [640]}"},
               {10, "  learning_rate: {search: [1, 2], decide_at: {tokens: 640, size: s}}"}});
  std::vector<RunRanks> runs;
  for (const PlannedRun& run : plan.runs)
    runs.push_back(run.spec.model.size == "m" ? RunRanks{2, 2} : RunRanks{1, 1});
  const StudySchedule schedule = schedule_by(plan, 2, runs);
  ASSERT_EQ(schedule.items.size(), 3U);
  EXPECT_EQ(schedule.items[2].block, (RankBlock{0, 2}));
  EXPECT_DOUBLE_EQ(schedule.items[2].begins, 10);
  EXPECT_DOUBLE_EQ(schedule.seconds, 15);
}

}  // namespace
}  // namespace isoloss
