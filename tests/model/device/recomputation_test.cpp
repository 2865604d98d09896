// Activations that are computed once more in the backward pass: another plan of memory, the same
// bits.
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "model/device/device_model.h"
#include "tests/model/device/tiny_models.h"

namespace isoloss {
namespace {

// With a layer that is neither the first nor the last.
ModelSpec three_layers(const std::string& architecture) {
  ModelSpec spec = tiny_spec(architecture);
  spec.layers = 3;
  return spec;
}

// The least that has two heads, a convolution's whole filter and its beginning: what is kept of a
// layer does not depend on widths.
ModelSpec three_small_layers(const std::string& architecture) {
  ModelSpec spec = three_layers(architecture);
  spec.sequence = 4;
  spec.d_ff = 16;
  spec.d_ff_gated = 16;
  spec.vocabulary = 11;
  return spec;
}

struct PassResult {
  double loss = 0;
  std::vector<float> gradients, losses;
  bool operator==(const PassResult&) const = default;
};

// Of two micro-batches, the second of which finds what the first left in memory.
PassResult pass(const ModelSpec& spec, DeviceNumbers numbers, bool recompute) {
  DeviceModel model(spec, 0, {numbers, 1, recompute});
  model.set_weights(tiny_weights(model.table()));
  const std::vector<std::int32_t> tokens = tiny_tokens(spec, 2, 0);
  PassResult result;
  result.loss = model.loss_and_gradients(tokens, 0.01);
  result.gradients = model.gradients();
  result.losses = model.token_losses(tiny_tokens(spec, 1, 1));
  return result;
}

void expect_same_bits(const ModelSpec& spec, const std::string& name) {
  for (const DeviceNumbers numbers : {DeviceNumbers::Float32, DeviceNumbers::BFloat16})
    EXPECT_TRUE(pass(spec, numbers, true) == pass(spec, numbers, false)) << name;
}

TEST(Recomputation, EveryArchitectureHasTheSameBits) {
  for (const CatalogueEntry& entry : architectures())
    expect_same_bits(three_small_layers(entry.name), entry.name);
}

// Of one head: what is in a frame is not asked here.
ModelSpec framed_layers() {
  ModelSpec spec = three_small_layers("transformer");
  spec.d_model = 8;
  spec.token_shift = true;
  return spec;
}

// What a layer keeps depends on where its norms stand and on what multiplies its branches.
TEST(Recomputation, EveryFrameHasTheSameBits) {
  for (const NormPlacement placement :
       {NormPlacement::Pre, NormPlacement::Post, NormPlacement::Primer, NormPlacement::Both})
    for (const bool rezero : {false, true}) {
      ModelSpec spec = framed_layers();
      spec.norm_placement = placement;
      spec.rezero = rezero;
      expect_same_bits(spec, std::to_string(static_cast<int>(placement)) + (rezero ? "r" : ""));
    }
  ModelSpec spec = framed_layers();  // without norms their place means nothing
  spec.rezero = true;
  spec.norm = Norm::None;
  expect_same_bits(spec, "rezero, no norm");
}

std::int64_t bytes_of(const std::string& name, bool recompute) {
  std::int64_t sum = 0;
  for (const PlannedBuffer& buffer :
       device_memory(three_layers("transformer"), {DeviceNumbers::BFloat16, 2, recompute}))
    if (buffer.name == name) sum += buffer.bytes;
  return sum;
}

// By hand: 22 tokens have 22 x 32 hidden values of two bytes a layer, and a stream of 22 x 16
// values of four, 1408 bytes either way, rounded up to 1536. The stream is kept below the layers,
// between them and above them, and within each layer between attention and feed-forward.
TEST(Recomputation, KeepsTheInputsOfLayersAndTheRestOfOneLayer) {
  EXPECT_EQ(bytes_of("hidden", false), 3 * 1536);
  EXPECT_EQ(bytes_of("hidden", true), 1536);
  EXPECT_EQ(bytes_of("stream", false), 4 * 1536 + 3 * 1536);
  EXPECT_EQ(bytes_of("stream", true), 4 * 1536 + 1536);
}

}  // namespace
}  // namespace isoloss
