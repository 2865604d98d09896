// A user's task cards in a study: tried before training, scored at budgets while it trains.
#include "harness/study_cards.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "harness/tokenizer.h"
#include "harness/trainer.h"
#include "model/spec/error.h"
#include "tests/harness/periodic_training.h"
#include "tests/harness/tiny_study.h"

namespace isoloss {
namespace {

using testing::HasSubstr;
using tiny_study::Place;

constexpr const char* kCard =
    "data: d\nsplit: test\nshots_from: train\ncontext: \"{q}\"\nchoices: words\n"
    "gold: label\nchance: choices\nmetrics: {accuracy: right sum}\n";

void write_file(const std::filesystem::path& path, const std::string& text) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path) << text;
}

std::string item(int id) {
  return fmt::format(R"({{"id": "{0}", "group": "{0}", "q": "A", "words": ["B", "C"], "label": 0}})"
                     "\n",
                     id);
}

// A folder with one card, two items of it and one to show.
EvaluationSpec cards_at(const std::filesystem::path& folder) {
  write_file(folder / "letters.yaml", kCard);
  write_file(folder / "d.test.jsonl", item(1) + item(2));
  write_file(folder / "d.train.jsonl", item(3));
  EvaluationSpec evaluation;
  evaluation.card_folders = {folder.string()};
  return evaluation;
}

