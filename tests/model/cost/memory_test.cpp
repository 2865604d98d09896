// Bytes of one small shape by hand: d 4, two heads of 2, hidden 8, one layer, T 16, V 6.
#include "model/cost/memory.h"

#include <gtest/gtest.h>

#include "model/spec/catalogue.h"
#include "model/spec/error.h"

namespace isoloss {
namespace {

ModelSpec small(const char* architecture) {
  ModelSpec spec = named_architecture(architecture);
  spec.layers = 1;
  spec.d_model = 4;
  spec.d_head = 2;
  spec.d_ff = 8;
  spec.d_ff_gated = 6;
  spec.sequence = 16;
  spec.vocabulary = 6;
  return spec;
}

// 252 values, and padding to multiples of 16 between tensors (embedding 24, then 64, four norms'
// vectors of 4, Q K V 48, output 16, 32, 8, 32, 4, two of 4):
// 32 + 64 + 16 + 16 + 48 + 16 + 16 + 16 + 32 + 16 + 32 + 16 + 16 + 16 = 352, at four bytes. States
// have no padding.
TEST(Memory, WeightsAndStatesFollowTheTable) {
  const MemoryBytes memory = training_memory(small("transformer"), {});
  EXPECT_EQ(memory.weights, 4 * 352);
  EXPECT_EQ(memory.gradients, 4 * 352);
  EXPECT_EQ(memory.optimizer, 2 * 4 * 252);
  EXPECT_EQ(memory.activations, 0);
}

TEST(Memory, BFloat16AddsACopyOfTheWeights) {
  MemoryOptions options;
  options.bfloat16 = true;
  EXPECT_EQ(training_memory(small("transformer"), options).weights, (4 + 2) * 352);
}

// Of ten tensors the embedding [6, 4], Q, K, V and output [4, 4], in [8, 4] and out [4, 8] have
// both sides of four or more: 10 + 4 * 8 + 2 * 12 values in place of 24 + 4 * 16 + 2 * 32 = 152.
TEST(Memory, FactoredStatesAreRowsAndColumns) {
  MemoryOptions options;
  options.optimizer_states = 1;
  options.factored_from = 4;
  EXPECT_EQ(training_memory(small("transformer"), options).optimizer, 4 * (252 - 152 + 66));
}

// The values of the whole model that are on their way, twice, and the largest tensor whole: the
// relative bias of 2 heads and 32 buckets.
TEST(Memory, RanksThatShareARunExchange) {
  MemoryOptions options;
  EXPECT_EQ(training_memory(small("transformer"), options).exchange, 0);
  options.optimizer_ranks = 2;
  EXPECT_EQ(training_memory(small("transformer"), options).exchange, 4 * (2 * 352 + 64));
}

// The copy that is written while training goes on: weights and both moments.
TEST(Memory, ACheckpointIsACopyOfWeightsAndState) {
  MemoryOptions options;
  EXPECT_EQ(training_memory(small("transformer"), options).checkpoint, 0);
  options.checkpoints = true;
  EXPECT_EQ(training_memory(small("transformer"), options).checkpoint, 4 * 352 + 2 * 4 * 252);
}

TEST(Memory, RanksShareTheOptimizersState) {
  MemoryOptions options;
  options.optimizer_ranks = 4;
  EXPECT_EQ(training_memory(small("transformer"), options).optimizer, 2 * 252);
}

// Of a token, in values. Layer: norm's output 4, Q K V 12, heads' output 4, probabilities
// 2 ((16 + 32) / 2 + 1) = 50, stream 4, statistics 2; norm's output 4, hidden 8 and 8, stream 4,
// statistics 2: 102. Ends: embedded 4, statistics 2, norm's output 4, logits 6, gradient of the
// stream 4: 20, and two ids of 8 bytes. Working space: 4 + 4, 12 + 8: 28.
TEST(Memory, ActivationsByHand) {
  MemoryOptions options;
  options.batch_tokens = 10;
  EXPECT_EQ(training_memory(small("transformer"), options).activations,
            10 * (4 * (102 + 20 + 28) + 16));
}

// In bfloat16 what products read takes half: of the layer's 102 values 40, of the ends' 20 ten, the
// working space and 4 more for the rounded incoming gradient.
TEST(Memory, BFloat16HalvesWhatProductsRead) {
  MemoryOptions options;
  options.batch_tokens = 10;
  options.bfloat16 = true;
  EXPECT_EQ(training_memory(small("transformer"), options).activations,
            10 * (2 * (40 + 10 + 28 + 4) + 4 * (62 + 10) + 16));
}

// Two layers: twice 102 values, or the two inputs of 4 and one layer's 102.
TEST(Memory, RecomputationKeepsTheInputsOfLayers) {
  ModelSpec spec = small("transformer");
  spec.layers = 2;
  MemoryOptions options;
  options.batch_tokens = 10;
  const double kept = training_memory(spec, options).activations;
  options.recompute = true;
  EXPECT_EQ(kept - training_memory(spec, options).activations, 10 * 4 * (2 * 102 - 2 * 4 - 102));
}

TEST(Memory, MicroBatchesAreHeldOneAtATime) {
  MemoryOptions options;
  options.batch_tokens = 12;
  const double whole = training_memory(small("primer"), options).activations;
  options.micro_batches = 3;
  EXPECT_EQ(training_memory(small("primer"), options).activations, whole / 3);
}

// Two ranks: heads, hidden channels and vocabulary are halved, the stream's 4 are not. Layer: 4 + 6
// + 2 + 25 + 4 + 2, 4 + 4 + 4 + 4 + 2 = 61; ends 4 + 2 + 4 + 3 + 4 = 17; working space (4 + 2) + 2,
// 6 + 4 = 18.
TEST(Memory, TensorRanksShareWhatTheyCompute) {
  MemoryOptions options;
  options.batch_tokens = 10;
  options.tensor_ranks = 2;
  const MemoryBytes memory = training_memory(small("transformer"), options);
  EXPECT_EQ(memory.activations, 10 * (4 * (61 + 17 + 18) + 16));
  EXPECT_LT(memory.weights, training_memory(small("transformer"), {}).weights);
}

TEST(Memory, RanksThatDoNotDivideAreRefused) {
  MemoryOptions options;
  options.tensor_ranks = 5;
  EXPECT_THROW(training_memory(small("transformer"), options), InputError);
}

}  // namespace
}  // namespace isoloss
