#include "model/spec/initial_values.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "model/spec/catalogue.h"

namespace isoloss {
namespace {

Parameter tensor(Initializer initializer, double value, std::int64_t size) {
  Parameter parameter;
  parameter.name = "some.tensor";
  parameter.shape = {size};
  parameter.initializer = initializer;
  parameter.value = value;
  return parameter;
}

std::vector<double> values(const Parameter& parameter, std::uint64_t seed) {
  std::vector<double> all(static_cast<std::size_t>(parameter.size()));
  fill_initial(std::span<double>(all), parameter, seed);
  return all;
}

double mean_square(const std::vector<double>& x) {
  return std::inner_product(x.begin(), x.end(), x.begin(), 0.0) / static_cast<double>(x.size());
}

TEST(InitialValues, ConstantIsConstant) {
  EXPECT_THAT(values(tensor(Initializer::Constant, 0.5, 3), 1), (std::vector<double>{.5, .5, .5}));
}

// Four standard errors at 40,000 draws.
TEST(InitialValues, NormalHasTheStatedDeviation) {
  const auto x = values(tensor(Initializer::Normal, 0.2, 40000), 1);
  EXPECT_NEAR(std::accumulate(x.begin(), x.end(), 0.0) / 40000, 0, 4 * 0.2 / 200);
  EXPECT_NEAR(mean_square(x) / 0.04, 1, 4 * std::sqrt(2.0 / 40000));
}

// A standard normal cut at two deviations has variance 1 - 4 phi(2) / (2 Phi(2) - 1) = 0.773741
// (Johnson, Kotz & Balakrishnan 1994, 13.10); its root is TensorFlow's .8796.
TEST(InitialValues, TruncatedNormalIsCutAtTwoDeviations) {
  const auto x = values(tensor(Initializer::TruncatedNormal, 0.2, 40000), 1);
  const auto [low, high] = std::minmax_element(x.begin(), x.end());
  EXPECT_GE(*low, -0.4);
  EXPECT_LE(*high, 0.4);
  EXPECT_GT(*high, 0.39);
  EXPECT_NEAR(mean_square(x) / 0.04, 0.773741, 4 * std::sqrt(1.0 / 40000));
}

TEST(InitialValues, AShardHoldsWhatTheWholeHoldsThere) {
  for (const Initializer initializer : {Initializer::Normal, Initializer::TruncatedNormal}) {
    const Parameter parameter = tensor(initializer, 1, 100);
    const auto whole = values(parameter, 1);
    std::vector<double> shard(30);
    fill_initial(std::span<double>(shard), parameter, 1, 50);
    EXPECT_TRUE(std::equal(shard.begin(), shard.end(), whole.begin() + 50));
  }
}

// Threads draw large tensors: the same numbers, bit by bit, as in pieces too small for a second
// one.
TEST(InitialValues, ManyAtOnceAreThoseOfPieces) {
  constexpr std::int64_t kSize = 300'001, kPiece = 50'000;  // no thread's share is even
  const Parameter parameter = tensor(Initializer::TruncatedNormal, 0.2, kSize);
  const auto together = values(parameter, 1);
  std::vector<double> pieces(kSize);
  for (std::int64_t first = 0; first < kSize; first += kPiece)
    fill_initial(
        std::span(pieces).subspan(static_cast<std::size_t>(first),
                                  static_cast<std::size_t>(std::min(kPiece, kSize - first))),
        parameter, 1, first);
  EXPECT_EQ(together, pieces);
}

TEST(InitialValues, FloatIsTheRoundedDouble) {
  const Parameter parameter = tensor(Initializer::Normal, 1, 50);
  const auto exact = values(parameter, 1);
  std::vector<float> rounded(50);
  fill_initial(std::span<float>(rounded), parameter, 1);
  for (std::size_t i = 0; i < 50; ++i) EXPECT_EQ(rounded[i], static_cast<float>(exact[i]));
}

TEST(InitialValues, SeedAndNameChangeEveryValue) {
  Parameter parameter = tensor(Initializer::Normal, 1, 50);
  const auto first = values(parameter, 1);
  const auto other_seed = values(parameter, 2);
  parameter.name = "other.tensor";
  const auto other_name = values(parameter, 1);
  for (std::size_t i = 0; i < 50; ++i) {
    EXPECT_NE(first[i], other_seed[i]);
    EXPECT_NE(first[i], other_name[i]);
  }
}

}  // namespace
}  // namespace isoloss
