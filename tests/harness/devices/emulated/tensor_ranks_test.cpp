// Ranks that share a model's heads, hidden channels and vocabulary on the emulator, against one
// rank that has all of it.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "model/device/device_training.h"
#include "model/kernels/cuda/emulator/late_device.h"
#include "model/spec/error.h"
#include "model/spec/shard.h"
#include "model/spec/spec_fields.h"
#include "tests/harness/devices/emulated/emulated_ranks.h"
#include "tests/model/device/tiny_models.h"
#include "tests/model/device/tiny_optimizers.h"

namespace isoloss {
namespace {

// Four heads and widths that four ranks share; the vocabulary of 43 divides by none.
ModelSpec shared_spec(const std::string& architecture,
                      const std::vector<std::pair<std::string, std::string>>& changes = {}) {
  ModelSpec spec = tiny_spec(architecture);
  spec.heads = 4;
  spec.d_ff_gated = 32;
  for (const auto& [field, value] : changes) set_field(spec, field, value);
  return spec;
}

// What ranks make together, as one rank has it.
struct WholePass {
  double loss = 0;
  std::vector<float> losses, gradients;
};

std::vector<float> shard_of(const std::vector<float>& all, const ParameterTable& whole,
                            const ParameterTable& part) {
  std::vector<float> own(static_cast<std::size_t>(part.buffer_size), 0.0F);
  copy_to_shard<float>(whole, all, part, own);
  return own;
}

WholePass pass_of_ranks(const ModelSpec& spec, DeviceNumbers numbers, int ranks,
                        bool recompute = false) {
  const ParameterTable whole = parameter_table(spec);
  const std::vector<float> weights = tiny_weights(whole);
  WholePass result;
  result.gradients.resize(static_cast<std::size_t>(whole.buffer_size), 0.0F);
  std::mutex lock;
  testing_ranks::on_ranks(ranks, [&](Communicator& hosts) {
    const auto group = testing_devices::joined(hosts);
    const Shard shard{hosts.rank(), ranks};
    DeviceModel model(spec, 0, {numbers, 1, recompute, {shard, group.get()}});
    model.set_weights(shard_of(weights, whole, model.table()));
    const std::vector<std::int32_t> tokens = tiny_tokens(spec, 2, 0);
    const double loss = model.loss_and_gradients(tokens, 0.01);
    const std::vector<float> gradients = model.gradients(), losses = model.token_losses(tokens);
    const std::lock_guard guard(lock);
    result.loss = loss;
    result.losses = losses;
    copy_from_shard<float>(model.table(), gradients, whole, result.gradients);
  });
  return result;
}

double largest(const std::vector<float>& values) {
  double most = 0;
  for (const float value : values) most = std::max(most, std::abs(static_cast<double>(value)));
  return most;
}
double largest_gap(const std::vector<float>& a, const std::vector<float>& b) {
  if (a.size() != b.size()) return 1e9;
  double most = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    most = std::max(most, std::abs(static_cast<double>(a[i]) - static_cast<double>(b[i])));
  return most;
}

std::vector<ModelSpec> shared_specs() {
  std::vector<ModelSpec> specs;
  for (const char* architecture :
       {"transformer", "transformer++", "primer-ez", "primer", "gpt2", "llama"})
    specs.push_back(shared_spec(architecture));
  specs.push_back(shared_spec(
      "transformer",
      {{"norm_placement", "both"}, {"attention_bias", "true"}, {"token_shift", "true"}}));
  specs.push_back(shared_spec("transformer", {{"norm_placement", "post"}, {"rezero", "true"}}));
  specs.push_back(shared_spec("gpt2", {{"positions", "sinusoidal"}}));
  specs.push_back(shared_spec("primer", {{"positions", "rotary"}}));
  specs.push_back(shared_spec("primer-ez", {{"shared_qk", "per_head"}}));
  return specs;
}

TEST(TensorRanksOnDevices, LossesAndGradientsAreThoseOfOneRank) {
  for (const ModelSpec& spec : shared_specs()) {
    const WholePass alone = pass_of_ranks(spec, DeviceNumbers::Float32, 1);
    for (const int ranks : {2, 4}) {
      SCOPED_TRACE(spec.architecture + " " + std::to_string(ranks));
      const WholePass shared = pass_of_ranks(spec, DeviceNumbers::Float32, ranks);
      EXPECT_NEAR(shared.loss, alone.loss, 1e-5);
      EXPECT_LT(largest_gap(shared.losses, alone.losses), 2e-5);
      EXPECT_LT(largest_gap(shared.gradients, alone.gradients), 1e-5 * largest(alone.gradients));
    }
  }
}

// Parts of sums are rounded to 8 bits before they are added up.
TEST(TensorRanksOnDevices, LossesInBfloat16AreThoseOfOneRankButForRounding) {
  for (const char* architecture : {"primer", "gpt2"}) {
    const ModelSpec spec = shared_spec(architecture);
    const WholePass alone = pass_of_ranks(spec, DeviceNumbers::BFloat16, 1);
    const WholePass shared = pass_of_ranks(spec, DeviceNumbers::BFloat16, 4);
    EXPECT_NEAR(shared.loss, alone.loss, 0.03) << architecture;
    EXPECT_LT(largest_gap(shared.losses, alone.losses), 0.2) << architecture;
  }
}

TEST(TensorRanksOnDevices, ComputingActivationsAnewChangesNoBit) {
  ModelSpec spec = shared_spec("primer");
  spec.layers = 3;
  const WholePass kept = pass_of_ranks(spec, DeviceNumbers::BFloat16, 2, false);
  const WholePass anew = pass_of_ranks(spec, DeviceNumbers::BFloat16, 2, true);
  EXPECT_EQ(anew.losses, kept.losses);
  EXPECT_TRUE(anew.gradients == kept.gradients);
}

struct PassOfTwo {
  std::vector<float> gradients;     // of all ranks, one after the other
  std::map<void*, int> operations;  // of the first rank's group, by stream
};

PassOfTwo pass_of_two(const ModelSpec& spec, bool late) {
  PassOfTwo result;
  std::array<std::vector<float>, 2> gradients;
  testing_ranks::on_ranks(2, [&](Communicator& hosts) {
    const std::array<int, 2> both = {0, 1};
    testing_devices::HostDeviceCommunicator group(
        hosts.group(both), [&](DeviceStream on, DeviceValues values, std::function<void()> work) {
          if (hosts.rank() == 0) ++result.operations[on.handle];
          testing_devices::put_on_emulator(on, values, std::move(work));
        });
    std::optional<LateDevice> device;
    if (late) device.emplace();
    DeviceModel model(spec, 3, {DeviceNumbers::BFloat16, 1, false, {{hosts.rank(), 2}, &group}});
    model.loss_and_gradients(tiny_tokens(spec, 2, 0), 0.01);
    gradients[static_cast<std::size_t>(hosts.rank())] = model.gradients();
  });
  for (const auto& of_rank : gradients)
    result.gradients.insert(result.gradients.end(), of_rank.begin(), of_rank.end());
  return result;
}

// Going back, the sums of what attention and feed-forward read, by hand two of each of two layers
// in each of two passes, and with queries of all ranks' keys another one, are put on a stream of
// their own: first thing there, or last thing before somebody waits for it, they leave the same
// bits.
TEST(TensorRanksOnDevices, SumsOfGradientsGoBesideTheGradientsOfWeights) {
  for (const auto& [architecture, sums] : {std::pair{"gpt2", 8}, {"primer", 12}}) {
    const ModelSpec spec = shared_spec(architecture);
    ASSERT_EQ(spec.layers, 2);
    const PassOfTwo at_once = pass_of_two(spec, false), late = pass_of_two(spec, true);
    EXPECT_TRUE(late.gradients == at_once.gradients) << architecture;
    ASSERT_EQ(late.operations.size(), 2U) << architecture;
    int fewest = 1'000'000;
    for (const auto& [stream, count] : late.operations) fewest = std::min(fewest, count);
    EXPECT_EQ(fewest, sums) << architecture;
  }
}

struct WholeRun {
  std::vector<double> losses, norms;
  std::vector<float> weights;
  bool drifted = false;  // apart, in tensors that all ranks have
};

// Three steps; the graph is captured at the second.
WholeRun train_tensor_ranks(const ModelSpec& spec, bool adafactor, int ranks) {
  const ParameterTable whole = parameter_table(spec);
  WholeRun run;
  run.weights.resize(static_cast<std::size_t>(whole.buffer_size), 0.0F);
  std::mutex lock;
  testing_ranks::on_ranks(ranks, [&](Communicator& hosts) {
    const auto group = testing_devices::joined(hosts);
    const Shard shard{hosts.rank(), ranks};
    DeviceTrainingOptions options{.optimizer = kSmoothAdamW, .clip_norm = 0.5, .z_loss = 1e-3};
    if (adafactor) options.optimizer = kTinyAdafactor;
    DeviceTraining training(
        DeviceModel(spec, 5, {DeviceNumbers::Float32, 2, false, {shard, group.get()}}), options);
    std::vector<double> losses, norms;
    for (int step = 0; step < 3; ++step) {
      training.start(tiny_tokens(spec, 2, step), step, adafactor ? 0.01 : 0.1);
      const DeviceMetrics metrics = training.finish();
      losses.push_back(metrics.loss);
      norms.push_back(metrics.gradient_norm);
    }
    const std::vector<float> weights = training.model().weights();
    const ParameterTable& table = training.model().table();
    const std::lock_guard guard(lock);
    if (!run.losses.empty()) {
      run.drifted = run.drifted || losses != run.losses || norms != run.norms;
      const std::vector<float> theirs = shard_of(run.weights, whole, table);
      for (const Parameter& p : table.parameters)
        for (std::int64_t i = p.offset; p.whole_extent == 0 && i < p.offset + p.size(); ++i)
          run.drifted = run.drifted ||
                        weights[static_cast<std::size_t>(i)] != theirs[static_cast<std::size_t>(i)];
    }
    run.losses = losses;
    run.norms = norms;
    copy_from_shard<float>(table, weights, whole, run.weights);
  });
  return run;
}

// An epsilon of one makes AdamW's update a smooth function of the gradient. Adafactor divides by
// the gradient's own size, so that GPT-2's biases of keys, whose gradient is rounding alone, would
// be too.
TEST(TensorRanksOnDevices, AnyNumberTrainsAsOne) {
  for (const bool adafactor : {false, true})
    for (const char* architecture : {adafactor ? "transformer" : "gpt2", "primer"}) {
      const ModelSpec spec = shared_spec(architecture);
      const WholeRun alone = train_tensor_ranks(spec, adafactor, 1);
      const double rate = adafactor ? 0.01 : 0.1;
      EXPECT_LT(alone.losses.back(), alone.losses.front()) << "it learns";
      for (const int ranks : {2, 4}) {
        SCOPED_TRACE(architecture + std::to_string(ranks) + (adafactor ? "a" : ""));
        const WholeRun shared = train_tensor_ranks(spec, adafactor, ranks);
        EXPECT_FALSE(shared.drifted);
        for (std::size_t step = 0; step < 3; ++step) {
          EXPECT_NEAR(shared.losses[step], alone.losses[step], 1e-5);
          EXPECT_NEAR(shared.norms[step], alone.norms[step], 1e-5 * alone.norms[step]);
        }
        EXPECT_LT(largest_gap(shared.weights, alone.weights), 1e-4 * rate);
      }
    }
}

std::string refusal_of(const ModelSpec& spec, const TensorRanks& tensor) {
  try {
    DeviceModel(spec, 0, {DeviceNumbers::Float32, 1, false, tensor});
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

TEST(TensorRanksOnDevices, RefusesWhatRanksCannotShare) {
  const auto starts = [](const std::string& text, const std::string& with) {
    return text.starts_with(with);
  };
  const TensorRanks two{{0, 2}, nullptr}, three{{0, 3}, nullptr};
  EXPECT_TRUE(starts(refusal_of(shared_spec("gpt2"), three), "4 attention heads"));
  EXPECT_TRUE(starts(refusal_of(shared_spec("primer-ez", {{"convolution_shared", "true"}}), two),
                     "convolution_shared: true"));
  EXPECT_TRUE(starts(refusal_of(shared_spec("gpt2"), two), "a shard of the model is not"));
}

}  // namespace
}  // namespace isoloss
