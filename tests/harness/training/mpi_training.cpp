// What ranks that share a run do together: average gradients, begin alike, go on from each other's
// checkpoints, and end together where one fails. mpi_catalogue.cpp compares what they learn.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <new>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "harness/ranks/block_exchange.h"
#include "harness/ranks/mpi_communicator.h"
#include "harness/training/trainer.h"
#include "sweeps/optimizer_fields.h"
#include "tests/harness/memory_limit.h"
#include "tests/harness/training/mpi_layouts.h"

namespace isoloss {
namespace {

// Every rank hears of it at the same step, however the ranks share the run, and the leading rank's
// count of the steps before serves for all.
TEST(Divergence, EndsTheRunOnEveryRank) {
  RunSpec spec = spec_of({"transformer", OptimizerKind::AdamW, "float32", 0});
  spec.optimizer.schedule = ScheduleKind::Constant;
  spec.optimizer.learning_rate = 10;
  const PeriodicData data(spec.model.sequence);
  for (const RankLayout& layout : layouts()) {
    SCOPED_TRACE(std::to_string(layout.tensor) + " x " + std::to_string(layout.data));
    HostTrainingState state(spec, RankGroups(*job, layout));
    Heard heard;
    ASSERT_EQ(train(state, spec, data, {1000, {}}, heard.listener(), kNeverStop),
              TrainingOutcome::Diverged);
    ASSERT_EQ(heard.diverged.size(), 1U);
    EXPECT_THAT(heard.diverged[0],
                testing::HasSubstr("up to step " + std::to_string(state.step())));
    TrainingSegment next{1000, {}};
    if (job->rank() == 0) next.losses_before = loss_history(spec, heard.steps);
    Heard again;
    EXPECT_EQ(train(state, spec, data, next, again.listener(), kNeverStop),
              TrainingOutcome::Diverged);
    EXPECT_TRUE(again.steps.empty());
    EXPECT_EQ(again.diverged, heard.diverged);
  }
}

const Case kOne{"primer-ez", OptimizerKind::AdamW, "float64", 1e-10};

// Gradients of a real backward pass, averaged while it runs in buckets far smaller than the model,
// have the bits of those averaged in one piece after it; and both are the mean, by hand in the
// order of ranks.
TEST(GradientBuckets, HaveTheBitsOfOneMessage) {
  const RunSpec spec = spec_of({"primer", OptimizerKind::AdamW, "float32", 0});
  const PeriodicData data(spec.model.sequence);
  const auto tokens = data.samples(7, 8 * job->rank(), 8, spec.model.sequence);
  LanguageModel model(spec.model, 1);
  model.loss_and_gradients(tokens, {1e-4});
  const std::span<float> gradients = model.gradients32();
  const std::vector<float> own(gradients.begin(), gradients.end());
  std::vector<float> all(own.size() * static_cast<std::size_t>(job->size()));
  job->all_gather(std::as_bytes(std::span(own)), std::as_writable_bytes(std::span(all)));
  std::vector<float> mean(own.size());
  for (std::size_t i = 0; i < own.size(); ++i) {
    float sum = all[i];
    for (std::size_t r = 1; r < static_cast<std::size_t>(job->size()); ++r)
      sum += all[r * own.size() + i];
    mean[i] = sum * (1.0F / static_cast<float>(job->size()));
  }
  const std::size_t buckets[] = {64, 1000, 5001, GradientAverage::kBucketElements};
  for (const std::size_t bucket : buckets) {
    GradientAverage average(*job, gradients, bucket);
    for (int step = 0; step < 3; ++step) {
      StepOptions options{1e-4};
      options.gradients_ready = [&](std::int64_t offset, std::int64_t) { average.ready(offset); };
      model.loss_and_gradients(tokens, options);
      average.finish();
      EXPECT_EQ(std::vector<float>(gradients.begin(), gradients.end()), mean) << bucket;
    }
  }
}

// Before any update the numbers are the same, not just near.
TEST(Layout, InitialWeightsAreThoseOfOneRank) {
  const RunSpec spec = spec_of({"primer", OptimizerKind::Adafactor, "float32", 0});
  HostTrainingState single(spec);
  for (const RankLayout& layout : layouts()) {
    HostTrainingState state(spec, RankGroups(*job, layout));
    const StoredState got = stored(state);
    if (state.ranks().leads()) {
      EXPECT_EQ(got, stored(single));
    }
  }
}

// What one layout saves, every other goes on from, to the bits of what was saved.
class Resumed : public testing::TestWithParam<OptimizerKind> {};

TEST_P(Resumed, ByAnyLayoutFromAnyOther) {
  const RunSpec spec = spec_of({"primer", GetParam(), "float64", 0});
  const Trained whole = alone(spec, 8);
  for (const RankLayout& from : layouts()) {
    HostTrainingState first(spec, RankGroups(*job, from));
    const Trained half = train_to(first, spec, 4);
    for (const RankLayout& to : layouts()) {
      SCOPED_TRACE(std::to_string(from.tensor) + " -> " + std::to_string(to.tensor));
      HostTrainingState second(spec, RankGroups(*job, to));
      restore(second, 4, first.seconds(), half.state);
      EXPECT_EQ(second.step(), 4);
      const StoredState got = stored(second);
      if (job->rank() == 0) {
        EXPECT_EQ(got, half.state);
      }
      const Trained rest = train_to(second, spec, 8);
      ASSERT_EQ(rest.losses.size(), 4U);
      for (std::size_t i = 0; i < 4; ++i)
        EXPECT_NEAR(rest.losses[i], whole.losses[4 + i], 1e-10) << i;
    }
  }
}

// In the type that training has, where another order of sums would show.
TEST_P(Resumed, BySameLayoutIsBitEqualToNeverHavingStopped) {
  const RunSpec spec = spec_of({"primer", GetParam(), "float32", 0});
  for (const RankLayout& layout : layouts()) {
    SCOPED_TRACE(std::to_string(layout.tensor) + " x " + std::to_string(layout.data));
    HostTrainingState undisturbed(spec, RankGroups(*job, layout));
    const Trained whole = train_to(undisturbed, spec, 8);
    HostTrainingState first(spec, RankGroups(*job, layout));
    const Trained half = train_to(first, spec, 4);
    HostTrainingState second(spec, RankGroups(*job, layout));
    restore(second, 4, first.seconds(), half.state);
    const Trained rest = train_to(second, spec, 8);
    EXPECT_EQ(rest.losses, std::vector(whole.losses.begin() + 4, whole.losses.end()));
    EXPECT_EQ(rest.norms, std::vector(whole.norms.begin() + 4, whole.norms.end()));
    EXPECT_EQ(rest.held_out, whole.held_out);
    EXPECT_EQ(rest.state, whole.state);
  }
}

// Notes which samples this rank trains on.
class NotedData final : public PeriodicData {
 public:
  using PeriodicData::PeriodicData;
  std::vector<std::int32_t> samples(std::uint64_t seed, std::int64_t first, std::int64_t count,
                                    std::int64_t sequence) const override {
    for (std::int64_t i = first; i < first + count; ++i) read_.push_back(i);
    return PeriodicData::samples(seed, first, count, sequence);
  }

