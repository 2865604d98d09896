// When the host waits in training, on a device that does nothing before somebody waits for it.
#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <variant>
#include <vector>

#include "harness/on_device/device_training_state.h"
#include "harness/training/divergence.h"
#include "harness/training/trainer.h"
#include "model/device/device_training.h"
#include "model/kernels/cuda/emulator/late_device.h"
#include "tests/harness/on_device/emulated_devices.h"
#include "tests/harness/tiny_study.h"
#include "tests/harness/training/periodic_training.h"
#include "tests/model/device/tiny_models.h"
#include "tests/model/device/tiny_optimizers.h"
#include "tests/model/parallel/thread_ranks.h"

namespace isoloss {
namespace {

struct Steps {
  std::vector<double> losses;
  std::vector<float> weights, state;
  bool operator==(const Steps&) const = default;
};

DeviceTraining training_of(const ModelSpec& spec) {
  return DeviceTraining(DeviceModel(spec, 5, {DeviceNumbers::BFloat16, 1}),
                        {.optimizer = kTinyAdamW, .clip_norm = 1, .micro_batches = 2});
}

constexpr int kAll = 3 * DeviceTraining::kSteps;

Steps one_after_the_other(const ModelSpec& spec) {
  DeviceTraining training = training_of(spec);
  Steps steps;
  for (int step = 0; step < kAll; ++step) {
    training.start(tiny_tokens(spec, 2, step), step, 0.01);
    steps.losses.push_back(training.finish().loss);
  }
  steps.weights = training.model().weights();
  steps.state = training.optimizer_state();
  return steps;
}

// The graph is captured at the second step, and each slot of inputs and metrics is used three times
// over. Metrics wait for their own step and for no later one; starting a step waits for none.
TEST(StepsUnderWay, StartingWaitsForNothingAndMetricsForTheirOwnStep) {
  const ModelSpec spec = tiny_spec("primer");
  const Steps expected = one_after_the_other(spec);
  const LateDevice late;
  DeviceTraining training = training_of(spec);
  Steps steps;
  std::int64_t waits = late.waits();
  const auto start = [&](int step) {
    const std::int64_t pending = late.pending();
    training.start(tiny_tokens(spec, 2, step), step, 0.01);
    EXPECT_EQ(late.waits(), waits) << "the host waited to start step " << step;
    EXPECT_GT(late.pending(), pending) << "something was done before anybody waited";
  };
  const auto finish = [&] {
    steps.losses.push_back(training.finish().loss);
    EXPECT_EQ(late.waits(), ++waits);
    EXPECT_EQ(late.pending() > 0, training.under_way() > 0) << "what is behind was waited for";
  };
  for (int step = 0; step < kAll; ++step) {
    start(step);
    if (training.under_way() == DeviceTraining::kSteps) finish();
  }
  while (training.under_way() > 0) finish();
  steps.weights = training.model().weights();
  steps.state = training.optimizer_state();
  EXPECT_EQ(late.waits(), waits + 2) << "copies of weights and state alone";
  EXPECT_TRUE(steps == expected);
}

RunSpec device_run() {
  RunSpec spec = tiny_spec(OptimizerKind::AdamW);
  spec.model.d_model = 16;
  spec.model.d_head = 8;
  return spec;
}

std::unique_ptr<TrainingState> state_of(const RunSpec& spec) {
  return EmulatedDevices().state(spec, {}, {"run", std::filesystem::temp_directory_path()});
}

// The loop of a study. By hand: with four steps under way the host hears of step s when it has
// started step s + 3; at an evaluation, after step 6, and at the end it hears of all. In between it
// waits once a step, for the step that it hears of.
TEST(StepsUnderWay, TheLoopKeepsThemAheadOfTheDeviceButWhereItMeasures) {
  ASSERT_EQ(DeviceTraining::kSteps, 4);
  const RunSpec spec = device_run();
  const auto run = [&](TrainingState& state, const TrainingListener& listener) {
    train(state, spec, PeriodicData(spec.model.sequence), {12, {{6, 1, BudgetUnit::Tokens}}},
          listener, kNeverStop);
  };
  Heard at_once;
  run(*state_of(spec), at_once.listener());
  const LateDevice late;
  const auto state = state_of(spec);
  Heard heard;
  std::vector<std::int64_t> ahead, waits;
  run(*state, [&, listener = heard.listener()](const TrainingEvent& event) {
    listener(event);
    if (!std::holds_alternative<StepMetrics>(event)) return;
    ahead.push_back(state->under_way());
    waits.push_back(late.waits());
    EXPECT_EQ(late.pending() > 0, state->under_way() > 0);
  });
  EXPECT_EQ(ahead, (std::vector<std::int64_t>{3, 3, 3, 2, 1, 0, 3, 3, 3, 2, 1, 0}));
  for (const std::size_t step : {2, 3, 4, 5, 6, 8, 9, 10, 11, 12})
    EXPECT_EQ(waits[step - 1] - waits[step - 2], 1) << step;
  ASSERT_EQ(heard.steps.size(), at_once.steps.size());
  for (std::size_t i = 0; i < heard.steps.size(); ++i)
    EXPECT_EQ(heard.steps[i].loss, at_once.steps[i].loss) << i;
  EXPECT_EQ(heard.evaluations.at(0).loss, at_once.evaluations.at(0).loss);
}

// Steps that were put on the device before anybody knew are not told.
TEST(StepsUnderWay, ARunEndsAtTheStepByWhichItDiverges) {
  RunSpec spec = device_run();
  spec.optimizer.schedule = ScheduleKind::Constant;
  spec.optimizer.learning_rate = 10;
  const auto state = state_of(spec);
  Heard heard;
  ASSERT_EQ(train(*state, spec, PeriodicData(16), {1000, {}}, heard.listener(), kNeverStop),
            TrainingOutcome::Diverged);
  EXPECT_TRUE(has_diverged(loss_history(spec, heard.steps)));
  heard.steps.pop_back();
  EXPECT_FALSE(has_diverged(loss_history(spec, heard.steps)));
}

// Cannot read the batch of the seventh step.
class DataThatEnds final : public PeriodicData {
 public:
  using PeriodicData::PeriodicData;
  std::vector<std::int32_t> samples(std::uint64_t seed, std::int64_t first, std::int64_t count,
                                    std::int64_t sequence) const override {
    if (first >= 6 * 4) throw std::runtime_error("the file ends");
    return PeriodicData::samples(seed, first, count, sequence);
  }
};

// Three steps are under way on both ranks when one of them hears that it has no batch.
TEST(StepsUnderWay, ABatchThatOneRankCannotReadEndsTheRunOnAll) {
  const tiny_study::Place place;
  const RunSpec spec = device_run();
  std::vector<std::string> reasons(2);
  std::vector<std::size_t> heard_of(2);
  testing_ranks::on_ranks(2, [&](Communicator& all) {
    EmulatedDevices devices;
    devices.take_place(all, "here", 1);
    const auto state = devices.state(spec, RankGroups(all, {1, 2}), {"run", place.root});
    const PeriodicData whole(16);
    const DataThatEnds ends(16);
    const auto rank = static_cast<std::size_t>(all.rank());
    Heard heard;
    try {
      train(*state, spec, rank == 0 ? whole : static_cast<const Dataset&>(ends), {20, {}},
            heard.listener(), kNeverStop);
    } catch (const std::exception& problem) {
      reasons[rank] = problem.what();
    }
    heard_of[rank] = heard.steps.size();
  });
  for (const std::string& reason : reasons)
    EXPECT_NE(reason.find("the file ends"), std::string::npos) << reason;
  EXPECT_EQ(heard_of, (std::vector<std::size_t>{3, 3}));
}

// Counts operations that the device comes to before the group is ended, where each would wait for
// ever for a rank that is gone.
struct OfRanksThatAreGone final : DeviceCommunicator {
  OfRanksThatAreGone(int own_rank, int ranks, std::atomic<int>& would_wait)
      : rank_(own_rank), size_(ranks), would_wait_(would_wait) {}
  int rank() const override { return rank_; }
  int size() const override { return size_; }
  void all_reduce_sum(DeviceValues, DeviceStream on) override { put(on); }
  void all_reduce_mean(DeviceValues, DeviceStream on) override { put(on); }
  void all_reduce_max(DeviceValues, DeviceStream on) override { put(on); }
  void broadcast(DeviceValues, int, DeviceStream on) override { put(on); }
  void reduce_parts_mean(DeviceValues, std::span<const ElementRange>, DeviceStream on) override {
    put(on);
  }
  void gather_parts(DeviceValues, std::span<const ElementRange>, DeviceStream on) override {
    put(on);
  }
  std::optional<std::string> failure() override { return std::nullopt; }
  void abort() noexcept override { ended_ = true; }

