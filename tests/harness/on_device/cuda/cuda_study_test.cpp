// Whole studies on a GPU, as `isoloss run` trains them; on the emulator: device_study_test.cpp.
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <utility>

#include "harness/files/run_storage.h"
#include "harness/on_device/cuda_devices.h"
#include "harness/study/study_outcome.h"
#include "model/kernels/cuda/device_properties.h"
#include "results/verify.h"
#include "tests/harness/first_item.h"
#include "tests/harness/on_device/studies_on_devices.h"

namespace isoloss {
namespace {

namespace fs = std::filesystem;
using testing_devices::expect_losses_near;
using testing_devices::study_on;
using testing_devices::train_study_on;
using tiny_study::Place;

TEST(StudyOnGpu, HasTheProcessorsLossesWithinRounding) {
  const Place place;
  ASSERT_EQ(tiny_study::run(study_on(place, "cpu"), place.root / "cpu"), kExitDone);
  for (const auto& [dtype, tolerance] : {std::pair{"float32", 1e-3}, std::pair{"bfloat16", 2e-2}}) {
    const std::unique_ptr<TrainingDevices> gpu = cuda_devices();
    const StudyFolder folder{place.root / dtype};
    ASSERT_EQ(train_study_on(study_on(place, "cuda", "", dtype), folder.root, gpu.get()),
              kExitDone);
    for (const std::string& id : run_ids(folder))
      EXPECT_EQ(load_run(folder, id)->header.machine, device_properties().name);
    EXPECT_TRUE(verify_study(folder).empty());
    expect_losses_near(folder.root, place.root / "cpu", tolerance);
  }
}

TEST(StudyOnGpu, StoppedItGoesOnWithTheSameBits) {
  const Place place;
  const std::unique_ptr<TrainingDevices> gpu = cuda_devices();
  const fs::path study = study_on(place, "cuda");
  ASSERT_EQ(train_study_on(study, place.root / "whole", gpu.get()), kExitDone);
  int asked = 0;
  ASSERT_EQ(train_first_item(
                study, place.root / "stopped", [&] { return ++asked >= 6; }, gpu.get()),
            TrainingOutcome::Stopped);
  ASSERT_EQ(train_study_on(study, place.root / "stopped", gpu.get()), kExitDone);
  EXPECT_EQ(tiny_study::losses(place.root / "stopped"), tiny_study::losses(place.root / "whole"));
}

TEST(StudyOnGpu, AutoTakesIt) {
  const Place place;
  const std::unique_ptr<TrainingDevices> gpu = cuda_devices();
  const StudyFolder folder{place.root / "out"};
  ASSERT_EQ(train_study_on(study_on(place, "auto"), folder.root, gpu.get()), kExitDone);
  EXPECT_EQ(load_run(folder, run_ids(folder).at(0))->header.machine, device_properties().name);
}

}  // namespace
}  // namespace isoloss
