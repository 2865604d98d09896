// Training states on the emulator: among themselves bit for bit, beside the processor's within
// rounding.
#include "harness/on_device/device_training_state.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <memory>
#include <vector>

#include "harness/evaluation.h"
#include "harness/trainer.h"
#include "model/spec/error.h"
#include "tests/harness/on_device/emulated_devices.h"
#include "tests/harness/periodic_training.h"
#include "tests/harness/tiny_study.h"
#include "tests/model/parallel/thread_ranks.h"

namespace isoloss {
namespace {

// Widths that have kernels; an epsilon that leaves the update a smooth function of gradients.
RunSpec device_spec(OptimizerKind kind = OptimizerKind::AdamW) {
  RunSpec spec = tiny_spec(kind);
  spec.model.d_model = 16;
  spec.model.d_head = 8;
  spec.optimizer.epsilon = 1e-4;
  return spec;
}

const std::filesystem::path kNoFolder = std::filesystem::temp_directory_path();

std::unique_ptr<TrainingState> on_device(const RunSpec& spec) {
  return EmulatedDevices().state(spec, {}, {"run", kNoFolder});
}

std::vector<double> losses_of(TrainingState& state, const RunSpec& spec, std::int64_t to) {
  Heard heard;
  train(state, spec, PeriodicData(spec.model.sequence), {to, {}}, heard.listener(), kNeverStop);
  std::vector<double> losses;
  for (const StepMetrics& step : heard.steps) losses.push_back(step.loss);
  return losses;
}

void expect_near(const std::vector<double>& a, const std::vector<double>& b, double tolerance) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) EXPECT_NEAR(a[i], b[i], tolerance * b[i]) << i;
}

class OnDevice : public testing::TestWithParam<OptimizerKind> {};

TEST_P(OnDevice, AResumedRunHasTheBitsOfAnUndisturbedOne) {
  const RunSpec spec = device_spec(GetParam());
  const auto whole = on_device(spec), first = on_device(spec), second = on_device(spec);
  const std::vector<double> undisturbed = losses_of(*whole, spec, 12);
  losses_of(*first, spec, 7);
  restore(*second, first->step(), first->seconds(), stored(*first));
  EXPECT_EQ(second->step(), 7);
  EXPECT_EQ(losses_of(*second, spec, 12),
            std::vector<double>(undisturbed.begin() + 7, undisturbed.end()));
  EXPECT_EQ(stored(*second), stored(*whole));
}

TEST_P(OnDevice, LossesAreTheProcessors) {
  const RunSpec spec = device_spec(GetParam());
  HostTrainingState host(spec);
  EXPECT_EQ(stored(*on_device(spec)), stored(host)) << "the same initial weights";
  expect_near(losses_of(*on_device(spec), spec, 20), losses_of(host, spec, 20), 1e-3);
}

// Nothing is lost on the way, and what comes after is the processor's within rounding.
TEST_P(OnDevice, ACheckpointGoesFromTheProcessorToADeviceAndBack) {
  const RunSpec spec = device_spec(GetParam());
  HostTrainingState host(spec), undisturbed(spec), back(spec);
  losses_of(host, spec, 5);
  const auto device = on_device(spec);
  restore(*device, host.step(), host.seconds(), stored(host));
  EXPECT_EQ(stored(*device), stored(host));
  std::vector<double> losses = losses_of(*device, spec, 10);
  restore(back, device->step(), device->seconds(), stored(*device));
  EXPECT_EQ(stored(back), stored(*device));
  for (const double loss : losses_of(back, spec, 15)) losses.push_back(loss);
  const std::vector<double> all = losses_of(undisturbed, spec, 15);
  expect_near(losses, {all.begin() + 5, all.end()}, 1e-3);
}

INSTANTIATE_TEST_SUITE_P(Optimizers, OnDevice,
                         testing::Values(OptimizerKind::Adafactor, OptimizerKind::AdamW));

// Matrices of which both sides reach 8 are factored: moments of other shapes than the weights'.
TEST(DeviceTrainingState, FactoredMomentsCrossToo) {
  RunSpec spec = device_spec(OptimizerKind::Adafactor);
  spec.optimizer.min_dim_factored = 8;
  HostTrainingState host(spec);
  losses_of(host, spec, 3);
  const auto device = on_device(spec);
  restore(*device, host.step(), host.seconds(), stored(host));
  EXPECT_EQ(stored(*device), stored(host));
  expect_near(losses_of(*device, spec, 8), losses_of(host, spec, 8), 1e-3);
}

TEST(DeviceTrainingState, Bfloat16IsTheProcessorsWithinItsRounding) {
  RunSpec spec = device_spec();
  spec.dtype = "bfloat16";
  HostTrainingState host(spec);
  expect_near(losses_of(*on_device(spec), spec, 10), losses_of(host, spec, 10), 2e-2);
}

