#include "sweeps/device_runs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "model/spec/error.h"

namespace isoloss {
namespace {

// Of one size and the keys of the section `run`, on line 8.
Study study_of(const std::string& size, const std::string& run) {
  const auto path = std::filesystem::temp_directory_path() /
                    ("isoloss-device-runs-" + std::to_string(::getpid()) + ".yaml");
  std::ofstream(path) << "study: devices\n"
                      << "data: {synthetic: {symbols: 16}}\n"
                      << "model: {layers: 1, d_head: 8, sequence: 16}\n"
                      << "grid:\n"
                      << "  architecture: [transformer]\n"
                      << "  size: [{name: s, " << size << "}]\n"
                      << "  budget: {tokens: [1e6]}\n"
                      << "run: {device: cuda" << run << "}\n";
  Study study = read_study(path);
  std::filesystem::remove(path);
  return study;
}

std::string refusal(const std::string& size, const std::string& run) {
  const Study study = study_of(size, run);
  try {
    plan_on_devices(study, make_plan(study));
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

TEST(DeviceRuns, WhatHasNoKernelIsRefusedByFileLineAndField) {
  EXPECT_THAT(refusal("d_model: 12, d_head: 4", ""),
              testing::HasSubstr(".yaml:8: run.device: cuda for transformer of size s: "
                                 "d_model: 12 has no kernel for GPUs"));
  EXPECT_THAT(refusal("d_model: 16", ", dtype: float64"),
              testing::HasSubstr("dtype: float64 has no kernel"));
  EXPECT_THAT(refusal("d_model: 16", ", recompute: true"),
              testing::HasSubstr("recompute: true has no kernel"));
  EXPECT_THAT(refusal("d_model: 16", ", tensor_parallel: 2"),
              testing::HasSubstr("tensor_parallel: 2 has no kernel"));
}

TEST(DeviceRuns, WhatHasIsPlannedWithWholeModels) {
  const Study study = study_of("d_model: 16", ", dtype: bfloat16, data_parallel: 2");
  const StudyPlan plan = plan_on_devices(study, make_plan(study));
  ASSERT_EQ(plan.runs.size(), 1U);
  EXPECT_EQ(plan.runs[0].spec.tensor_parallel, 1);
  EXPECT_EQ(plan.runs[0].spec.data_parallel, 2);
  EXPECT_EQ(plan.runs[0].id, make_plan(study).runs[0].id);
}

}  // namespace
}  // namespace isoloss
