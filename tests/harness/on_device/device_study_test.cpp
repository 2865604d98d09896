// Whole studies on the emulator, as `isoloss run` trains them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "harness/files/run_storage.h"
#include "harness/study/study_loop.h"
#include "harness/study/study_outcome.h"
#include "model/spec/error.h"
#include "results/durable_file.h"
#include "results/verify.h"
#include "sweeps/device_runs.h"
#include "sweeps/layout.h"
#include "sweeps/plan.h"
#include "tests/harness/first_item.h"
#include "tests/harness/on_device/emulated_devices.h"
#include "tests/harness/on_device/studies_on_devices.h"
#include "tests/harness/tiny_study.h"

namespace isoloss {
namespace {

namespace fs = std::filesystem;
using testing_devices::expect_losses_near;
using testing_devices::study_on;
using testing_devices::train_study_on;
using tiny_study::Place;

TEST(StudyOnDevices, HasTheProcessorsLossesWithinRounding) {
  const Place place;
  EmulatedDevices devices;
  const fs::path study = study_on(place, "cuda");
  ASSERT_EQ(train_study_on(study, place.root / "device", &devices), kExitDone);
  const StudyFolder folder{place.root / "device"};
  for (const std::string& id : run_ids(folder))
    EXPECT_EQ(load_run(folder, id)->header.machine, "an emulated device");
  EXPECT_TRUE(verify_study(folder).empty());
  ASSERT_EQ(tiny_study::run(study_on(place, "cpu"), place.root / "cpu"), kExitDone);
  expect_losses_near(place.root / "device", place.root / "cpu", 1e-3);
}

TEST(StudyOnDevices, StoppedItGoesOnWithTheSameBits) {
  const Place place;
  EmulatedDevices devices;
  const fs::path study = study_on(place, "cuda");
  ASSERT_EQ(train_study_on(study, place.root / "whole", &devices), kExitDone);
  for (const int last : {6, 14}) {
    const fs::path folder = place.root / ("stopped-" + std::to_string(last));
    int asked = 0;
    ASSERT_EQ(train_first_item(
                  study, folder, [&] { return ++asked >= last; }, &devices),
              TrainingOutcome::Stopped);
    ASSERT_EQ(train_study_on(study, folder, &devices), kExitDone);
    EXPECT_EQ(tiny_study::losses(folder), tiny_study::losses(place.root / "whole")) << last;
  }
}

TEST(StudyOnDevices, GoesOnFromTheProcessorsCheckpointAndBack) {
  const Place place;
  EmulatedDevices devices;
  const fs::path study = study_on(place, "auto");
  ASSERT_EQ(train_study_on(study, place.root / "cpu", nullptr), kExitDone);
  for (TrainingDevices* first :
       {static_cast<TrainingDevices*>(nullptr), static_cast<TrainingDevices*>(&devices)}) {
    const fs::path folder = place.root / (first == nullptr ? "to-device" : "to-cpu");
    int asked = 0;
    ASSERT_EQ(train_first_item(
                  study, folder, [&] { return ++asked >= 12; }, first),
              TrainingOutcome::Stopped);
    ASSERT_EQ(train_study_on(study, folder, first == nullptr ? &devices : nullptr), kExitDone);
    expect_losses_near(folder, place.root / "cpu", 1e-3);
    if (first != nullptr) continue;
    // What the process held before, several times as much, is no device's.
    for (const std::string& id : run_ids({folder})) {
      const RunHeader header = load_run({folder}, id)->header;
      EXPECT_LT(header.peak_memory_bytes.value(), 1.2 * header.predicted_memory_bytes.value());
    }
  }
}

TEST(StudyOnDevices, AutoTakesADeviceWhereThereIsOneWithKernels) {
  const Place place;
  EmulatedDevices devices, none(0);
  const auto machine = [&](const std::string& name, const std::string& dtype, TrainingDevices& on) {
    const fs::path folder = place.root / name;
    EXPECT_EQ(train_study_on(study_on(place, "auto", "", dtype), folder, &on), kExitDone);
    return load_run({folder}, run_ids({folder}).at(0))->header.machine;
  };
  EXPECT_EQ(machine("device", "float32", devices), "an emulated device");
  EXPECT_NE(machine("none", "float32", none), "an emulated device");
  testing::internal::CaptureStderr();
  EXPECT_NE(machine("refused", "float64", devices), "an emulated device");
  EXPECT_THAT(
      testing::internal::GetCapturedStderr(),
      testing::HasSubstr("auto trains on the processor (transformer of size a: dtype: float64"));
}

TEST(StudyOnDevices, AutoSaysWhereTheProcessorLeavesRanksPerDeviceOut) {
  const Place place;
  EmulatedDevices devices, none(0);
  const auto said = [&](const std::string& name, const std::string& more, const std::string& dtype,
                        TrainingDevices* on) {
    testing::internal::CaptureStderr();
    EXPECT_EQ(train_study_on(study_on(place, "auto", more, dtype), place.root / name, on),
              kExitDone);
    return testing::internal::GetCapturedStderr();
  };
  const std::string four = ", ranks_per_device: 4", begin = "run.device: auto trains on the ";
  EXPECT_THAT(said("none", four, "float32", &none),
              testing::HasSubstr(begin + "processor (a rank sees no GPU); run.ranks_per_device: 4 "
                                         "has no effect there\n"));
  EXPECT_THAT(said("built", four, "float32", nullptr),
              testing::HasSubstr(begin + "processor (this isoloss was built without CUDA); "));
  EXPECT_THAT(said("refused", four, "float64", &devices),
              testing::HasSubstr("; run.ranks_per_device: 4 has no effect there\n"));
  EXPECT_THAT(said("unasked", "", "float32", &none), testing::Not(testing::HasSubstr(begin)));
  EXPECT_THAT(said("served", four, "float32", &devices), testing::Not(testing::HasSubstr(begin)));
}

TEST(StudyOnDevices, ActivationsComputedAnewGiveTheSameLosses) {
  const Place place;
  EmulatedDevices devices;
  ASSERT_EQ(train_study_on(study_on(place, "cuda"), place.root / "kept", &devices), kExitDone);
  ASSERT_EQ(
      train_study_on(study_on(place, "cuda", ", recompute: true"), place.root / "anew", &devices),
      kExitDone);
  expect_losses_near(place.root / "anew", place.root / "kept", 0);
}

// Devices of the emulator on which `check` comes before a run's state is made.
class CheckedDevices final : public TrainingDevices {
 public:
  explicit CheckedDevices(std::function<void(const RunSpec&)> check, double bytes = 1e10)
      : check_(std::move(check)), devices_(8, OptimizerState::Shared, bytes) {}
  bool any() override { return true; }
  TrainingDevice take_place(Communicator& ranks, const std::string& machine, int most) override {
    return devices_.take_place(ranks, machine, most);
  }
  std::unique_ptr<TrainingState> state(const RunSpec& spec, RankGroups ranks,
                                       const WatchedRun& run) override {
    check_(spec);
    return devices_.state(spec, std::move(ranks), run);
  }

