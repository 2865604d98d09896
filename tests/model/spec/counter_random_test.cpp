#include "model/spec/counter_random.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace isoloss {
namespace {

// Random123, kat_vectors, lines "philox4x32 10".
TEST(CounterRandom, PhiloxGivesTheKnownAnswers) {
  using Block = std::array<std::uint32_t, 4>;
  EXPECT_EQ(philox({0, 0, 0, 0}, {0, 0}), (Block{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(philox({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff}),
            (Block{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (Block{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

// Test vectors of the FNV authors, 64-bit FNV-1a.
TEST(CounterRandom, StreamsAreFnv1a) {
  EXPECT_EQ(stream_of(""), 0xcbf29ce484222325u);
  EXPECT_EQ(stream_of("a"), 0xaf63dc4c8601ec8cu);
  EXPECT_EQ(stream_of("foobar"), 0x85944171f73967e8u);
}

TEST(CounterRandom, EveryPartOfTheKeyChangesTheDraw) {
  const auto draw = random_bits(1, 2, 3, 4);
  EXPECT_EQ(draw, random_bits(1, 2, 3, 4));
  EXPECT_NE(draw, random_bits(2, 2, 3, 4));
  EXPECT_NE(draw, random_bits(1, 3, 3, 4));
  EXPECT_NE(draw, random_bits(1, 2, 4, 4));
  EXPECT_NE(draw, random_bits(1, 2, 3, 5));
}

// Mean 1/2 and variance 1/12; four standard errors at 40,000 draws.
TEST(CounterRandom, UniformHasItsMoments) {
  double sum = 0, squares = 0;
  constexpr int kDraws = 40000;
  for (std::uint64_t i = 0; i < kDraws; ++i) {
    const double u = random_uniform(5, 6, i);
    ASSERT_GE(u, 0);
    ASSERT_LT(u, 1);
    sum += u;
    squares += u * u;
  }
  const double mean = sum / kDraws;
  EXPECT_NEAR(mean, 0.5, 4 * std::sqrt(1.0 / 12 / kDraws));
  EXPECT_NEAR(squares / kDraws - mean * mean, 1.0 / 12, 4 * std::sqrt(1.0 / 180 / kDraws));
}

// Mean 0, variance 1, fourth moment 3; four standard errors (of x^4: sqrt(105 - 9)).
TEST(CounterRandom, NormalHasItsMoments) {
  double sum = 0, squares = 0, fourths = 0;
  constexpr int kDraws = 40000;
  for (std::uint64_t i = 0; i < kDraws; ++i) {
    const double x = random_normal(7, 8, i);
    sum += x;
    squares += x * x;
    fourths += x * x * x * x;
  }
  EXPECT_NEAR(sum / kDraws, 0, 4 / std::sqrt(kDraws));
  EXPECT_NEAR(squares / kDraws, 1, 4 * std::sqrt(2.0 / kDraws));
  EXPECT_NEAR(fourths / kDraws, 3, 4 * std::sqrt(96.0 / kDraws));
}

TEST(CounterRandom, BelowStaysBelowAndReachesEveryValue) {
  std::vector<int> seen(7);
  for (std::uint64_t i = 0; i < 1000; ++i) {
    const std::uint64_t value = random_below(1, 2, i, 7);
    ASSERT_LT(value, 7u);
    ++seen[value];
  }
  for (const int count : seen) EXPECT_NEAR(count, 1000.0 / 7, 4 * std::sqrt(1000.0 / 7));
}

class Permutation : public testing::TestWithParam<std::uint64_t> {};

TEST_P(Permutation, IsABijection) {
  std::vector<bool> hit(GetParam());
  for (std::uint64_t i = 0; i < GetParam(); ++i) {
    const std::uint64_t to = random_permutation(3, 9, i, GetParam());
    ASSERT_LT(to, GetParam());
    ASSERT_FALSE(hit[to]) << i;
    hit[to] = true;
  }
}

INSTANTIATE_TEST_SUITE_P(Sizes, Permutation, testing::Values(1, 2, 3, 5, 16, 17, 100, 4097, 30011));

// Of 1000 places a random permutation keeps one on average; 10 would be far out (Poisson).
TEST(CounterRandom, PermutationMovesAlmostEverything) {
  int fixed = 0;
  for (std::uint64_t i = 0; i < 1000; ++i) fixed += random_permutation(3, 9, i, 1000) == i;
  EXPECT_LT(fixed, 10);
}

TEST(CounterRandom, PermutationsOfTwoEpochsDiffer) {
  int same = 0;
  for (std::uint64_t i = 0; i < 1000; ++i)
    same += random_permutation(3, 9, i, 1000) == random_permutation(3, 10, i, 1000);
  EXPECT_LT(same, 10);
}

}  // namespace
}  // namespace isoloss
