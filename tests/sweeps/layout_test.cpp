// Who trains a run together.
#include "sweeps/layout.h"

#include <gtest/gtest.h>

#include "tests/sweeps/study_files.h"

namespace isoloss {
namespace {

constexpr double kMuch = 1e12;

// Two heads, hidden 64, four sequences a batch: tensor 1 or 2, data 1, 2 or 4.
RunSpec spec_of(const char* run = "") { return make_plan(study_of({{10, run}})).runs.at(0).spec; }

DeviceRate free_messages() { return {"cpu", 1e6, 1, 1}; }

TEST(Layout, OnSoManyRanksOnlyWhatDividesIsThere) {
  EXPECT_EQ(layout_on(spec_of(), 1, kMuch, free_messages()), (RankLayout{1, 1}));
  EXPECT_EQ(layout_on(spec_of(), 8, kMuch, free_messages()), (RankLayout{2, 4}));
  EXPECT_FALSE(layout_on(spec_of(), 3, kMuch, free_messages()));
  EXPECT_FALSE(layout_on(spec_of(), 16, kMuch, free_messages()));
}

// Two ranks that share the model tell each other activations, a microsecond a message and several
// times a step; those that share the batch tell gradients once.
TEST(Layout, TheFasterOfTwoIsTaken) {
  const DeviceRate dear{"cpu", 1e6, 1, 1, 1e12, 1};
  EXPECT_EQ(layout_on(spec_of(), 2, kMuch, dear), (RankLayout{1, 2}));
}

TEST(Layout, MemoryMustHoldIt) {
  const RunSpec spec = spec_of("run: {accumulate: 4}");  // its batch cannot be shared out
  const double alone = memory_per_rank(spec, {1, 1}), shared = memory_per_rank(spec, {2, 1});
  ASSERT_LT(shared, alone);
  EXPECT_FALSE(layout_on(spec, 1, (alone + shared) / 2, free_messages()));
  EXPECT_EQ(layout_on(spec, 2, (alone + shared) / 2, free_messages()), (RankLayout{2, 1}));
}

TEST(Layout, WhatTheStudyAsksForCounts) {
  const RunSpec spec = spec_of("run: {tensor_parallel: 2}");
  EXPECT_EQ(layout_on(spec, 4, kMuch, free_messages()), (RankLayout{2, 2}));
  EXPECT_FALSE(layout_on(spec, 1, kMuch, free_messages()));
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
