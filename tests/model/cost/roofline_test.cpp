#include "model/cost/roofline.h"

#include <gtest/gtest.h>

#include "model/spec/catalogue.h"

namespace isoloss {
namespace {

// 100 bytes per second, 1000 FLOPs per second on matrix units, 10 without.
const DataSheet kSlow = {"slow", 1000, 10, 0, 100, 0, ""};

TEST(Roofline, IsTheLargerOfTheTimesOfBytesAndOfArithmetic) {
  const KernelWork copy = {"copy", 3, 200, 0, 0};
  EXPECT_DOUBLE_EQ(roofline(copy, kSlow).seconds(), 6);
  EXPECT_TRUE(roofline(copy, kSlow).by_memory());
  const KernelWork product = {"product", 2, 200, 5000, 10};
  EXPECT_DOUBLE_EQ(roofline(product, kSlow).arithmetic, 2 * (5 + 1));
  EXPECT_DOUBLE_EQ(roofline(product, kSlow).seconds(), 12);
  EXPECT_FALSE(roofline(product, kSlow).by_memory());
}

// GPT-2 124M at 1024 tokens: N = 124,439,808 (Hugging Face's count), 6N = 746.6 MFLOP, causal
// attention 6 x 12 x 1024 x 768 = 56.6 MFLOP, full 113.2. llm.c's published 468,000 tokens/s of an
// H100 are so 38.0 and 40.7 % of 989.4 TFLOP/s.
TEST(Utilisation, OfLlmCsSpeedByBothConventions) {
  ModelSpec spec = named_architecture("gpt2");
  spec.layers = 12;
  spec.d_model = 768;
  spec.d_head = 64;
  spec.d_ff = 3072;
  spec.sequence = 1024;
  spec.vocabulary = 50257;
  const Utilisation share = utilisation(spec, 468e3, 989.4e12);
  EXPECT_NEAR(share.causal, 0.380, 0.0005);
  EXPECT_NEAR(share.full, 0.407, 0.0005);
}

}  // namespace
}  // namespace isoloss