// Rows that do not fill the last pass among them.
TEST(DeviceTrainingState, LossesOfTokensAreThoseOfTheModelOnTheHost) {
  const RunSpec spec = device_spec();
  const auto device = on_device(spec);
  const auto losses_of_rows = [&](std::int64_t rows) {
    const auto tokens = PeriodicData(16).samples(1, 0, rows, 16);
    const std::vector<float> here = device->token_losses(tokens, 16),
                             there = device->model().token_losses(tokens, 16);
    ASSERT_EQ(here.size(), there.size());
    for (std::size_t i = 0; i < here.size(); ++i) EXPECT_NEAR(here[i], there[i], 1e-5F) << i;
  };
  losses_of_rows(4);
  losses_of(*device, spec, 5);  // the host's copy follows
  losses_of_rows(7);
}

TEST(DeviceTrainingState, ARunThatTheDeviceHasNoMemoryForIsToldFromADeviceThatFails) {
  RunSpec large = device_spec();
  large.optimizer.batch_tokens = std::int64_t{1} << 42;
  EXPECT_THROW(on_device(large), DeviceMemoryFull);
  // What the emulator refuses whatever the run: memory while a graph is recorded.
  Stream stream;
  EXPECT_THROW(Graph::capture(stream, [] { on_device(device_spec()); }), WorkError);
  EXPECT_NO_THROW(on_device(device_spec()));
}

TEST(DeviceTrainingState, AnUpdateThatIsNotFiniteLeavesTheState) {
  const RunSpec spec = device_spec();
  HostTrainingState broken(spec);
  broken.model().weights32()[0] = std::numeric_limits<float>::quiet_NaN();
  const auto device = on_device(spec);
  restore(*device, 3, 1.5, stored(broken));
  const std::vector<std::int32_t> tokens(64, 0);
  const TrainingState::Update update = device->update(tokens);
  EXPECT_FALSE(update.finite);
  EXPECT_FALSE(std::isfinite(update.metrics.loss));
  EXPECT_EQ(update.metrics.step, 4);
  EXPECT_EQ(device->step(), 3);
  EXPECT_EQ(stored(*device), stored(broken));
}

TEST(DeviceTrainingState, ALossThatIsNotFiniteEndsTheRun) {
  RunSpec spec = device_spec();
  spec.optimizer.learning_rate = 1e30;
  const auto device = on_device(spec);
  Heard heard;
  EXPECT_EQ(train(*device, spec, PeriodicData(16), {50, {}}, heard.listener(), kNeverStop),
            TrainingOutcome::Diverged);
  EXPECT_EQ(heard.diverged.size(), 1U);
}

TEST(DeviceTrainingState, ALossThatClimbsEndsTheRun) {
  RunSpec spec = device_spec();
  spec.optimizer.schedule = ScheduleKind::Constant;
  spec.optimizer.learning_rate = 10;
  const auto device = on_device(spec);
  Heard heard;
  EXPECT_EQ(train(*device, spec, PeriodicData(16), {1000, {}}, heard.listener(), kNeverStop),
            TrainingOutcome::Diverged);
  ASSERT_EQ(heard.diverged.size(), 1U);
  EXPECT_NE(heard.diverged[0].find("up to step " + std::to_string(device->step())),
            std::string::npos)
      << heard.diverged[0];
}

// What ranks that share the batches leave is one rank's within rounding, the same bits on each, and
// one rank goes on from it.
TEST(DeviceTrainingState, RanksThatShareBatchesTrainAsOne) {
  const tiny_study::Place place;
  const RunSpec spec = device_spec();
  const auto alone = on_device(spec);
  const std::vector<double> expected = losses_of(*alone, spec, 12);
  for (const int ranks : {2, 4}) {
    StoredState saved;
    std::vector<std::vector<double>> losses(static_cast<std::size_t>(ranks));
    testing_ranks::on_ranks(ranks, [&](Communicator& all) {
      EmulatedDevices devices;
      devices.take_place(all, "here", 1);
      const auto state = devices.state(spec, RankGroups(all, {1, ranks}), {"run", place.root});
      losses[static_cast<std::size_t>(all.rank())] = losses_of(*state, spec, 8);
      const StoredState told = stored(*state);
      if (all.rank() == 0) saved = told;
    });
    for (const auto& of_rank : losses) EXPECT_EQ(of_rank, losses.front());
    expect_near(losses.front(), {expected.begin(), expected.begin() + 8}, 1e-4);
    const auto after = on_device(spec);
    restore(*after, 8, 0, saved);
    expect_near(losses_of(*after, spec, 12), {expected.begin() + 8, expected.end()}, 1e-3);
  }
}

}  // namespace
}  // namespace isoloss
