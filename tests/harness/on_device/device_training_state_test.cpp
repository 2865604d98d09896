// Training states on the emulator: among themselves bit for bit, beside the processor's within
// rounding.
#include "harness/on_device/device_training_state.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "harness/training/evaluation.h"
#include "harness/training/trainer.h"
#include "model/spec/error.h"
#include "model/spec/tensor_shares.h"
#include "tests/harness/on_device/emulated_devices.h"
#include "tests/harness/tiny_study.h"
#include "tests/harness/training/periodic_training.h"
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

// Four heads, so that four ranks may share them; a vocabulary that neither two nor four divide.
RunSpec shared_spec(OptimizerKind kind) {
  RunSpec spec = device_spec(kind);
  spec.model.heads = 4;
  spec.model.d_ff = 32;
  spec.model.vocabulary = 17;
  spec.optimizer.min_dim_factored = 16;
  return spec;
}

double held_out_of(TrainingState& state) {
  const PeriodicData data(16);
  return evaluate_held_out(
             [&](auto tokens, auto length) { return state.token_losses(tokens, length); },
             data.held_out(), state.ranks().data(), kNeverStop, state.computes_multiples_of())
      ->loss;
}

// What the ranks of a layout have in the end, by rank; the state as the checkpoint holds it.
struct RanksTrained {
  std::vector<std::vector<double>> losses;
  std::vector<double> held_out;
  StoredState state;
};

// From `from`, which any layout left after `begins` steps, to `to`.
RanksTrained train_layout(const RunSpec& spec, const RankLayout& layout, std::int64_t to,
                          std::int64_t begins = 0, const StoredState* from = nullptr,
                          OptimizerState kept = OptimizerState::Shared) {
  const tiny_study::Place place;
  RanksTrained result;
  result.losses.resize(static_cast<std::size_t>(layout.ranks()));
  result.held_out.resize(result.losses.size());
  testing_ranks::on_ranks(layout.ranks(), [&](Communicator& all) {
    EmulatedDevices devices(8, kept);
    devices.take_place(all, "here", 1);
    const auto state = devices.state(spec, RankGroups(all, layout), {"run", place.root});
    if (from != nullptr) restore(*state, begins, 0, *from);
    const auto rank = static_cast<std::size_t>(all.rank());
    result.losses[rank] = losses_of(*state, spec, to);
    result.held_out[rank] = held_out_of(*state);
    const StoredState told = stored(*state);
    if (all.rank() == 0) result.state = told;
  });
  for (const auto& of_rank : result.losses) EXPECT_EQ(of_rank, result.losses.front());
  for (const double loss : result.held_out) EXPECT_EQ(loss, result.held_out.front());
  return result;
}

class Layouts : public testing::TestWithParam<OptimizerKind> {
 protected:
  const std::vector<RankLayout> layouts_ = {{1, 2}, {2, 1}, {1, 4}, {2, 2}, {4, 1}};
};

// What ranks that share the model or the batches leave is the processor's within rounding, the
// same bits on each; a processor goes on from it.
TEST_P(Layouts, TrainAsTheProcessorDoesAndItGoesOnFromTheirs) {
  const RunSpec spec = shared_spec(GetParam());
  HostTrainingState host(spec);
  std::vector<double> expected = losses_of(host, spec, 8);
  const double held_out = held_out_of(host);
  for (const double loss : losses_of(host, spec, 12)) expected.push_back(loss);
  for (const RankLayout& layout : layouts_) {
    SCOPED_TRACE(std::to_string(layout.tensor) + " x " + std::to_string(layout.data));
    const RanksTrained trained = train_layout(spec, layout, 8);
    expect_near(trained.losses.front(), {expected.begin(), expected.begin() + 8}, 1e-3);
    EXPECT_NEAR(trained.held_out.front(), held_out, 1e-3 * held_out);
    HostTrainingState after(spec);
    restore(after, 8, 0, trained.state);
    expect_near(losses_of(after, spec, 12), {expected.begin() + 8, expected.end()}, 1e-3);
  }
}

