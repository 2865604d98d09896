#include "sweeps/device_runs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "model/spec/error.h"
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
  EXPECT_THAT(refusal("d_model: 16", ", tensor_parallel: 2"),
              testing::HasSubstr("tensor_parallel: 2 has no kernel"));
}

TEST(DeviceRuns, WhatHasIsPlannedWithWholeModels) {
  const Study study = device_study("d_model: 16", ", dtype: bfloat16, data_parallel: 2");
  const StudyPlan plan = plan_on_devices(study, make_plan(study));
  ASSERT_EQ(plan.runs.size(), 1U);
  EXPECT_EQ(plan.runs[0].spec.tensor_parallel, 1);
  EXPECT_EQ(plan.runs[0].spec.data_parallel, 2);
  EXPECT_EQ(plan.runs[0].id, make_plan(study).runs[0].id);
}

}  // namespace
}  // namespace isoloss
