// Answers do not depend on how many ranks divide the requests: the same bits at 1, 2 and 4 as on
// this rank alone. Runs on every rank of an MPI job (isoloss_mpi_test).
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <variant>
#include <vector>

#include "harness/ranks/gather_bytes.h"
#include "harness/ranks/self_communicator.h"
#include "harness/ranks/stop_signal.h"
#include "harness/scoring/model_scorer.h"
#include "harness/scoring/one_shot.h"
#include "harness/scoring/shared_scorer.h"
#include "harness/scoring/study_cards.h"
#include "harness/training/trainer.h"
#include "model/spec/catalogue.h"
#include "model/spec/counter_random.h"
#include "model/spec/error.h"
#include "tests/harness/mpi_job.h"
#include "tests/harness/scoring/card_fixture.h"
#include "tests/harness/text_only.h"
#include "tests/temporary_folder.h"

namespace isoloss {
namespace {

LanguageModel byte_model(std::int64_t sequence = 48) {
  ModelSpec spec = named_architecture("primer");
  spec.layers = 2;
  spec.d_model = 16;
  spec.d_head = 8;
  spec.sequence = sequence;
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

// Tasks that a study makes of its own data: passes of 32 rows, four rows an item but for last-word.
TEST(OwnTasks, ScoresAreTheSameBitsAsOnOneRankAndPassesAreDivided) {
  const LanguageModel model = byte_model(96);
  const TextOnly text(prose(400));
  const LanguageOnly language;
  SelfCommunicator alone;
  const auto size = static_cast<std::size_t>(job->size());
  for (const char* task : {"last-word", "mapping", "symbol-order"}) {
    const Dataset& data = task == std::string("symbol-order") ? language : text;
    const auto expected = score_one_shot(model, data, {task}, 7, alone, kGoOn);
    std::size_t asked = 0;
    const auto counting = [&] {
      ++asked;
      return false;
    };
    const auto scores = score_one_shot(model, data, {task}, 7, *job, counting);
    ASSERT_TRUE(expected && scores);
    ASSERT_EQ(expected->rows.size(), 1U) << task;
    EXPECT_EQ(scores->rows, expected->rows) << task;
    EXPECT_EQ(scores->scores, expected->scores) << task;
    const std::size_t round = 32 * size;
    const std::size_t rounds = (expected->rows[0].rows.size() + round - 1) / round;
    EXPECT_EQ(asked, rounds + (size > 1 ? 1 : 0)) << task;
  }
  EXPECT_FALSE(score_one_shot(model, text, {"last-word"}, 7, *job, [] { return true; }));
}

// A run that several ranks train is scored by all of them: data ranks divide the items, tensor
// ranks share the model. Weights differ by the rounding of sums alone.
void expect_every_layout_scores_as_one_rank_does(const RunSpec& spec, const Dataset& data,
                                                 const TaskSuite* cards, std::size_t tasks) {
  const auto scores_of = [&](TrainingState& state) {
    std::vector<TaskScores> scores;
    TrainingSegment segment{4, {{4, 256, BudgetUnit::Tokens}}};
    segment.cards = cards;
    segment.score_stops = {{3, 256, BudgetUnit::Tokens}};
    const auto listener = [&](const TrainingEvent& event) {
      if (const auto* told = std::get_if<TaskScores>(&event)) scores.push_back(*told);
    };
    train(state, spec, data, segment, listener, kGoOn);
    return scores;
  };
  HostTrainingState alone(spec);
  const auto expected = scores_of(alone);
  ASSERT_EQ(expected.size(), 2 * tasks);
  for (int tensor = 1; tensor <= job->size(); tensor *= 2) {
    HostTrainingState state(spec, RankGroups(*job, {tensor, job->size() / tensor}));
    const auto scores = scores_of(state);
    ASSERT_EQ(scores.size(), expected.size());
    for (std::size_t i = 0; i < scores.size(); ++i) {
      EXPECT_EQ(scores[i].trial, expected[i].trial);
      EXPECT_EQ(scores[i].task, expected[i].task);
      EXPECT_EQ(scores[i].data_digest, expected[i].data_digest);
      ASSERT_EQ(scores[i].rows.size(), expected[i].rows.size());
      for (std::size_t r = 0; r < scores[i].rows.size(); ++r)
        EXPECT_NEAR(scores[i].rows[r].log_probability, expected[i].rows[r].log_probability, 1e-6);
    }
  }
}

RunSpec shared_run() {
  RunSpec spec = byte_run();
  spec.model.heads = 4;
  spec.model.d_head = 4;
  spec.dtype = "float64";
  spec.optimizer.kind = OptimizerKind::AdamW;
  return spec;
}

TEST(StudyCards, EveryLayoutScoresAsOneRankDoes) {
  const test::TemporaryFolder folder;
  const TaskSuite cards = study_cards(cards_at(folder.path()));
  const RunSpec spec = shared_run();
  expect_every_layout_scores_as_one_rank_does(spec, PeriodicBytes(spec.model.sequence), &cards, 1);
}

TEST(OwnTasks, EveryLayoutScoresAsOneRankDoes) {
  RunSpec spec = shared_run();
  spec.model.sequence = 96;
  spec.optimizer.batch_tokens = 4 * spec.model.sequence;
  spec.evaluation.tasks = {"last-word", "mapping"};
  expect_every_layout_scores_as_one_rank_does(spec, PeriodicBytes(spec.model.sequence, prose(400)),
                                              nullptr, 2);
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