// A layout goes on from its own checkpoint with the bits of an undisturbed run, and the next one
// from it within rounding.
TEST_P(Layouts, GoOnFromEachOthersCheckpoints) {
  const RunSpec spec = shared_spec(GetParam());
  for (std::size_t i = 0; i < layouts_.size(); ++i) {
    const RankLayout &layout = layouts_[i], &other = layouts_[(i + 1) % layouts_.size()];
    SCOPED_TRACE(std::to_string(layout.tensor) + " x " + std::to_string(layout.data));
    const RanksTrained whole = train_layout(spec, layout, 9);
    const RanksTrained half = train_layout(spec, layout, 5);
    const RanksTrained rest = train_layout(spec, layout, 9, 5, &half.state);
    const std::vector<double>& all = whole.losses.front();
    EXPECT_EQ(rest.losses.front(), std::vector<double>(all.begin() + 5, all.end()));
    EXPECT_EQ(rest.held_out, whole.held_out);
    EXPECT_EQ(rest.state, whole.state);
    expect_near(train_layout(spec, other, 9, 5, &half.state).losses.front(), rest.losses.front(),
                1e-3);
  }
}

// ZeRO-1: the bits of ranks each of which keeps all of the optimizer's state.
TEST_P(Layouts, ShareTheOptimizersStateWithoutChangingABit) {
  const RunSpec spec = shared_spec(GetParam());
  for (const RankLayout& layout : {RankLayout{1, 2}, {1, 4}, {2, 2}}) {
    SCOPED_TRACE(std::to_string(layout.tensor) + " x " + std::to_string(layout.data));
    const RanksTrained shared = train_layout(spec, layout, 6);
    const RanksTrained kept =
        train_layout(spec, layout, 6, 0, nullptr, OptimizerState::OnEveryRank);
    EXPECT_EQ(shared.losses, kept.losses);
    EXPECT_EQ(shared.held_out, kept.held_out);
    EXPECT_EQ(shared.state, kept.state);
  }
}

// Of the moments that a checkpoint holds each data rank gives its share of whole tensors alone.
TEST(DeviceTrainingState, EachRankSavesItsShareOfTheOptimizersState) {
  const RunSpec spec = shared_spec(OptimizerKind::AdamW);
  const tiny_study::Place place;
  std::vector<std::int64_t> weights(2), moments(2);
  testing_ranks::on_ranks(2, [&](Communicator& all) {
    EmulatedDevices devices;
    devices.take_place(all, "here", 1);
    const auto state = devices.state(spec, RankGroups(all, {1, 2}), {"run", place.root});
    const StatePart part = state->part();
    const auto rank = static_cast<std::size_t>(all.rank());
    weights[rank] = part.tables.weights.buffer_size;
    moments[rank] = part.tables.optimizer.buffer_size;
  });
  const auto shares = share_out(parameter_table(spec.model), 2);
  for (const std::size_t rank : {0, 1}) {
    std::int64_t mine = 0;
    for (const Parameter& p : shares[rank].parameters) mine += p.size();
    EXPECT_GT(mine, 0);
    EXPECT_EQ(moments[rank], 2 * mine);
  }
  EXPECT_GT(weights[0], 0);
  EXPECT_EQ(weights[1], 0);
}

// The model on the hosts, which scores one-shot tasks, is shared by them as it is on their devices.
TEST(DeviceTrainingState, TensorRanksHostsHaveTheDevicesModel) {
  const RunSpec spec = shared_spec(OptimizerKind::AdamW);
  const tiny_study::Place place;
  testing_ranks::on_ranks(2, [&](Communicator& all) {
    EmulatedDevices devices;
    devices.take_place(all, "here", 1);
    const auto state = devices.state(spec, RankGroups(all, {2, 1}), {"run", place.root});
    losses_of(*state, spec, 3);
    const auto tokens = PeriodicData(16).samples(1, 0, 4, 16);
    const std::vector<float> here = state->token_losses(tokens, 16),
                             there = state->model().token_losses(tokens, 16);
    for (std::size_t i = 0; i < here.size(); ++i) EXPECT_NEAR(here[i], there[i], 1e-5F) << i;
  });
}

INSTANTIATE_TEST_SUITE_P(Optimizers, Layouts,
                         testing::Values(OptimizerKind::Adafactor, OptimizerKind::AdamW));

}  // namespace
}  // namespace isoloss