std::string problem_of(const EvaluationSpec& evaluation) {
  try {
    study_cards(evaluation);
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

TEST(StudyCards, WhatIsWrongWithACardOrAnItemIsSaidBeforeTraining) {
  const Place place;
  EvaluationSpec evaluation = cards_at(place.root / "a");
  EXPECT_EQ(problem_of(evaluation), "");
  write_file(place.root / "a/d.test.jsonl", item(1) + R"({"id": "2", "group": "2"})" + "\n");
  EXPECT_THAT(problem_of(evaluation), HasSubstr("letters.yaml: task letters"));
  EXPECT_THAT(problem_of(evaluation), HasSubstr("item '2'"));
  write_file(place.root / "a/d.test.jsonl", item(1) + "no object\n");
  EXPECT_THAT(problem_of(evaluation), HasSubstr("d.test.jsonl:2:"));
  write_file(place.root / "a/letters.yaml", std::string(kCard) + "chioces: words\n");
  EXPECT_THAT(problem_of(evaluation), HasSubstr("letters.yaml:9: chioces"));
  cards_at(place.root / "a");
  cards_at(place.root / "b");
  evaluation.card_folders.push_back((place.root / "b").string());
  EXPECT_THAT(problem_of(evaluation), HasSubstr("b/letters.yaml: a second task of that name"));
}

// Bytes, as many ids as the model has.
class PeriodicBytes final : public Dataset {
 public:
  explicit PeriodicBytes(std::int64_t sequence) : periodic_(sequence) {}
  std::int64_t vocabulary() const override { return 256; }
  std::string tokenizer_name() const override { return "bytes"; }
  std::string tokenizer_hash() const override { return ""; }
  std::int64_t training_tokens() const override { return periodic_.training_tokens(); }
  const HeldOut& held_out() const override { return periodic_.held_out(); }
  std::vector<std::int32_t> samples(std::uint64_t seed, std::int64_t first, std::int64_t count,
                                    std::int64_t sequence) const override {
    return periodic_.samples(seed, first, count, sequence);
  }
  const std::string& held_out_text() const override { return periodic_.held_out_text(); }
  std::vector<std::int32_t> encode(const std::string& text) const override {
    return tokenizer_->encode(text);
  }
  const Tokenizer* tokenizer() const override { return tokenizer_.get(); }

 private:
  PeriodicData periodic_;
  std::unique_ptr<Tokenizer> tokenizer_ = byte_tokenizer();
};

RunSpec byte_run() {
  RunSpec spec = tiny_spec();
  spec.model.vocabulary = 256;
  return spec;
}

// What was told, in order: "s4 tokens:256" for scores, "e4" for an evaluation.
struct Order {
  std::vector<std::string> told;

  TrainingListener listener() {
    return [this](const TrainingEvent& event) {
      if (const auto* scores = std::get_if<TaskScores>(&event))
        told.push_back(
            fmt::format("s{} {}", scores->step, scores->trial.substr(scores->trial.find('-') + 1)));
      if (const auto* evaluation = std::get_if<Evaluation>(&event))
        told.push_back(fmt::format("e{}", evaluation->step));
      if (std::holds_alternative<CardLeftOut>(event)) told.push_back("left out");
      if (const auto* due = std::get_if<CheckpointDue>(&event)) due->save_in("anywhere");
    };
  }
};

// A shared run passes three budgets: each trial has its scores, and before the evaluation is told,
// so that whoever stores it never has one without them.
TEST(StudyCards, EveryBudgetOfARunIsScoredWhileItsWeightsAreThere) {
  const Place place;
  const RunSpec spec = byte_run();
  const TaskSuite cards = study_cards(cards_at(place.root / "a"));
  const PeriodicBytes data(spec.model.sequence);
  TrainingState state(spec);
  TrainingSegment segment{
      8, {{4, 256, BudgetUnit::Tokens}, {4, 1e6, BudgetUnit::Flops}, {8, 512, BudgetUnit::Tokens}}};
  segment.cards = &cards;
  segment.card_stops = {{7, 512, BudgetUnit::Tokens}};
  Order order;
  EXPECT_EQ(train(state, spec, data, segment, order.listener(), kNeverStop),
            TrainingOutcome::Reached);
  EXPECT_EQ(order.told, (std::vector<std::string>{"s4 256tokens", "s4 1e6", "e4", "e4",
                                                  "s7 512tokens", "s8 512tokens", "e8"}));
}

TEST(StudyCards, ScoringLeavesTheTrainingAsItWas) {
  const Place place;
  const RunSpec spec = byte_run();
  const TaskSuite cards = study_cards(cards_at(place.root / "a"));
  const PeriodicBytes data(spec.model.sequence);
  TrainingState with(spec), without(spec);
  TrainingSegment segment{8, {{4, 256, BudgetUnit::Tokens}, {8, 512, BudgetUnit::Tokens}}};
  Order order;
  train(without, spec, data, segment, order.listener(), kNeverStop);
  segment.cards = &cards;
  train(with, spec, data, segment, order.listener(), kNeverStop);
  EXPECT_EQ(stored(with), stored(without));
}

// An answer of 23 bytes does not fit a model that reads 16; the other card is scored.
TEST(StudyCards, ACardThatDoesNotFitTheModelIsLeftOutAndTheOthersGoOn) {
  const Place place;
  const RunSpec spec = byte_run();
  const EvaluationSpec evaluation = cards_at(place.root / "a");
  write_file(place.root / "a/long.yaml",
             std::string(kCard) + "choice: \"{choice} and so on, and so on\"\n");
  const TaskSuite cards = study_cards(evaluation);
  const PeriodicBytes data(spec.model.sequence);
  TrainingState state(spec);
  const CardScores scored =
      score_cards(cards, state.model(), data, state.ranks().data(), kNeverStop);
  ASSERT_EQ(scored.scores.size(), 1U);
  EXPECT_EQ(scored.scores[0].task, "letters");
  EXPECT_EQ(scored.scores[0].tokenizer, "bytes");
  ASSERT_EQ(scored.left_out.size(), 1U);
  EXPECT_THAT(scored.left_out[0], HasSubstr("the model reads 16"));
}

TEST(StudyCards, AStopLeavesTheEvaluationToWhoGoesOn) {
  const Place place;
  const RunSpec spec = byte_run();
  const TaskSuite cards = study_cards(cards_at(place.root / "a"));
  const PeriodicBytes data(spec.model.sequence);
  TrainingState state(spec);
  TrainingSegment segment{4, {{4, 256, BudgetUnit::Tokens}}};
  segment.cards = &cards;
  Order order;
  int asked = 0;  // before each of four steps, and of two passes over held-out text
  EXPECT_EQ(train(state, spec, data, segment, order.listener(), [&] { return ++asked > 6; }),
            TrainingOutcome::Stopped);
  EXPECT_TRUE(order.told.empty());
}

}  // namespace
}  // namespace isoloss
