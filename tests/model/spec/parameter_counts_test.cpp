// Parameter counts of the named architectures, from papers, released models and by hand.
#include <gtest/gtest.h>

#include <tuple>

#include "model/spec/catalogue.h"
#include "model/spec/parameters.h"

namespace isoloss {
namespace {

// Counted from the released configuration at a vocabulary of 32,128 with tied embedding; they agree
// with the rounded sizes that So et al. 2021 print, 35 M (36 M for both Primers), 110 M and 537 M.
class Counts : public testing::TestWithParam<std::tuple<const char*, const char*, std::int64_t>> {};

TEST_P(Counts, AgreeWithThePaper) {
  const auto [architecture, size, thousands] = GetParam();
  const ModelSpec spec = with_size(named_architecture(architecture), size);
  EXPECT_EQ((count_parameters(spec).total + 500) / 1000, thousands);
}

INSTANTIATE_TEST_SUITE_P(Paper, Counts,
                         testing::Values(std::tuple("transformer", "t5-small", 35353),
                                         std::tuple("transformer-gelu", "t5-small", 35353),
                                         std::tuple("transformer++", "t5-small", 35338),
                                         std::tuple("primer", "t5-small", 35371),
                                         std::tuple("primer-ez", "t5-small", 35380),
                                         std::tuple("transformer", "t5-medium", 109694),
                                         std::tuple("transformer-gelu", "t5-medium", 109694),
                                         std::tuple("transformer++", "t5-medium", 109687),
                                         std::tuple("primer", "t5-medium", 109749),
                                         std::tuple("primer-ez", "t5-medium", 109777),
                                         std::tuple("transformer", "t5-large", 536538),
                                         std::tuple("transformer-gelu", "t5-large", 536538),
                                         std::tuple("transformer++", "t5-large", 536602),
                                         std::tuple("primer", "t5-large", 536685),
                                         std::tuple("primer-ez", "t5-large", 536759)));

// 24 layers of 4 x 2048 x 3072 and 2 x 2048 x 12,288 and 32,128 x 2048 tokens; So et al. 2021 print
// 1.9 B in section 4.4. With 16 heads it would be 1.676 B.
TEST(Counts, TheOneShotComparisonHasNineteenHundredMillion) {
  const std::int64_t total =
      count_parameters(with_size(named_architecture("transformer-gelu"), "gpt3-xl")).total;
  const std::int64_t matrices =
      24 * (4 * 2048 * 3072 + 2 * 2048 * 12288LL) + 32128 * 2048LL;  // 1,877,737,472
  const std::int64_t vectors = 24 * (4 * 2048 + 12288 + 2048) + 2 * 2048 + 24 * 32;
  EXPECT_EQ(total, matrices + vectors);
  EXPECT_EQ((total + 500'000) / 1'000'000, 1878);
}

// The discovered program at d_model 384, 8 heads of 48, hidden 4608, by hand. A layer: K and V
// 2 x 384 x 384 = 294,912; Q from K 8 x 48 x 48 = 18,432; six taps of 384 = 2304; output
// 147,456; feed-forward 2 x 384 x 4608 = 3,538,944 and 4608 biases; two norms of 768. Outside:
// embedding 12,337,152, relative bias 8 x 32, last norm 768. The search kept models within 32 M
// and 38 M (So et al. 2021, appendix A.2).
TEST(Counts, TheDiscoveredProgramByHand) {
  const ModelSpec spec = with_size(named_architecture("primer-discovered"), "t5-small");
  constexpr std::int64_t kLayer = 294912 + 18432 + 2304 + 147456 + 3538944 + 4608 + 2 * 768;
  EXPECT_EQ(count_parameters(spec).total, 6 * kLayer + 12337152 + 256 + 768);
}

// The paper's table 4 prints 34 M for the Primer of its search library, where Q comes from K within
// each head: at 512 wide that is 6 x (2 x 512 x 512 + 8 x 64 x 64 + 6 x 512 + 512 x 512 + 2 x 512
// x 2048 + 2048 + 512 + 4 x 512) + 32,128 x 512 + 256 + 1024.
TEST(Counts, SharingWithinHeadsGivesThePapersThirtyFourMillion) {
  ModelSpec spec = with_size(named_architecture("primer"), "t5-small");
  spec.shared_qk = SharedQk::PerHead;
  EXPECT_EQ(count_parameters(spec).total, 33'995'008);
}

// Where the paper gives no size for it, the discovered program is as large as the transformer.
TEST(Counts, TheDiscoveredProgramIsComparableAtEverySize) {
  for (const CatalogueEntry& size : sizes()) {
    const auto count = [&](const char* architecture) {
      return static_cast<double>(
          count_parameters(with_size(named_architecture(architecture), size.name)).total);
    };
    EXPECT_NEAR(count("primer-discovered") / count("transformer"), 1, 0.05) << size.name;
  }
}

// The released model has 124,439,808 parameters.
TEST(Counts, Gpt2Small) {
  ModelSpec spec = named_architecture("gpt2");
  spec.layers = 12;
  spec.d_model = 768;
  spec.vocabulary = 50257;
  spec.sequence = 1024;
  const ParameterCounts counts = count_parameters(spec);
  EXPECT_EQ(counts.total, 124'439'808);
  EXPECT_EQ(counts.embedding, (50257 + 1024) * 768);
  EXPECT_EQ(counts.non_embedding, 85'056'000);
}

// Llama 7B (Touvron et al. 2023): d 4096, 32 layers and heads, hidden 11,008, 32,000 tokens: the
// released model has 6,738,415,616 parameters.
TEST(Counts, LlamaSevenBillion) {
  ModelSpec spec = named_architecture("llama");
  spec.layers = 32;
  spec.d_model = 4096;
  spec.d_head = 128;
  spec.d_ff_gated = 11008;
  spec.vocabulary = 32000;
  EXPECT_EQ(count_parameters(spec).total, 6'738'415'616);
}

// Two layers of d 8, four heads of 2 on one of keys and values, hidden 12: Q 64, K and V 2 x 16,
// output 64, three matrices of 96, two norms of 8; embedding and output 2 x 5 x 8, last norm 8.
TEST(Counts, ALlamaWithGroupedHeadsByHand) {
  ModelSpec spec = named_architecture("llama");
  spec.layers = 2;
  spec.d_model = 8;
  spec.d_head = 2;
  spec.kv_heads = 1;
  spec.d_ff_gated = 12;
  spec.vocabulary = 5;
  EXPECT_EQ(count_parameters(spec).total, 2 * (64 + 32 + 64 + 288 + 16) + 80 + 8);
}

// By hand: embedding 5*4, bias 2*32, two norms of 8, attention 4*16, feed-forward 32+8+32+4,
// norm 8.
TEST(Counts, ASmallModelByHand) {
  ModelSpec spec = named_architecture("transformer");
  spec.layers = 1;
  spec.d_model = 4;
  spec.d_head = 2;
  spec.d_ff = 8;
  spec.vocabulary = 5;
  const ParameterCounts counts = count_parameters(spec);
  EXPECT_EQ(counts.total, 20 + 64 + 16 + 64 + 76 + 8);
  EXPECT_EQ(counts.embedding, 20);
  EXPECT_EQ(counts.non_embedding, 228);
  EXPECT_EQ(counts.activated, counts.total);
}

}  // namespace
}  // namespace isoloss
