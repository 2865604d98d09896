// Ranks that share out the update of a model on the emulator, against ranks that each make it all.
#include <gtest/gtest.h>

#include <algorithm>
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
  testing_devices::EmulatedOrder order;
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

// One layer, whose tensors go to several ranks and buckets; rows as short as a convolution allows.
ModelSpec one_layer(const std::string& architecture) {
  ModelSpec spec = tiny_spec(architecture);
  spec.layers = 1;
  spec.sequence = 5;
  return spec;
}

// An embedding so large that one of four ranks has no share, in several pieces where it is
// factored.
ModelSpec large_embedding() {
  ModelSpec spec = one_layer("gpt2");
  spec.vocabulary = 163;
  return spec;
}

// Adafactor's states of shares, one after the other, and the first and second halves of AdamW's.
std::vector<float> joined_states(const std::vector<RankResult>& ranks, bool adafactor) {
  std::vector<float> state;
  const int parts = adafactor ? 1 : 2;
  for (int part = 0; part < parts; ++part)
    for (const RankResult& rank : ranks) {
      const auto length = std::ssize(rank.state) / parts;
      const auto begin = rank.state.begin() + part * length;
      state.insert(state.end(), begin, begin + length);
    }
  return state;
}

// The bits of an update that every rank makes, of which each keeps the state of its share alone.
void expect_shares_of_one_update(const SharedCase& of) {
  for (const int count : {1, 2, 4}) {
    SCOPED_TRACE(of.spec.architecture + std::to_string(count) + (of.adafactor ? "a" : ""));
    const RankResult alone = train_ranks(of, count, false).front();
    const std::vector<RankResult> ranks = train_ranks(of, count, true);
    std::int64_t bytes = 0;
    for (const RankResult& rank : ranks) {
      EXPECT_EQ(rank.losses, alone.losses);
      EXPECT_EQ(rank.norms, alone.norms);
      EXPECT_TRUE(rank.weights == alone.weights);
      bytes += rank.state_bytes;
    }
    EXPECT_TRUE(joined_states(ranks, of.adafactor) == alone.state);
    EXPECT_EQ(bytes, alone.state_bytes);
  }
}

TEST(SharedUpdate, HasTheBitsOfAnUpdateThatEveryRankMakes) {
  for (const bool adafactor : {false, true})
    expect_shares_of_one_update({one_layer("primer"), DeviceNumbers::BFloat16, adafactor});
}

TEST(SharedUpdate, HasThemWhereARankHasNoShare) {
  const ModelSpec spec = large_embedding();
  const auto shares = share_out(parameter_table(spec), 4);
  ASSERT_TRUE(std::ranges::any_of(
      shares, [](const ParameterTable& share) { return share.parameters.empty(); }));
  for (const bool adafactor : {false, true})
    expect_shares_of_one_update({spec, DeviceNumbers::Float32, adafactor});
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
