// Ranks that share out the update of a model on the emulator, against ranks that each make it all.
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "harness/devices/gradient_buckets.h"
#include "harness/devices/step_exchange.h"
#include "model/device/device_training.h"
#include "model/spec/error.h"
#include "tests/harness/devices/emulated/emulated_ranks.h"
#include "tests/model/device/tiny_models.h"
#include "tests/model/device/tiny_optimizers.h"

namespace isoloss {
namespace {

constexpr std::int64_t kRowsOfAll = 4;

struct SharedCase {
  ModelSpec spec;
  DeviceNumbers numbers = DeviceNumbers::Float32;
  bool adafactor = false;
};

struct RankResult {
  std::vector<double> losses, norms;
  std::vector<float> weights, state;
  std::int64_t state_bytes = 0;
};

// Three steps; the graph is captured at the second.
RankResult train_rank(const SharedCase& of, Communicator& ranks, bool shares) {
  const std::int64_t mine = kRowsOfAll / ranks.size();
  DeviceModel model(of.spec, 5, {of.numbers, mine});
  const auto data = testing_devices::joined(ranks);
  testing_devices::OrderOfTheHost order;
  Stream exchange;
  DeviceTrainingOptions options{.optimizer = kTinyAdamW, .clip_norm = 0.1};
  if (of.adafactor) options.optimizer = kTinyAdafactor;
  if (shares) options.shared = {share_out(model.table(), ranks.size()), data.get()};
  constexpr std::size_t kBucket = 1000;  // several, that end inside tensors
  DeviceGradientAverage average(
      *data, order,
      {model.buffers().gradients, static_cast<std::size_t>(model.table().buffer_size)},
      as_device_stream(exchange), ranges_of(options.shared.shares), kBucket);
  options.exchange = exchange_through(average);
  DeviceTraining training(std::move(model), options);
  RankResult result;
  for (int step = 0; step < 3; ++step) {
    const std::vector<std::int32_t> all = tiny_tokens(of.spec, kRowsOfAll, step);
    const auto part = static_cast<std::size_t>(mine * of.spec.sequence);
    training.start(std::span(all).subspan(static_cast<std::size_t>(ranks.rank()) * part, part),
                   step, 0.01);
    const DeviceMetrics metrics = training.finish();
    result.losses.push_back(metrics.loss);
    result.norms.push_back(metrics.gradient_norm);
  }
  result.weights = training.model().weights();
  result.state = training.optimizer_state();
  result.state_bytes = training.memory().front().bytes;
  return result;
}

std::vector<RankResult> train_ranks(const SharedCase& of, int ranks, bool shares) {
  std::vector<RankResult> all(static_cast<std::size_t>(ranks));
  testing_ranks::on_ranks(ranks, [&](Communicator& hosts) {
    all[static_cast<std::size_t>(hosts.rank())] = train_rank(of, hosts, shares);
  });
  return all;
}

// With 16 from which on matrices are factored, and an embedding so large that one of four ranks has
// no share.
std::vector<SharedCase> shared_cases() {
  std::vector<SharedCase> cases;
  ModelSpec large = tiny_spec("gpt2");
  large.layers = 1;
  large.vocabulary = 503;
  for (const bool adafactor : {false, true}) {
    cases.push_back({tiny_spec("primer"), DeviceNumbers::BFloat16, adafactor});
    cases.push_back({large, DeviceNumbers::Float32, adafactor});
  }
  return cases;
}

TEST(SharedUpdate, HasTheBitsOfAnUpdateThatEveryRankMakes) {
  for (const SharedCase& of : shared_cases())
    for (const int ranks : {1, 2, 4}) {
      SCOPED_TRACE(of.spec.architecture + std::to_string(ranks) + (of.adafactor ? "a" : ""));
      const RankResult alone = train_ranks(of, ranks, false).front();
      for (const RankResult& rank : train_ranks(of, ranks, true)) {
        EXPECT_EQ(rank.losses, alone.losses);
        EXPECT_EQ(rank.norms, alone.norms);
        EXPECT_TRUE(rank.weights == alone.weights);
      }
    }
}

// Adafactor's states of shares, one after the other, and the first and second halves of AdamW's.
TEST(SharedUpdate, EachRankHasTheStateOfItsShare) {
  for (const SharedCase& of : shared_cases()) {
    const RankResult alone = train_ranks(of, 4, false).front();
    std::vector<float> state;
    std::int64_t bytes = 0;
    const std::vector<RankResult> ranks = train_ranks(of, 4, true);
    const int parts = of.adafactor ? 1 : 2;
    for (int part = 0; part < parts; ++part)
      for (const RankResult& rank : ranks) {
        const auto length = std::ssize(rank.state) / parts;
        const auto begin = rank.state.begin() + part * length;
        state.insert(state.end(), begin, begin + length);
      }
    for (const RankResult& rank : ranks) bytes += rank.state_bytes;
    EXPECT_TRUE(state == alone.state) << of.spec.architecture << parts;
    EXPECT_EQ(bytes, alone.state_bytes) << of.spec.architecture << parts;
  }
}

TEST(SharedUpdate, NeedsAShareForEveryRank) {
  testing_ranks::on_ranks(2, [&](Communicator& hosts) {
    const auto data = testing_devices::joined(hosts);
    const DeviceModel model(tiny_spec("gpt2"), 5, {DeviceNumbers::Float32, 1});
    EXPECT_THROW(UpdateExchange(model, {share_out(model.table(), 3), data.get()}, -1), InputError);
  });
}

}  // namespace
}  // namespace isoloss
