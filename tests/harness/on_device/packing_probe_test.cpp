// Steps that processes take side by side on the emulator.
#include <gtest/gtest.h>

#include <filesystem>
#include <stdexcept>

#include "harness/training/step_probe.h"
#include "tests/harness/on_device/emulated_devices.h"
#include "tests/harness/tiny_study.h"

namespace isoloss {
namespace {

StudyPlan plan_of_two_sizes(const tiny_study::Place& place) {
  return make_plan(read_study(tiny_study::write_study(place, "[640]", "[0.1]")));
}

std::unique_ptr<TrainingState> made(const RunSpec& spec) {
  static EmulatedDevices devices;
  return devices.state(spec, {}, {"probe", std::filesystem::temp_directory_path()});
}

TEST(PackingProbe, TimesEveryKindByOneTwoAndMoreProcesses) {
  const tiny_study::Place place;
  const PackedStepTimes times = probe_packing(plan_of_two_sizes(place), made, 2, 0.02);
  ASSERT_EQ(times.size(), 2U);
  for (const int processes : {1, 2}) {
    ASSERT_EQ(times.at(processes).size(), 2U) << "the sizes";
    for (const auto& [key, step] : times.at(processes)) {
      EXPECT_GT(step.fastest, 0);
      EXPECT_LE(step.fastest, step.seconds);
      EXPECT_LE(step.seconds, step.slowest);
    }
  }
}

TEST(PackingProbe, LeavesOutWhatDoesNotFit) {
  const tiny_study::Place place;
  const StateMaker little = [](const RunSpec& spec) {
    if (spec.model.d_model > 8) throw std::runtime_error("no memory");
    return made(spec);
  };
  const StudyPlan plan = plan_of_two_sizes(place);
  const PackedStepTimes times = probe_packing(plan, little, 1, 0.02);
  ASSERT_EQ(times.size(), 1U);
  EXPECT_EQ(times.at(1).size(), 1U);
}

}  // namespace
}  // namespace isoloss
