// Searches small enough for hand and for trying every sequence.
#include "harness/scoring/beam_search.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <vector>

#include "model/spec/counter_random.h"

namespace isoloss {
namespace {

using Tokens = std::vector<std::int32_t>;
using NextLogits = std::function<std::vector<double>(const Tokens& tokens)>;

// Token 0 ends a text.
Hypothesis searched(const BeamSearch::Options& options, const NextLogits& next) {
  BeamSearch search(options,
                    [](std::span<const std::int32_t> tokens) { return tokens.back() == 0; });
  while (!search.living().empty()) {
    std::vector<double> logits;
    for (const Hypothesis& hypothesis : search.living()) {
      const std::vector<double> row = next(hypothesis.tokens);
      logits.insert(logits.end(), row.begin(), row.end());
    }
    search.advance(logits);
  }
  return search.best();
}

std::vector<double> logs(const std::vector<double>& probabilities) {
  std::vector<double> made;
  for (const double p : probabilities) made.push_back(std::log(p));
  return made;
}

// 1 is likelier than 2 (0.6), but is followed by nothing likely (0.5); 2 (0.4) ends for sure.
std::vector<double> garden_path(const Tokens& tokens) {
  if (tokens.empty()) return logs({1e-9, 0.6, 0.4});
  if (tokens[0] == 1) return logs({0.5, 0.25, 0.25});
  return logs({1 - 2e-9, 1e-9, 1e-9});
}

TEST(BeamSearch, OfOneBeamIsGreedy) {
  const Hypothesis best = searched({1, 0, 5}, garden_path);
  EXPECT_EQ(best.tokens, (Tokens{1, 0}));
  EXPECT_NEAR(best.log_probability, std::log(0.3), 1e-8);
}

TEST(BeamSearch, OfTwoBeamsFindsWhatGreedyMisses) {
  const Hypothesis best = searched({2, 0, 5}, garden_path);
  EXPECT_EQ(best.tokens, (Tokens{2, 0}));
  EXPECT_NEAR(best.log_probability, std::log(0.4), 1e-8);
}

TEST(BeamSearch, WithoutAnEndGivesTheLikeliestThatLives) {
  const auto never = [](const Tokens&) { return logs({1e-12, 0.7, 0.3}); };
  EXPECT_EQ(searched({1, 0, 3}, never).tokens, (Tokens{1, 1, 1}));
}

// Wu et al. 2016, eq. 14: lp(1) = 1, lp(7) = 2^alpha.
TEST(LengthPenalty, IsTheFormula) {
  EXPECT_DOUBLE_EQ(length_penalty(1, 0.6), 1);
  EXPECT_DOUBLE_EQ(length_penalty(7, 0.6), std::pow(2, 0.6));
  EXPECT_DOUBLE_EQ(length_penalty(40, 0), 1);
}

// One token of log-probability -1, or two of -1.05 together: (7/6)^0.6 = 1.0969, and 1.05 / 1.0969
// = 0.957.
TEST(BeamSearch, ThePenaltyPrefersTheLonger) {
  const auto next = [](const Tokens& tokens) {
    const double end = std::exp(-1.0), two = std::exp(-1.05);
    if (tokens.empty()) return logs({end, two, 1 - end - two});
    if (tokens[0] == 1) return logs({1 - 2e-12, 1e-12, 1e-12});
    return logs({1e-12, 0.5, 0.5});
  };
  EXPECT_EQ(searched({4, 0, 2}, next).tokens, (Tokens{0}));
  EXPECT_EQ(searched({4, 0.6, 2}, next).tokens, (Tokens{1, 0}));
}

// Logits by chance, a function of the tokens before.
std::vector<double> random_logits(std::uint64_t seed, const Tokens& tokens) {
  std::uint64_t place = 1;
  for (const std::int32_t token : tokens) place = place * 5 + static_cast<std::uint64_t>(token);
  std::vector<double> logits;
  for (std::uint64_t v = 0; v < 4; ++v) logits.push_back(2 * random_normal(seed, place, v));
  return logits;
}

// The best complete text of at most `left` more tokens, by trying all.
void try_all(std::uint64_t seed, double alpha, int left, const Hypothesis& from, Hypothesis& best,
             double& best_score) {
  const std::vector<double> logits = random_logits(seed, from.tokens);
  double sum = 0;
  for (const double logit : logits) sum += std::exp(logit);
  for (std::int32_t token = 0; token < 4; ++token) {
    Hypothesis next = from;
    next.tokens.push_back(token);
    next.log_probability += logits[static_cast<std::size_t>(token)] - std::log(sum);
    if (token != 0) {
      if (left > 1) try_all(seed, alpha, left - 1, next, best, best_score);
      continue;
    }
    const double score = next.log_probability /
                         std::pow((5.0 + static_cast<double>(next.tokens.size())) / 6.0, alpha);
    if (score > best_score) {
      best_score = score;
      best = next;
    }
  }
}

// With more beams than there are texts nothing is cut off: 27 that live and 108 continuations.
TEST(BeamSearch, WithBeamsEnoughFindsTheBestOfAllTexts) {
  for (const double alpha : {0.0, 0.6, 1.5})
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
      Hypothesis expected;
      double score = -INFINITY;
      try_all(seed, alpha, 4, {}, expected, score);
      const Hypothesis best = searched(
          {64, alpha, 4}, [&](const Tokens& tokens) { return random_logits(seed, tokens); });
      EXPECT_EQ(best.tokens, expected.tokens) << "seed " << seed << ", alpha " << alpha;
      EXPECT_NEAR(best.log_probability, expected.log_probability, 1e-12);
    }
}

}  // namespace
}  // namespace isoloss
