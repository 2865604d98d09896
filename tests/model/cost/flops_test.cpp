// One small shape counted by hand: d 4, two heads of 2, hidden 8, one layer, T 3, V 5.
#include "model/cost/flops.h"

#include <gtest/gtest.h>

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

// Keys and values of one head of 2 in place of two: Q 2*4*4, K and V 2*2*4*2 each.
TEST(Flops, ChinchillaCountsGroupedHeadsByTheirWidth) {
  ModelSpec spec = small("transformer");
  spec.kv_heads = 1;
  EXPECT_DOUBLE_EQ(flops_per_token(spec).chinchilla,
                   3.0 * (40 + (32 + 16 + 16) + 24 + 18 + 24 + 32 + 128 + 40));
}

// A token of the small primer-ez: projections 4*4*4 multiply-adds, convolutions 3*4*3, logits and
// values 2*3*4, feed-forward 2*8*4, head 5*4; times 6.
TEST(Flops, PartsByHand) {
  const std::vector<std::pair<std::string, double>> expected = {{"projection", 6.0 * 64},
                                                                {"convolution", 6.0 * 36},
                                                                {"attention", 6.0 * 24},
                                                                {"feed_forward", 6.0 * 64},
                                                                {"head", 6.0 * 20}};
  EXPECT_EQ(by_part(small("primer-ez")), expected);
}

TEST(Flops, PartsSumToTheExactCount) {
  for (const CatalogueEntry& architecture : architectures())
    for (const CatalogueEntry& size : sizes()) {
      const ModelSpec spec = with_size(named_architecture(architecture.name), size.name);
      double sum = 0;
      for (const auto& [part, flops] : by_part(spec)) sum += flops;
      EXPECT_NEAR(sum / flops_per_token(spec).exact, 1, 1e-14) << architecture.name << size.name;
    }
}

TEST(Flops, NamesCoverEveryConvention) {
  const FlopsPerToken flops = flops_per_token(small("transformer"));
  const auto named = by_convention(flops);
  ASSERT_EQ(named.size(), 5u);
  EXPECT_EQ(named[0], (std::pair<std::string, double>("exact", flops.exact)));
  EXPECT_EQ(named[4].first, "chinchilla");
}

}  // namespace
}  // namespace isoloss