 private:
  void put(DeviceStream on) {
    static_cast<Stream*>(on.handle)->put([this] {
      if (!ended_) ++would_wait_;
    });
  }

  int rank_, size_;
  std::atomic<int>& would_wait_;
  std::atomic<bool> ended_ = false;
};

struct LinksOfRanksThatAreGone final : DeviceLinks {
  explicit LinksOfRanksThatAreGone(std::atomic<int>& would_wait) : would_wait_(would_wait) {}
  DeviceGroupId fresh_id() override { return {std::byte{1}}; }
  std::unique_ptr<DeviceCommunicator> join(const DeviceGroupId&, int rank, int size,
                                           const std::string&) override {
    return std::make_unique<OfRanksThatAreGone>(rank, size, would_wait_);
  }

 private:
  std::atomic<int>& would_wait_;
};

// What leaves a run while steps are under way waits for their end, which comes when the group's
// does: nobody waits for the clock.
TEST(StepsUnderWay, AnErrorEndsTheGroupBeforeItsStepsAreWaitedFor) {
  const tiny_study::Place place;
  const RunSpec spec = device_run();
  std::atomic<int> would_wait = 0;
  testing_ranks::on_ranks(2, [&](Communicator& all) {
    const LateDevice late;
    LinksOfRanksThatAreGone links(would_wait);
    EmulatedOrder order;
    const auto leave = [&] {
      DeviceTrainingState state(spec, RankGroups(all, {1, 2}), {links, order, all.rank()},
                                {"run", place.root});
      const auto mine = static_cast<std::size_t>(spec.optimizer.batch_tokens / 2);
      state.begin(std::vector<std::int32_t>(mine, 1));
      ASSERT_EQ(state.under_way(), 1);
      throw std::runtime_error("a rank is gone");
    };
    EXPECT_THROW(leave(), std::runtime_error);
  });
  EXPECT_EQ(would_wait, 0);
}

// Of five steps that were started before the stop all are heard of,
// and what goes on from there has the bits of what was not stopped.
TEST(StepsUnderWay, AStopHearsOfAllThatWereStarted) {
  const RunSpec spec = device_run();
  const auto whole = state_of(spec), first = state_of(spec), second = state_of(spec);
  const PeriodicData data(16);
  Heard all, before, after;
  train(*whole, spec, data, {9, {}}, all.listener(), kNeverStop);
  int asked = 0;
  EXPECT_EQ(train(*first, spec, data, {9, {}}, before.listener(), [&] { return ++asked > 5; }),
            TrainingOutcome::Stopped);
  EXPECT_EQ(first->step(), 5);
  EXPECT_EQ(first->under_way(), 0);
  EXPECT_EQ(before.steps.size(), 5U);
  restore(*second, 5, 0, stored(*first));
  train(*second, spec, data, {9, {}}, after.listener(), kNeverStop);
  EXPECT_EQ(stored(*second), stored(*whole));
  EXPECT_EQ(after.steps.back().loss, all.steps.back().loss);
}

}  // namespace
}  // namespace isoloss
