// Small studies whose runs are trained on devices, and how near their losses are to others'.
#pragma once
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "harness/study/study_loop.h"
#include "results/durable_file.h"
#include "sweeps/plan.h"
#include "tests/harness/tiny_study.h"

namespace isoloss::testing_devices {

// The tiny study with `device: DEVICE` and `more` behind it in the study file's `run`.
inline std::filesystem::path study_on(const tiny_study::Place& place, const std::string& device,
                                      const std::string& more = "",
                                      const std::string& dtype = "float32") {
  const std::filesystem::path path = tiny_study::write_study(place, "[1280]", "[0.05]");
  std::string text = read_file(path);
  text.replace(text.find("device: cpu"), 11, "device: " + device + more);
  text.replace(text.find("dtype: float32"), 14, "dtype: " + dtype);
  std::ofstream(path) << text;
  return path;
}

// The exit status, as `isoloss run` would have it.
inline int train_study_on(const std::filesystem::path& study, const std::filesystem::path& folder,
                          TrainingDevices* devices) {
  RunOptions options;
  options.folder = folder;
  options.devices = devices;
  return run_study(read_study(study), options);
}

// Of every step and evaluation; `tolerance` is a share of the loss.
inline void expect_losses_near(const std::filesystem::path& folder,
                               const std::filesystem::path& expected, double tolerance) {
  const auto got = tiny_study::losses(folder), wanted = tiny_study::losses(expected);
  ASSERT_FALSE(wanted.empty());
  ASSERT_EQ(got.size(), wanted.size());
  for (const auto& [id, losses] : wanted) {
    ASSERT_TRUE(got.contains(id)) << "the device is no part of a run's identity";
    ASSERT_EQ(got.at(id).size(), losses.size());
    for (std::size_t i = 0; i < losses.size(); ++i)
      EXPECT_NEAR(got.at(id)[i], losses[i], tolerance * losses[i]) << id << " " << i;
  }
}

}  // namespace isoloss::testing_devices
