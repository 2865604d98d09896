#include "sweeps/device_runs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "model/spec/error.h"
#include "sweeps/layout.h"
#include "tests/sweeps/study_files.h"

namespace isoloss {
namespace {

// Of one size and the keys of the section `run`, on line 10.
Study device_study(const std::string& size, const std::string& run) {
  return study_of(
      {{7, "  size: [{name: s, " + size + "}]"}, {10, "run: {device: cuda" + run + "}"}});
}

std::string refusal(const std::string& size, const std::string& run) {
  const Study study = device_study(size, run);
  try {
    plan_on_devices(study, make_plan(study));
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

TEST(DeviceRuns, WhatHasNoKernelIsRefusedByFileLineAndField) {
  EXPECT_THAT(refusal("d_model: 12, d_head: 4", ""),
              testing::HasSubstr(".yaml:10: run.device: cuda for transformer of size s: "
                                 "d_model: 12 has no kernel for GPUs"));
  EXPECT_THAT(refusal("d_model: 128, d_head: 8, d_ff: 130", ""),
              testing::HasSubstr("d_ff: 130 has no kernel for GPUs (optimizers there"));
  EXPECT_EQ(refusal("d_model: 120, d_head: 8, d_ff: 130", ""), "");  // too narrow to be factored
  EXPECT_THAT(refusal("d_model: 16", ", dtype: float64"),
              testing::HasSubstr("dtype: float64 has no kernel"));
  // Of 264 hidden channels each of four ranks has 66, of which no row is read four at a time.
  EXPECT_THAT(refusal("d_model: 128, d_head: 8, d_ff: 264", ", tensor_parallel: 4"),
              testing::HasSubstr("d_ff: 264 has no kernel for GPUs (optimizers there read four "
                                 "values at a time, which layers.0.feed_forward.out of each of 4 "
                                 "ranks is not made for); train it on CPUs or give a multiple of "
                                 "16"));
  EXPECT_EQ(refusal("d_model: 128, d_head: 8, d_ff: 264", ", tensor_parallel: 2"), "");
}

TEST(DeviceRuns, WhatHasIsPlannedAsTheStudyAsks) {
  const Study study = device_study("d_model: 16, d_head: 8",
                                   ", dtype: bfloat16, tensor_parallel: 2, data_parallel: 2");
  const StudyPlan plan = plan_on_devices(study, make_plan(study));
  ASSERT_EQ(plan.runs.size(), 1U);
  EXPECT_EQ(asked_layout(plan), (RankLayout{2, 2}));
  EXPECT_EQ(plan.runs[0].id, make_plan(study).runs[0].id);
}

// All heads have one filter, which ranks on devices do not share: left open, each has the model.
TEST(DeviceRuns, LeftOpenModelsAreSharedOnlyWhereDevicesCan) {
  const auto layout = [](const std::string& shared) {
    const Study study = study_of(
        {{3, "model: {d_head: 8, sequence: 16, layers: 1, convolution_shared: " + shared + "}"},
         {6, "  architecture: [primer-ez]"},
         {10, "run: {device: cuda, accumulate: 4}"}});  // its batch cannot be shared out
    const StudyPlan plan = plan_on_devices(study, make_plan(study));
    return layout_on(plan.runs.at(0).spec, 2, 1e12, {"gpu", 1e6, 1, 1});
  };
  EXPECT_EQ(layout("false"), (RankLayout{2, 1}));
  EXPECT_FALSE(layout("true"));
}

}  // namespace
}  // namespace isoloss
