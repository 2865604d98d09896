// Ranks that share the batches of a model on the emulator, each on a device of its own.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "harness/devices/gradient_buckets.h"
#include "harness/devices/step_exchange.h"
#include "model/device/device_training.h"
#include "tests/harness/devices/emulated/emulated_ranks.h"
#include "tests/model/device/tiny_models.h"
#include "tests/model/device/tiny_optimizers.h"

namespace isoloss {
namespace {

using testing_devices::EmulatedOrder;

constexpr std::int64_t kRows = 4;

struct Trained {
  std::vector<double> losses, norms;
  std::vector<float> weights;
};

// Four steps of a rank with its part of the rows of each; the graph is captured at the second.
Trained train(const std::string& architecture, Communicator& ranks, std::int64_t micro_batches) {
  const ModelSpec spec = tiny_spec(architecture);
  const std::int64_t mine = kRows / ranks.size();
  DeviceModel model(spec, 5, {DeviceNumbers::Float32, mine / micro_batches});
  const auto data = testing_devices::joined(ranks);
  EmulatedOrder order;
  Stream exchange;
  constexpr std::size_t kBucket = 1000;  // several, that end inside tensors
  DeviceGradientAverage average(
      *data, order,
      {model.buffers().gradients, static_cast<std::size_t>(model.table().buffer_size)},
      as_device_stream(exchange), {}, kBucket);
  DeviceTraining training(std::move(model), {.optimizer = kSmoothAdamW,
                                             .clip_norm = 1,
                                             .micro_batches = micro_batches,
                                             .exchange = exchange_through(average)});
  Trained trained;
  for (int step = 0; step < 4; ++step) {
    const std::vector<std::int32_t> all = tiny_tokens(spec, kRows, step);
    const auto part = static_cast<std::size_t>(mine * spec.sequence);
    training.start(std::span(all).subspan(static_cast<std::size_t>(ranks.rank()) * part, part),
                   step, 0.1);
    const DeviceMetrics metrics = training.finish();
    trained.losses.push_back(metrics.loss);
    trained.norms.push_back(metrics.gradient_norm);
  }
  trained.weights = training.model().weights();
  return trained;
}

std::vector<Trained> train_on(int ranks, const std::string& architecture,
                              std::int64_t micro_batches) {
  std::vector<Trained> all(static_cast<std::size_t>(ranks));
  testing_ranks::on_ranks(ranks, [&](Communicator& hosts) {
    all[static_cast<std::size_t>(hosts.rank())] = train(architecture, hosts, micro_batches);
  });
  return all;
}

// Of values that are equal but for rounding.
template <typename Real>
double largest_difference(const std::vector<Real>& a, const std::vector<Real>& b) {
  double largest = a.size() == b.size() ? 0 : 1e9;
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i)
    largest = std::max(largest, std::abs(static_cast<double>(a[i]) - static_cast<double>(b[i])));
  return largest;
}

TEST(DataRanksOnDevices, AnyNumberTrainsAsOneWithAllRows) {
  for (const char* architecture : {"gpt2", "primer"}) {
    const Trained alone = train_on(1, architecture, 1).front();
    for (const auto& [ranks, micro_batches] : {std::pair{2, 1}, {2, 2}, {4, 1}}) {
      const Trained shared = train_on(ranks, architecture, micro_batches).front();
      EXPECT_LT(largest_difference(shared.losses, alone.losses), 1e-5) << architecture << ranks;
      EXPECT_LT(largest_difference(shared.norms, alone.norms), 1e-4) << architecture << ranks;
      EXPECT_LT(largest_difference(shared.weights, alone.weights), 1e-5) << architecture << ranks;
    }
    EXPECT_LT(alone.losses.back(), alone.losses.front()) << "it learns";
  }
}

// Otherwise they would drift apart.
TEST(DataRanksOnDevices, AllRanksHoldTheSameBits) {
  const std::vector<Trained> ranks = train_on(4, "primer-ez", 1);
  for (const Trained& rank : ranks) {
    EXPECT_EQ(rank.weights, ranks.front().weights);
    EXPECT_EQ(rank.losses, ranks.front().losses);
  }
}

}  // namespace
}  // namespace isoloss