  const std::vector<std::int64_t>& read() const { return read_; }

 private:
  mutable std::vector<std::int64_t> read_;
};

// How many ranks read each of the first `samples` samples.
std::vector<std::int64_t> readers(const NotedData& data, std::size_t samples) {
  std::vector<std::int64_t> own(samples), all(samples * static_cast<std::size_t>(job->size()));
  for (const std::int64_t sample : data.read()) ++own.at(static_cast<std::size_t>(sample));
  job->all_gather(std::as_bytes(std::span(own)), std::as_writable_bytes(std::span(all)));
  std::ranges::fill(own, 0);
  for (std::size_t i = 0; i < all.size(); ++i) own[i % samples] += all[i];
  return own;
}

// One rank's checkpoint on all of them, in the same order of data: after the first 4 steps of 8
// samples each the next 4, by every group of ranks that shares a model once.
TEST_P(Resumed, ByManyRanksFromOne) {
  const RunSpec spec = spec_of({"primer", GetParam(), "float32", 0});
  const Trained whole = alone(spec, 8), half = alone(spec, 4);
  for (const RankLayout& layout : layouts()) {
    SCOPED_TRACE(std::to_string(layout.tensor) + " x " + std::to_string(layout.data));
    HostTrainingState state(spec, RankGroups(*job, layout));
    restore(state, 4, 0, half.state);
    const NotedData data(spec.model.sequence);
    Heard heard;
    train(state, spec, data, {8, {}}, heard.listener(), kNeverStop);
    ASSERT_EQ(heard.steps.size(), 4U);
    for (std::size_t i = 0; i < 4; ++i)
      EXPECT_NEAR(heard.steps[i].loss, whole.losses[4 + i], 1e-5) << i;
    std::vector<std::int64_t> wanted(64, 0);
    std::fill(wanted.begin() + 32, wanted.end(), layout.tensor);
    EXPECT_EQ(readers(data, 64), wanted);
  }
}

TEST_P(Resumed, ByOneRankFromMany) {
  const RunSpec spec = spec_of({"primer", GetParam(), "float32", 0});
  const Trained whole = alone(spec, 8);
  for (const RankLayout& layout : layouts()) {
    HostTrainingState many(spec, RankGroups(*job, layout));
    const Trained half = train_to(many, spec, 4);
    if (job->rank() != 0) continue;
    SCOPED_TRACE(std::to_string(layout.tensor) + " x " + std::to_string(layout.data));
    HostTrainingState one(spec);
    restore(one, 4, 0, half.state);
    const Trained rest = train_to(one, spec, 8);
    ASSERT_EQ(rest.losses.size(), 4U);
    for (std::size_t i = 0; i < 4; ++i) EXPECT_NEAR(rest.losses[i], whole.losses[4 + i], 1e-5) << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Optimizers, Resumed,
                         testing::Values(OptimizerKind::Adafactor, OptimizerKind::AdamW));

// What the last rank reads ends it at sample `from`.
class BrokenData final : public PeriodicData {
 public:
  BrokenData(std::int64_t sequence, std::int64_t from) : PeriodicData(sequence), from_(from) {}
  std::vector<std::int32_t> samples(std::uint64_t seed, std::int64_t first, std::int64_t count,
                                    std::int64_t sequence) const override {
    if (job->rank() == job->size() - 1 && first >= from_) throw std::runtime_error("broken data");
    return PeriodicData::samples(seed, first, count, sequence);
  }

 private:
  std::int64_t from_;
};

// What every rank is told; the ranks are in step afterwards.
std::string shared_failure(TrainingState& state, const RunSpec& spec, const Dataset& data,
                           const TrainingSegment& segment, const TrainingListener& listener) {
  std::string told = "nothing";
  try {
    train(state, spec, data, segment, listener, kNeverStop);
  } catch (const SharedFailure& failure) {
    told = failure.what();
  }
  job->barrier();
  return told;
}

RankGroups all_share_the_batch() { return {*job, {1, job->size()}}; }

std::string last_rank() {
  return " (rank " + std::to_string(job->size() - 1) + " of " + std::to_string(job->size()) + ")";
}

TEST(SharedFailure, OfARankBetweenStepsReachesAll) {
  if (job->size() == 1) return;
  const RunSpec spec = spec_of(kOne);
  HostTrainingState state(spec, all_share_the_batch());
  Heard heard;
  EXPECT_EQ(shared_failure(state, spec, BrokenData(spec.model.sequence, 8 * 3), {20, {}},
                           heard.listener()),
            "broken data" + last_rank());
  EXPECT_TRUE(heard.diverged.empty());
  EXPECT_EQ(heard.checkpoints, 0);
}

// The leading rank's listener is what stores.
TEST(SharedFailure, OfTheListenerReachesAllWhereverItIs) {
  if (job->size() == 1) return;
  const RunSpec spec = spec_of(kOne);
  const PeriodicData data(spec.model.sequence);
  const auto fails = [](auto at) {
    return [at](const TrainingEvent& event) {
      if (job->rank() == 0 && at(event)) throw std::bad_alloc();
    };
  };
  const auto at_step = [](const TrainingEvent& event) {
    const auto* metrics = std::get_if<StepMetrics>(&event);
    return metrics != nullptr && metrics->step == 3;
  };
  const auto at_evaluation = [](const TrainingEvent& event) {
    return std::holds_alternative<Evaluation>(event);
  };
  const auto at_checkpoint = [](const TrainingEvent& event) {
    return std::holds_alternative<CheckpointDue>(event);
  };
  TrainingSegment segment{5, {{5, 1, BudgetUnit::Tokens}}};
  segment.checkpoint_every = std::chrono::milliseconds(0);
  for (const TrainingListener& listener :
       {TrainingListener(fails(at_step)), TrainingListener(fails(at_evaluation)),
        TrainingListener(fails(at_checkpoint))}) {
    HostTrainingState state(spec, all_share_the_batch());
    EXPECT_THAT(shared_failure(state, spec, data, segment, listener),
                testing::HasSubstr("bad_alloc (rank 0 of"));
  }
}

// A follower's listener writes its part of each checkpoint beside training, and says so where that
// failed before the leading rank waits for the part.
TEST(SharedFailure, OfAFollowersPartComesBeforeTheLeadingRankIsAsked) {
  if (job->size() == 1) return;
  const RunSpec spec = spec_of(kOne);
  const PeriodicData data(spec.model.sequence);
  HostTrainingState state(spec, all_share_the_batch());
  bool asked = false;
  const TrainingListener listener = [&](const TrainingEvent& event) {
    const auto* due = std::get_if<CheckpointDue>(&event);
    if (due == nullptr) return;
    asked = asked || job->rank() == 0;
    if (job->rank() == job->size() - 1) {
      EXPECT_TRUE(due->last);
      throw std::runtime_error("its part is not written");
    }
  };
  EXPECT_EQ(shared_failure(state, spec, data, {3, {}}, listener),
            "its part is not written" + last_rank());
  EXPECT_FALSE(asked);
}

// Activations of 8 MB and more, for which the last rank has no room, while the others wait for its
// gradients.
TEST(SharedFailure, OfARankWithoutMemoryInsideItsStepReachesAll) {
  if (job->size() == 1) return;
  RunSpec spec = spec_of({"transformer", OptimizerKind::AdamW, "float32", 0});
  spec.optimizer.batch_tokens = 32'768 * job->size();
  const PeriodicData data(spec.model.sequence);
  HostTrainingState state(spec, all_share_the_batch());
  std::optional<MemoryLimit> limit;
  Heard heard;
  if (job->rank() == job->size() - 1) limit.emplace(4'000'000);
  const std::string told = shared_failure(state, spec, data, {2, {}}, heard.listener());
  limit.reset();
  EXPECT_THAT(told, testing::AnyOf(testing::HasSubstr("memory"), testing::HasSubstr("bad_alloc")));
  EXPECT_THAT(told, testing::EndsWith(last_rank()));
  EXPECT_EQ(state.step(), 0);
  EXPECT_TRUE(heard.diverged.empty());
}

// Its run is over, and the next has the numbers that it always has.
TEST(SharedFailure, LeavesTheRanksInStep) {
  if (job->size() == 1) return;
  const RunSpec spec = spec_of(kOne);
  const Trained want = alone(spec, 5);
  {
    HostTrainingState broken(spec, all_share_the_batch());
    Heard heard;
    shared_failure(broken, spec, BrokenData(spec.model.sequence, 8), {5, {}}, heard.listener());
  }
  HostTrainingState state(spec, all_share_the_batch());
  expect_equal(train_to(state, spec, 5), want, 1e-10);
}

}  // namespace
}  // namespace isoloss
