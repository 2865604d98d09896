// How many ranks each run gets, and why.
#include "sweeps/run_ranks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/spec/error.h"
#include "tests/sweeps/study_files.h"

namespace isoloss {
namespace {

using testing::Each;
using testing::HasSubstr;

constexpr double kMuch = 1e12;  // bytes

// Two heads, hidden 64, 32 symbols: two ranks divide it, four have half a head each; four sequences
// a batch.
StudyPlan plan_of(const Lines& replaced = {}) { return make_plan(study_of(replaced)); }

// A step takes a second alone, and messages cost nothing.
DeviceRate free_messages(const StudyPlan& plan) {
  return {"cpu", plan.runs[0].flops_per_step, 1, 1};
}

TEST(RunRanks, OneRankTrainsAlone) {
  const RankPlan chosen = plan_ranks(plan_of(), {1, kMuch}, device_rate("cpu", "float32"));
  EXPECT_THAT(chosen.runs, Each(RunRanks{1, 1}));
  EXPECT_THAT(chosen.layouts, Each(RankLayout{1, 1}));
}

// One run on four ranks that hold it: its four sequences are shared out, and each of its 20 steps
// takes a quarter.
TEST(RunRanks, AStudyOfFewRunsSharesThem) {
  const StudyPlan plan = plan_of();
  const RankPlan chosen = plan_ranks(plan, {4, kMuch}, free_messages(plan));
  EXPECT_EQ(chosen.runs.at(0), (RunRanks{4, 1}));
  EXPECT_EQ(chosen.layouts.at(0).ranks(), 4);
  EXPECT_DOUBLE_EQ(chosen.schedule.seconds, 5);
  EXPECT_THAT(chosen.reason, HasSubstr("5 s so by prediction, and 20 s with each run alone"));
}

// Of four ranks that may share two at most, by twos; with a unit of four the study's word counts.
TEST(RunRanks, NoMoreShareARunThanMay) {
  const StudyPlan plan = plan_of();
  EXPECT_EQ(
      plan_ranks(plan, {.ranks = 4, .bytes_per_rank = kMuch, .sharing = 2}, free_messages(plan))
          .runs.at(0),
      (RunRanks{2, 1}));
  const StudyPlan asked = plan_of({{10, "run: {data_parallel: 4}"}});
  EXPECT_EQ(
      plan_ranks(asked, {.ranks = 4, .bytes_per_rank = kMuch, .sharing = 2}, free_messages(asked))
          .runs.at(0),
      (RunRanks{4, 4}));
}

// Where a message costs more than a step, it is not.
TEST(RunRanks, DearMessagesKeepRunsApart) {
  const StudyPlan plan = plan_of();
  const DeviceRate dear{"cpu", plan.runs[0].flops_per_step, 1, 1, 1e9, 1.0};
  const RankPlan chosen = plan_ranks(plan, {4, kMuch}, dear);
  EXPECT_EQ(chosen.runs.at(0), (RunRanks{1, 1}));
  EXPECT_THAT(chosen.reason, HasSubstr("sharing more would not make it end a fiftieth earlier"));
}

// By the rate a step takes a second and its messages many: alone. Measured steps of an hour would
// pay for the messages, and the other way round: they price the 20 steps and move nobody.
TEST(RunRanks, MeasuredStepsPriceTheScheduleAndDecideNothing) {
  const StudyPlan plan = plan_of();
  const std::string key = step_key(plan.runs[0].spec);
  DeviceRate dear{"cpu", plan.runs[0].flops_per_step, 1, 1, 1e9, 1.0};
  const RankPlan apart = plan_ranks(plan, {4, kMuch}, dear);
  dear.steps[key] = {3600, 3600, 3600};
  const RankPlan apart_too = plan_ranks(plan, {4, kMuch}, dear);
  EXPECT_EQ(apart.runs.at(0), (RunRanks{1, 1}));
  EXPECT_EQ(apart_too.runs, apart.runs);
  EXPECT_EQ(apart_too.layouts, apart.layouts);
  EXPECT_DOUBLE_EQ(apart.schedule.seconds, 20);
  EXPECT_DOUBLE_EQ(apart_too.schedule.seconds, 20 * 3600.0);
  EXPECT_THAT(apart_too.reason, HasSubstr("the study takes 20.0 h"));

  DeviceRate slow{"cpu", plan.runs[0].flops_per_step / 3600, 1, 1, 1e9, 1.0};
  const RankPlan together = plan_ranks(plan, {4, kMuch}, slow);
  slow.steps[key] = {1, 1, 1};
  const RankPlan together_too = plan_ranks(plan, {4, kMuch}, slow);
  EXPECT_EQ(together.runs.at(0), (RunRanks{4, 1}));
  EXPECT_EQ(together_too.runs, together.runs);
  EXPECT_EQ(together_too.layouts, together.layouts);
  EXPECT_LT(together_too.schedule.seconds, together.schedule.seconds);
}

// Four equal runs on four ranks: sharing would only even out their scatter, at a third more work.
TEST(RunRanks, AsManyRunsAsRanksAreTrainedSideBySide) {
  const StudyPlan plan = plan_of({{9, "  seed: [0, 1, 2, 3]"}});
  const DeviceRate rate{"cpu", plan.runs[0].flops_per_step, 1, 1, 1e9, 0.02};
  EXPECT_THAT(plan_ranks(plan, {4, kMuch}, rate).runs, Each(RunRanks{1, 1}));
}

// 100 steps beside 20 times 20 on eight ranks, where sharing costs something: 100 s by one rank
// alone, while all the others would end after 57.
TEST(RunRanks, OnlyTheRunThatWouldEndLastIsWide) {
  const std::string others =
      "1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20";
  const StudyPlan plan = plan_of({{8, "  budget: {tokens: [1280, 6400]}"},
                                  {9, "  seed: [0, " + others + "]"},
                                  {10, "  exclude: [{budget: 6400, seed: [" + others + "]}]"}});
  ASSERT_EQ(plan.runs.size(), 21U);
  const DeviceRate rate{"cpu", plan.runs[0].flops_per_step, 1, 1, 1e9, 0.02};
  const RankPlan chosen = plan_ranks(plan, {8, kMuch}, rate);
  EXPECT_GT(chosen.runs[0].planned, 1);
  EXPECT_THAT(std::vector<RunRanks>(chosen.runs.begin() + 1, chosen.runs.end()),
              Each(RunRanks{1, 1}));
  EXPECT_LT(chosen.schedule.seconds, 85);
}

// Memory for half a run: two ranks share each, and no block of one takes it.
TEST(RunRanks, WhatDoesNotFitIsSharedAndNeverTakenByFewer) {
  const StudyPlan plan = plan_of({{9, "  seed: [0, 1, 2, 3]"}, {10, "run: {accumulate: 4}"}});
  const double alone = memory_per_rank(plan.runs[0].spec, {1, 1});
  const double shared = memory_per_rank(plan.runs[0].spec, {2, 1});
  const RankPlan chosen =
      plan_ranks(plan, {4, (alone + shared) / 2}, device_rate("cpu", "float32"));
  EXPECT_THAT(chosen.runs, Each(RunRanks{2, 2}));
  EXPECT_THAT(chosen.layouts, Each(RankLayout{2, 1}));
}

TEST(RunRanks, WhatNoNumberOfRanksHoldsIsTriedByTheFewest) {
  const RankPlan chosen = plan_ranks(plan_of(), {3, 1}, device_rate("cpu", "float32"));
  EXPECT_THAT(chosen.runs, Each(RunRanks{1, 1}));
  EXPECT_THAT(chosen.reason, HasSubstr("nor would they with run.accumulate and run.recompute"));
  EXPECT_THAT(plan_ranks(plan_of(), {1, 1}, device_rate("cpu", "float32")).reason,
              HasSubstr("no other rank shares it"));
}

// Four sequences a batch: in as many parts as memory asks for, the study fits.
TEST(RunRanks, WhatWouldHoldARunIsSaid) {
  const auto study = [](const std::string& run) {
    return plan_of({{3, "model: {layers: 8, d_head: 8, sequence: 16}"}, {10, "run: " + run}});
  };
  const auto memory_in = [&](const std::string& run) {
    return memory_per_rank(study(run).runs[0].spec, {1, 1});
  };
  const auto said_with = [&](double bytes) {
    return plan_ranks(study("{threads: 1}"), {1, bytes}, device_rate("cpu", "float32")).reason;
  };
  EXPECT_THAT(said_with(memory_in("{accumulate: 2}")), HasSubstr(": set in run: accumulate: 2 ("));
  EXPECT_THAT(said_with(memory_in("{accumulate: 4}")), HasSubstr(": set in run: accumulate: 4 ("));
  const double anew = memory_in("{accumulate: 4, recompute: true}");
  ASSERT_LT(anew, memory_in("{accumulate: 4}"));
  EXPECT_THAT(said_with(anew), HasSubstr(": set in run: accumulate: 4, recompute: true ("));
}

// Nine sequences make three parts or nine.
TEST(RunRanks, WhatWouldHoldARunDividesItsBatch) {
  const auto study = [](const std::string& run) {
    return plan_of({{3, "model: {layers: 8, d_head: 8, sequence: 16}"},
                    {4, "optimizer: {warmup_steps: 10, batch_tokens: 144}"},
                    {8, "  budget: {tokens: [1440]}"},
                    {10, "run: " + run}});
  };
  const double three = memory_per_rank(study("{accumulate: 3}").runs[0].spec, {1, 1});
  const double nine = memory_per_rank(study("{accumulate: 9}").runs[0].spec, {1, 1});
  const DeviceRate rate = device_rate("cpu", "float32");
  EXPECT_THAT(plan_ranks(study("{threads: 1}"), {1, three}, rate).reason,
              HasSubstr(": set in run: accumulate: 3 ("));
  EXPECT_THAT(plan_ranks(study("{accumulate: 3}"), {1, nine}, rate).reason,
              HasSubstr(": set in run: accumulate: 9 ("));
}

// What the study fixes is in every run, and widths double from there.
TEST(RunRanks, OnlyWhatIsLeftOpenIsChosen) {
  const StudyPlan plan = plan_of({{10, "run: {tensor_parallel: 2}"}});
  const RankPlan chosen = plan_ranks(plan, {4, kMuch}, free_messages(plan));
  EXPECT_EQ(chosen.unit, 2);
  EXPECT_THAT(chosen.layouts, Each(RankLayout{2, 2}));
  EXPECT_THAT(plan_ranks(plan, {1, kMuch}, free_messages(plan)).layouts, Each(RankLayout{2, 1}));
}

TEST(RunRanks, RanksThatDoNotMakeWholeBlocksAreRefused) {
  const StudyPlan plan = plan_of({{10, "run: {tensor_parallel: 2, data_parallel: 2}"}});
  EXPECT_NO_THROW(check_ranks(plan, 8));
  try {
    check_ranks(plan, 6);
    FAIL();
  } catch (const InputError& problem) {
    EXPECT_STREQ(problem.what(),
                 "6 ranks do not make blocks of 4 (tensor_parallel 2 x data_parallel 2 ranks train "
                 "a run together); start it with --ranks 8");
  }
}

}  // namespace
}  // namespace isoloss
