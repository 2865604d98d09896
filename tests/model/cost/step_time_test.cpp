// Seconds of a step by hand, at round rates: d 4, two heads of 2, hidden 8, one layer, T 16, V 6.
#include "model/cost/step_time.h"

#include <gtest/gtest.h>

#include "model/cost/flops.h"
#include "model/spec/catalogue.h"

namespace isoloss {
namespace {

ModelSpec small(const char* architecture) {
  ModelSpec spec = named_architecture(architecture);
  spec.layers = 1;
  spec.d_model = 4;
  spec.d_head = 2;
  spec.d_ff = 8;
  spec.sequence = 16;
  spec.vocabulary = 6;
  return spec;
}

// 1000 FLOP/s, 100 bytes/s, half a second a message.
const StepRates kRates{1000, 100, 0.5};

// FLOPs of a token: Q, K, V, output 4 x 16, attention 2 x 16 x 4, feed-forward 2 x 32, head 24
// multiply-adds = 280, times 6 = 1680; 32 tokens.
TEST(StepSeconds, OfOneRankAreItsProducts) {
  const StepSeconds seconds = step_seconds(small("transformer"), {32}, kRates);
  EXPECT_DOUBLE_EQ(seconds.products, 1680 * 32 / 1000.0);
  EXPECT_EQ(seconds.total(), seconds.products);
}

// Two tensor ranks, 32 rows: 6 sums of 32 x 4 values and 3 of 32 values; of n values of 4 bytes a
// rank passes on 2 (1/2) 4 n bytes: 6 (0.5 + 512/100) + 3 (0.5 + 128/100), and 4 messages beside.
TEST(StepSeconds, OfTensorRanksHaveTheSumsOfActivations) {
  const StepSeconds seconds = step_seconds(small("transformer"), {32, 1, 2, 1}, kRates);
  EXPECT_DOUBLE_EQ(seconds.products, 1680 * 16 / 1000.0);
  EXPECT_DOUBLE_EQ(seconds.tensor_exchange, 6 * 5.62 + 3 * 1.78 + 2);
  EXPECT_EQ(seconds.data_exchange, 0);
}

// In two parts of 16 rows: 2 (6 (0.5 + 2.56) + 3 (0.5 + 0.64)) and 4 messages.
TEST(StepSeconds, MicroBatchesSendShorterMessagesMoreOften) {
  const StepSeconds seconds = step_seconds(small("transformer"), {32, 2, 2, 1}, kRates);
  EXPECT_DOUBLE_EQ(seconds.tensor_exchange, 2 * (6 * 3.06 + 3 * 1.14) + 2);
}

// Primer's queries read all keys: two sums of 32 x 4 values a layer more.
TEST(StepSeconds, SharedQueriesGatherKeys) {
  const double own = step_seconds(small("primer-ez"), {32, 1, 2, 1}, kRates).tensor_exchange;
  const double shared = step_seconds(small("primer"), {32, 1, 2, 1}, kRates).tensor_exchange;
  EXPECT_DOUBLE_EQ(shared - own, 2 * 5.62);
}

// Two data ranks: 352 values with padding (memory_test.cpp), 4 x 352 bytes summed and half of them
// handed out: 0.5 + 14.08, 2 x 0.5 + 7.04, and 4 messages.
TEST(StepSeconds, OfDataRanksHaveTheSumOfGradients) {
  const StepSeconds seconds = step_seconds(small("transformer"), {32, 1, 1, 2}, kRates);
  EXPECT_DOUBLE_EQ(seconds.products, 1680 * 16 / 1000.0);
  EXPECT_DOUBLE_EQ(seconds.data_exchange, 0.5 + 14.08 + 1 + 7.04 + 2);
}

TEST(StepSeconds, WithoutExchangeRatesRanksCostNothing) {
  EXPECT_DOUBLE_EQ(step_seconds(small("transformer"), {32, 1, 2, 2}, {1000}).total(),
                   1680 * 8 / 1000.0);
}

}  // namespace
}  // namespace isoloss