 private:
  std::function<void(const RunSpec&)> check_;
  EmulatedDevices devices_;
};

TEST(StudyOnDevices, ADeviceThatFailsEndsTheJobAndCountsAgainstNoRun) {
  const Place place;
  const fs::path study = study_on(place, "cuda");
  const StudyFolder folder{place.root / "out"};
  CheckedDevices failing(
      [](const RunSpec&) { throw WorkError("cudaStreamCreate failed (the device is lost)"); });
  try {
    train_study_on(study, folder.root, &failing);
    FAIL() << "no error";
  } catch (const WorkError& problem) {
    EXPECT_STREQ(problem.what(), "cudaStreamCreate failed (the device is lost)");
  }
  EXPECT_FALSE(run_ids(folder).empty()) << "a run was begun";
  for (const std::string& id : run_ids(folder)) {
    EXPECT_TRUE(read_attempts(folder, id).empty());
    EXPECT_FALSE(fs::exists(folder.claim(id)));
  }
  EmulatedDevices well;
  EXPECT_EQ(train_study_on(study, folder.root, &well), kExitDone);
}

TEST(StudyOnDevices, ARunThatDoesNotFitIsGivenUpAndTheOthersAreTrained) {
  const Place place;
  const StudyFolder folder{place.root / "out"};
  CheckedDevices little([](const RunSpec& spec) {
    if (spec.model.size == "b") throw DeviceMemoryFull("cudaMalloc failed (out of memory)");
  });
  EXPECT_EQ(train_study_on(study_on(place, "cuda"), folder.root, &little), kExitFailed);
  std::vector<std::size_t> attempts;
  for (const std::string& id : run_ids(folder)) {
    attempts.push_back(read_attempts(folder, id).size());
    for (const auto& attempt : read_attempts(folder, id))
      EXPECT_EQ(attempt.reason, "cudaMalloc failed (out of memory)");
    EXPECT_EQ(load_run(folder, id).has_value(), attempts.back() == 0);
  }
  EXPECT_THAT(attempts, testing::UnorderedElementsAre(0U, 2U));
}

// The larger of two sizes takes more by prediction than the device has.
TEST(StudyOnDevices, ARunThatIsPredictedNotToFitIsGivenUpBeforeAnythingOfItIsTaken) {
  const Place place;
  const fs::path study = study_on(place, "cuda");
  std::map<std::string, double> bytes;
  const Study read = read_study(study);
  for (const PlannedRun& run : plan_on_devices(read, make_plan(read)).runs)
    bytes[run.spec.model.size] = memory_per_rank(run.spec, {1, 1});
  ASSERT_LT(bytes.at("a"), bytes.at("b"));
  const double room = (bytes.at("a") + bytes.at("b")) / 2;
  std::vector<std::string> begun;
  CheckedDevices little([&](const RunSpec& spec) { begun.push_back(spec.model.size); }, room);
  const StudyFolder folder{place.root / "out"};
  EXPECT_EQ(train_study_on(study, folder.root, &little), kExitFailed);
  EXPECT_THAT(begun, testing::Each("a"));
  EXPECT_FALSE(begun.empty());
  std::vector<std::string> reasons;
  for (const std::string& id : run_ids(folder))
    for (const auto& attempt : read_attempts(folder, id)) reasons.push_back(attempt.reason);
  ASSERT_FALSE(reasons.empty());
  EXPECT_THAT(reasons,
              testing::Each(testing::AllOf(
                  testing::StartsWith("the run takes "),
                  testing::HasSubstr(" of a device by prediction (a rank has "),
                  testing::EndsWith("; set run.accumulate or run.recompute, or let "
                                    "several devices share it, and run with --retry-failed"))));
}

// A run's file has both; on the processor the process's.
TEST(StudyOnDevices, StoreThePredictedMemoryAndTheMostThatWasTaken) {
  const Place place;
  EmulatedDevices devices;
  const fs::path study = study_on(place, "cuda");
  ASSERT_EQ(train_study_on(study, place.root / "device", &devices), kExitDone);
  const Study read = read_study(study);
  const StudyFolder folder{place.root / "device"};
  constexpr double kWorkspace = 32 << 20;  // of products, the same for any model
  for (const PlannedRun& run : plan_on_devices(read, make_plan(read)).runs) {
    const RunHeader header = load_run(folder, run.id).value().header;
    EXPECT_EQ(header.predicted_memory_bytes, memory_per_rank(run.spec, {1, 1}));
    const double taken = header.peak_memory_bytes.value() - kWorkspace;
    EXPECT_NEAR(taken / (header.predicted_memory_bytes.value() - kWorkspace), 1, 0.2) << run.id;
  }
}

std::string refusal(const fs::path& study, const fs::path& folder, TrainingDevices* devices) {
  try {
    train_study_on(study, folder, devices);
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

TEST(StudyOnDevices, WhatCannotBeIsRefusedBeforeAnythingIsWritten) {
  const Place place;
  EmulatedDevices devices, none(0);
  const fs::path folder = place.root / "out";
  EXPECT_THAT(refusal(study_on(place, "cuda"), folder, nullptr),
              testing::HasSubstr("tiny.yaml:12: run.device: cuda (this isoloss was built without "
                                 "CUDA"));
  EXPECT_THAT(refusal(study_on(place, "cuda"), folder, &none),
              testing::HasSubstr("sees no device"));
  EXPECT_THAT(refusal(study_on(place, "cuda", "", "float64"), folder, &devices),
              testing::HasSubstr("dtype: float64 has no kernel for GPUs"));
  EXPECT_FALSE(fs::exists(folder));
}

}  // namespace
}  // namespace isoloss
