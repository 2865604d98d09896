// Answers do not depend on how many ranks divide the requests: the same bits at 1, 2 and 4 as on
// this rank alone. Runs on every rank of an MPI job (isoloss_mpi_test).
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "harness/gather_bytes.h"
#include "harness/model_scorer.h"
#include "harness/self_communicator.h"
#include "harness/shared_scorer.h"
#include "harness/stop_signal.h"
#include "model/spec/catalogue.h"
#include "model/spec/counter_random.h"
#include "model/spec/error.h"
#include "tests/harness/mpi_job.h"

namespace isoloss {
namespace {

LanguageModel byte_model() {
  ModelSpec spec = named_architecture("primer");
  spec.layers = 2;
  spec.d_model = 16;
  spec.d_head = 8;
  spec.sequence = 48;
  spec.vocabulary = 256;
  return LanguageModel(spec, 5);
}

std::vector<std::int32_t> random_tokens(std::uint64_t key, std::size_t count) {
  std::vector<std::int32_t> tokens(count);
  for (std::size_t i = 0; i < count; ++i)
    tokens[i] = static_cast<std::int32_t>(random_below(1, key, i, 256));
  return tokens;
}

// More than a rank asks at once, of unlike length; two of each context.
std::vector<ScoreRequest> requests() {
  std::vector<ScoreRequest> all;
  for (std::uint64_t i = 0; i < 700; ++i)
    all.push_back({random_tokens(i / 2, 3 + i / 2 * 7 % 40), random_tokens(1000 + i, 1 + i % 4)});
  return all;
}

const auto kGoOn = [] { return false; };

TEST(SharedScorer, ScoresAreTheSameBitsAsOnOneRank) {
  const LanguageModel model = byte_model();
  const auto tokenizer = byte_tokenizer();
  ModelScorer own(model, *tokenizer, {});
  SelfCommunicator alone;
  const auto asked = requests();
  const auto expected = SharedScorer(own, alone, kGoOn).score(asked);
  const auto scores = SharedScorer(own, *job, kGoOn).score(asked);
  ASSERT_EQ(scores.size(), asked.size());
  for (std::size_t i = 0; i < scores.size(); ++i) {
    EXPECT_EQ(scores[i].log_probability, expected[i].log_probability) << i;
    EXPECT_EQ(scores[i].greedy, expected[i].greedy) << i;
    EXPECT_EQ(scores[i].truncated_tokens, expected[i].truncated_tokens) << i;
  }
}

TEST(SharedScorer, WritesTheSameTexts) {
  const LanguageModel model = byte_model();
  const auto tokenizer = byte_tokenizer();
  ModelScorer own(model, *tokenizer, {});
  SelfCommunicator alone;
  std::vector<GenerationRequest> asked;
  for (std::uint64_t i = 0; i < 150; ++i)
    asked.push_back({random_tokens(i, 1 + i % 20), 4, {"\n"}, i % 2 == 0 ? 1 : 2, 0.6});
  const auto expected = SharedScorer(own, alone, kGoOn).generate(asked);
  const auto written = SharedScorer(own, *job, kGoOn).generate(asked);
  ASSERT_EQ(written.size(), asked.size());
  for (std::size_t i = 0; i < written.size(); ++i) {
    EXPECT_EQ(written[i].tokens, expected[i].tokens) << i;
    EXPECT_EQ(written[i].text, expected[i].text) << i;
    EXPECT_EQ(written[i].log_probability, expected[i].log_probability) << i;
  }
}

// Request 300 has nothing to score: with two ranks the second asks it.
TEST(SharedScorer, WhatOneRankRefusesIsThrownOnAll) {
  const LanguageModel model = byte_model();
  const auto tokenizer = byte_tokenizer();
  ModelScorer own(model, *tokenizer, {});
  auto asked = requests();
  asked[300].continuation.clear();
  SharedScorer scorer(own, *job, kGoOn);
  EXPECT_THROW(scorer.score(asked), InputError);
  asked.erase(asked.begin() + 300);
  EXPECT_EQ(scorer.score(asked).size(), asked.size());
}

TEST(SharedScorer, AStopLeavesTheRest) {
  const LanguageModel model = byte_model();
  const auto tokenizer = byte_tokenizer();
  ModelScorer own(model, *tokenizer, {});
  SharedScorer scorer(own, *job, [] { return true; });
  EXPECT_THROW(scorer.score(requests()), Stopped);
}

TEST(GatherBytes, TextsOfUnlikeLengthComeByRank) {
  const std::string mine(static_cast<std::size_t>(job->rank() * 3), 'x');
  const auto all = gather_bytes(*job, mine);
  ASSERT_EQ(all.size(), static_cast<std::size_t>(job->size()));
  for (std::size_t rank = 0; rank < all.size(); ++rank)
    EXPECT_EQ(all[rank], std::string(3 * rank, 'x'));
}

}  // namespace
}  // namespace isoloss
