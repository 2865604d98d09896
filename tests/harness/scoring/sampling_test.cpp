#include "harness/scoring/sampling.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include "tests/model/layers/small_models.h"

namespace isoloss {
namespace {

std::vector<double> frequencies(const std::vector<double>& logits, const SamplingOptions& options) {
  constexpr std::int64_t kDraws = 40'000;
  std::vector<double> counts(logits.size(), 0);
  for (std::int64_t place = 0; place < kDraws; ++place)
    counts[static_cast<std::size_t>(sampled_token(logits, options, place))] += 1.0 / kDraws;
  return counts;
}

// Five standard deviations of a proportion of 40,000 draws are at most 0.0125.
constexpr double kTolerance = 0.0125;

TEST(SampledToken, HasTheProbabilitiesOfTheSoftmax) {
  const std::vector<double> seen =
      frequencies({std::log(0.1), std::log(0.6), std::log(0.3)}, {1, 0, 3});
  EXPECT_NEAR(seen[0], 0.1, kTolerance);
  EXPECT_NEAR(seen[1], 0.6, kTolerance);
  EXPECT_NEAR(seen[2], 0.3, kTolerance);
}

// Square roots of 0.1, 0.6 and 0.3 are as 0.3162, 0.7746 and 0.5477, of sum 1.6385.
TEST(SampledToken, ATemperatureFlattens) {
  const std::vector<double> seen =
      frequencies({std::log(0.1), std::log(0.6), std::log(0.3)}, {2, 0, 3});
  EXPECT_NEAR(seen[0], 0.19298, kTolerance);
  EXPECT_NEAR(seen[1], 0.47274, kTolerance);
}

TEST(SampledToken, OfTheTopKAloneAndTheLikeliestAtNoTemperature) {
  const std::vector<double> logits = {std::log(0.1), std::log(0.6), std::log(0.3)};
  const std::vector<double> two = frequencies(logits, {1, 2, 3});
  EXPECT_EQ(two[0], 0);
  EXPECT_NEAR(two[1], 2.0 / 3, kTolerance);
  EXPECT_NEAR(frequencies(logits, {0, 0, 3})[1], 1, 1e-9);
  EXPECT_NEAR(frequencies(logits, {1, 1, 3})[1], 1, 1e-9);
}

TEST(SampledTokens, AreAFunctionOfPromptAndSeed) {
  const LanguageModel model(formula_spec("primer"), 3);
  const std::vector<std::int32_t> first = sampled_tokens(model, {0, 4, 5}, 20, {1, 0, 8});
  EXPECT_EQ(first.size(), 20u);
  EXPECT_EQ(sampled_tokens(model, {0, 4, 5}, 20, {1, 0, 8}), first);
  EXPECT_NE(sampled_tokens(model, {0, 4, 5}, 20, {1, 0, 9}), first);
}

// As nanoGPT's generate: past the sequence the model reads its last tokens, here behind the first
// id. Each token is drawn again from a state of its own over what it should have read.
TEST(SampledTokens, PastTheSequenceTheWindowSlides) {
  for (const char* name : {"primer", "gpt2", "llama"}) {
    const LanguageModel model(formula_spec(name), 3);
    const std::int64_t sequence = model.spec().sequence;
    const SamplingOptions options{1, 0, 8};
    const std::vector<std::int32_t> prompt = {0, 4, 5};
    const std::int64_t fits = sequence - std::ssize(prompt);
    const auto within = sampled_tokens(model, prompt, fits, options, 1);
    const auto beyond = sampled_tokens(model, prompt, fits + 9, options, 1);
    ASSERT_EQ(std::ssize(beyond), fits + 9);
    EXPECT_TRUE(std::ranges::equal(within, std::span(beyond).first(within.size()))) << name;
    std::vector<std::int32_t> all = prompt;
    for (std::size_t i = 0; i < beyond.size(); all.push_back(beyond[i++])) {
      std::vector<std::int32_t> seen = all;
      if (std::ssize(seen) > sequence) {
        seen = {0};
        seen.insert(seen.end(), all.end() - (sequence - 1), all.end());
      }
      DecodingState state = model.nothing_read(1);
      const TokenPlace last{0, std::ssize(seen) - 1};
      const auto logits = model.read(state, {seen}, std::span(&last, 1));
      EXPECT_EQ(beyond[i], sampled_token(logits, options, static_cast<std::int64_t>(i))) << name;
    }
  }
}

}  // namespace
}  // namespace isoloss
