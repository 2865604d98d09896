// What plans say of a device's memory (model/cost/device_memory.h), against what model/device
// takes.
#include "model/cost/device_memory.h"

#include <gtest/gtest.h>

#include <string>

#include "model/device/device_model.h"
#include "model/spec/catalogue.h"
#include "model/spec/spec_fields.h"

namespace isoloss {
namespace {

double taken(const ModelSpec& spec, const DeviceModelOptions& options) {
  double bytes = 0;
  for (const PlannedBuffer& buffer : device_memory(spec, options))
    bytes += static_cast<double>(buffer.bytes);
  return bytes;
}

// Of the model's part; sums of kernels and the rounding of sizes are not planned.
void expect_planned(const ModelSpec& spec, std::int64_t sequences, bool bfloat16, bool recompute) {
  const DeviceMemoryBytes planned = device_training_memory(
      spec, {.sequences = sequences, .bfloat16 = bfloat16, .recompute = recompute});
  const double model = planned.weights + planned.gradients + planned.activations;
  const double bytes = taken(
      spec, {bfloat16 ? DeviceNumbers::BFloat16 : DeviceNumbers::Float32, sequences, recompute});
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

// More tokens than logits are held for at a time.
TEST(PlannedMemory, HoldsNoMoreLogitsThanAChunk) {
  ModelSpec spec = middling("gpt2");
  spec.layers = 2;
  expect_planned(spec, 64, true, false);
}

}  // namespace
}  // namespace isoloss
