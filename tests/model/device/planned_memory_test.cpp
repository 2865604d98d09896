// What plans say of a device's memory (model/cost/device_memory.h), against what model/device
// takes.
#include "model/cost/device_memory.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "model/device/device_model.h"
#include "model/device/device_training.h"
#include "model/kernels/cuda/memory_ledger.h"
#include "model/spec/catalogue.h"
#include "model/spec/parameters.h"
#include "model/spec/spec_fields.h"
#include "model/spec/tensor_shares.h"
#include "tests/model/device/tiny_models.h"
#include "tests/model/device/tiny_optimizers.h"

namespace isoloss {
namespace {

double taken(const ModelSpec& spec, const DeviceModelOptions& options) {
  double bytes = 0;
  for (const PlannedBuffer& buffer : device_memory(spec, options))
    bytes += static_cast<double>(buffer.bytes);
  return bytes;
}

// Of the model's part, on the last of the ranks that share it; sums of kernels and the rounding of
// sizes are not planned.
void expect_planned(const ModelSpec& spec, std::int64_t sequences, bool bfloat16, bool recompute,
                    int tensor_ranks = 1) {
  const DeviceMemoryBytes planned = device_training_memory(spec, {.sequences = sequences,
                                                                  .bfloat16 = bfloat16,
                                                                  .recompute = recompute,
                                                                  .tensor_ranks = tensor_ranks});
  const double model = planned.weights + planned.gradients + planned.activations;
  const double bytes = taken(spec, {bfloat16 ? DeviceNumbers::BFloat16 : DeviceNumbers::Float32,
                                    sequences,
                                    recompute,
                                    {{tensor_ranks - 1, tensor_ranks}}});
  EXPECT_NEAR(model / bytes, 1, .01)
      << spec.architecture << (bfloat16 ? " bfloat16" : "") << (recompute ? " recompute" : "");
}

ModelSpec middling(const std::string& architecture) {
  ModelSpec spec = with_size(named_architecture(architecture), "t5-small");
  spec.sequence = 500;  // no multiple of a block
  return spec;
}

TEST(PlannedMemory, IsWithinAHundredthForEveryEntry) {
  for (const CatalogueEntry& entry : architectures())
    for (const bool bfloat16 : {false, true})
      for (const bool recompute : {false, true})
        expect_planned(middling(entry.name), 16, bfloat16, recompute);
}

TEST(PlannedMemory, IsWithinAHundredthForSwitches) {
  const auto with = [](const std::string& architecture, const std::string& field,
                       const std::string& value) {
    ModelSpec spec = middling(architecture);
    set_field(spec, field, value);
    return spec;
  };
  for (const bool recompute : {false, true}) {
    expect_planned(with("transformer", "norm_placement", "post"), 16, true, recompute);
    expect_planned(with("transformer", "norm_placement", "both"), 16, true, recompute);
    expect_planned(with("transformer", "rezero", "true"), 16, true, recompute);
    expect_planned(with("transformer", "token_shift", "true"), 16, true, recompute);
    ModelSpec unnormed = with("transformer", "rezero", "true");
    set_field(unnormed, "norm", "none");
    expect_planned(unnormed, 16, false, recompute);
  }
}

// Queries that are made of all ranks' keys among them (primer).
TEST(PlannedMemory, IsWithinAHundredthForRanksThatShareAModel) {
  for (const CatalogueEntry& entry : architectures())
    for (const int ranks : {2, 4})
      for (const bool recompute : {false, true})
        expect_planned(middling(entry.name), 16, ranks == 2, recompute, ranks);
}

// By hand: whole tensors, cut where the elements before are nearest to equal parts, and two moments
// of four bytes each; more than half of all, since no tensor is cut.
TEST(PlannedMemory, TheOptimizersStateIsThatOfTheLargestShare) {
  const ModelSpec spec = middling("gpt2");
  const auto state = [&](int ranks) {
    return device_training_memory(spec, {.optimizer_ranks = ranks}).optimizer;
  };
  double largest = 0, all = 0;
  for (const ParameterTable& share : share_out(parameter_table(spec), 2)) {
    double elements = 0;
    for (const Parameter& p : share.parameters) elements += static_cast<double>(p.size());
    largest = std::max(largest, 8 * elements);
    all += 8 * elements;
  }
  EXPECT_EQ(state(1), all);
  EXPECT_EQ(state(2), largest);
  EXPECT_LT(state(2), 0.75 * all);
}

constexpr double kWorkspace = 32 << 20;  // of products, the same for any model

// What a training takes of the device when it begins and evaluates, without that; steps take no
// more (a graph may not).
double taken_by_training(const ModelSpec& spec, DeviceNumbers numbers,
                         const DeviceTrainingOptions& options, std::int64_t sequences) {
  const auto ledger = device_ledger();
  const std::size_t before = ledger->held();
  ledger->forget_most();
  {
    DeviceTraining training(DeviceModel(spec, 1, {numbers, sequences}), options);
    training.model().token_losses(
        std::vector<std::int32_t>(static_cast<std::size_t>(sequences * spec.sequence), 3));
  }
  return static_cast<double>(ledger->most() - before) - kWorkspace;
}

ModelSpec narrow(const std::string& architecture) {
  ModelSpec spec = tiny_spec(architecture);
  spec.d_model = 64;
  spec.d_head = 16;
  spec.d_ff = 256;
  spec.d_ff_gated = 176;
  spec.sequence = 128;
  spec.vocabulary = 301;
  return spec;
}

// Sums of kernels are a fiftieth of models that are so small.
TEST(PlannedMemory, IsWithinThreeHundredthsOfWhatATrainingTakes) {
  for (const char* architecture : {"gpt2", "primer", "llama"})
    for (const bool adafactor : {false, true})
      for (const bool bfloat16 : {false, true}) {
        const ModelSpec spec = narrow(architecture);
        DeviceTrainingOptions options{.optimizer = kTinyAdamW, .micro_batches = 2};
        if (adafactor) options.optimizer = kTinyAdafactor;
        const double bytes = taken_by_training(
            spec, bfloat16 ? DeviceNumbers::BFloat16 : DeviceNumbers::Float32, options, 4);
        const DeviceMemoryBytes planned =
            device_training_memory(spec, {.sequences = 4,
                                          .micro_batches = 2,
                                          .bfloat16 = bfloat16,
                                          .optimizer_states = adafactor ? 1.0 : 2.0,
                                          .factored_from = adafactor ? 16 : 0});
        EXPECT_NEAR((planned.total() - kWorkspace) / bytes, 1, .03)
            << architecture << (adafactor ? " adafactor" : "") << (bfloat16 ? " bfloat16" : "");
      }
}

// Four steps under way have theirs each, and the one that runs.
TEST(PlannedMemory, HoldsTheInputsOfEveryStepUnderWay) {
  ASSERT_EQ(DeviceTraining::kSteps, 4);
  for (const std::int64_t micro_batches : {1, 3})
    for (const std::int64_t sequences : {1, 4}) {
      const ModelSpec spec = narrow("gpt2");
      const DeviceTraining training(DeviceModel(spec, 1, {DeviceNumbers::BFloat16, sequences}),
                                    {.optimizer = kTinyAdamW, .micro_batches = micro_batches});
      const auto of_training = training.memory();
      const auto inputs = std::ranges::find(of_training, "inputs", &PlannedBuffer::name);
      ASSERT_NE(inputs, of_training.end());
      const DeviceMemoryBytes planned =
          device_training_memory(spec, {.sequences = sequences, .micro_batches = micro_batches});
      EXPECT_EQ(planned.inputs, static_cast<double>(inputs->bytes));
    }
}

// More tokens than logits are held for at a time.
TEST(PlannedMemory, HoldsNoMoreLogitsThanAChunk) {
  ModelSpec spec = middling("gpt2");
  spec.layers = 2;
  expect_planned(spec, 64, true, false);
}

}  // namespace
}  // namespace isoloss
