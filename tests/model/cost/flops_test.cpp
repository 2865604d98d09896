// One small shape counted by hand: d 4, two heads of 2, hidden 8, one layer, T 3, V 5.
#include "model/cost/flops.h"

#include <gtest/gtest.h>

#include "model/cost/memory.h"
#include "model/cost/work_list.h"
#include "model/spec/catalogue.h"

namespace isoloss {
namespace {

ModelSpec small(const char* architecture) {
  ModelSpec spec = named_architecture(architecture);
  spec.layers = 1;
  spec.d_model = 4;
  spec.d_head = 2;
  spec.d_ff = 8;
  spec.d_ff_gated = 6;
  spec.sequence = 3;
  spec.vocabulary = 5;
  return spec;
}

double multiply_adds(const ModelSpec& spec, const std::string& part) {
  double sum = 0;
  for (const Product& product : work_list(spec))
    if (part.empty() || product.part == part) sum += product.multiply_adds();
  return sum;
}

TEST(WorkList, TransformerByHand) {
  const ModelSpec spec = small("transformer");
  EXPECT_EQ(multiply_adds(spec, "attention.projection"), 3 * 3 * 4 * 4);
  EXPECT_EQ(multiply_adds(spec, "attention.logits"), 2 * 3 * 3 * 2);
  EXPECT_EQ(multiply_adds(spec, "attention.values"), 2 * 3 * 3 * 2);
  EXPECT_EQ(multiply_adds(spec, "attention.output"), 3 * 4 * 4);
  EXPECT_EQ(multiply_adds(spec, "feed_forward"), 2 * 3 * 8 * 4);
  EXPECT_EQ(multiply_adds(spec, "head"), 3 * 5 * 4);
  EXPECT_EQ(multiply_adds(spec, ""), 516);
}

// Three matrices of 6 x 4.
TEST(WorkList, AGateIsOneProductMore) {
  EXPECT_EQ(multiply_adds(small("transformer++"), "feed_forward"), 3 * 3 * 6 * 4);
}

// Three steps, four channels, three taps, on each of Q, K and V.
TEST(WorkList, ConvolutionsCountTheirTaps) {
  EXPECT_EQ(multiply_adds(small("primer-ez"), "convolution"), 3 * 3 * 4 * 3);
}

// K and V are projected and convolved; Q is a product of K's.
TEST(WorkList, SharedQueriesAndKeysKeepThreeProductsAndTwoConvolutions) {
  EXPECT_EQ(multiply_adds(small("primer"), "attention.projection"), 3 * 3 * 4 * 4);
  EXPECT_EQ(multiply_adds(small("primer"), "convolution"), 2 * 3 * 4 * 3);
}

// 516 multiply-adds a sequence of 3, times 2, times 3; N = 248, of which the embedding 20.
TEST(Flops, ConventionsByHand) {
  const FlopsPerToken flops = flops_per_token(small("transformer"));
  EXPECT_DOUBLE_EQ(flops.exact, 6.0 * 516 / 3);
  EXPECT_DOUBLE_EQ(flops.six_n, 6.0 * 248);
  EXPECT_DOUBLE_EQ(flops.six_n_non_embedding, 6.0 * 228);
  EXPECT_DOUBLE_EQ(flops.six_n_plus_attention, 6.0 * 248 + 6 * 3 * 4);
}

// Hoffmann et al. 2022, appendix F, per token: embeddings 2*5*4; Q K V 2*3*4*4; logits 2*3*4;
// softmax 3*2*3; values 2*3*4; output 2*4*4; dense 2*(4*8 + 8*4); logits 2*4*5; backward twice
// that.
TEST(Flops, ChinchillaByHand) {
  EXPECT_DOUBLE_EQ(flops_per_token(small("transformer")).chinchilla,
                   3.0 * (40 + 96 + 24 + 18 + 24 + 32 + 128 + 40));
}

TEST(Flops, NamesCoverEveryConvention) {
  const FlopsPerToken flops = flops_per_token(small("transformer"));
  const auto named = by_convention(flops);
  ASSERT_EQ(named.size(), 5u);
  EXPECT_EQ(named[0], (std::pair<std::string, double>("exact", flops.exact)));
  EXPECT_EQ(named[4].first, "chinchilla");
}

// The buffer of the small transformer: 248 values and padding to multiples of 16 between tensors
// (embedding 20, then 64, four norms' vectors of 4, Q K V 48, output 16, 32, 8, 32, 4, two of 4):
// 32 + 64 + 16 + 16 + 48 + 16 + 16 + 16 + 32 + 16 + 32 + 16 + 16 + 16 = 352, at four bytes.
TEST(Memory, WeightsAndStatesFollowTheBuffer) {
  const MemoryBytes memory = training_memory(small("transformer"), 0, 2);
  EXPECT_EQ(memory.weights, 4 * 352);
  EXPECT_EQ(memory.gradients, 4 * 352);
  EXPECT_EQ(memory.optimizer, 2 * 4 * 352);
  EXPECT_EQ(memory.activations, 0);
  EXPECT_EQ(memory.total(), 4 * 4 * 352);
}

TEST(Memory, ActivationsGrowWithTheTokensInFlight) {
  const ModelSpec spec = small("transformer");
  EXPECT_DOUBLE_EQ(training_memory(spec, 200, 1).activations,
                   2 * training_memory(spec, 100, 1).activations);
  EXPECT_GT(training_memory(spec, 100, 1).activations, 0);
}

}  // namespace
}  // namespace isoloss
