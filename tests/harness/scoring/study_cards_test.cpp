// A user's task cards in a study: tried before training, scored at budgets while it trains.
#include "harness/scoring/study_cards.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <variant>
#include <vector>

#include "harness/training/trainer.h"
#include "model/spec/error.h"
#include "tests/harness/scoring/card_fixture.h"
#include "tests/harness/scoring/public_tasks.h"
#include "tests/harness/tiny_study.h"

namespace isoloss {
namespace {

using testing::HasSubstr;
using tiny_study::Place;

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
  EXPECT_THAT(problem_of(evaluation), HasSubstr("item 2: field 'words' is not in the item"));
  write_file(place.root / "a/d.test.jsonl", item(1) + "no object\n");
  EXPECT_THAT(problem_of(evaluation), HasSubstr("d.test.jsonl:2:"));
  write_file(place.root / "a/letters.yaml", std::string(kCard) + "chioces: words\n");
  EXPECT_THAT(problem_of(evaluation), HasSubstr("letters.yaml:9: chioces"));
  cards_at(place.root / "a");
  cards_at(place.root / "b");
  evaluation.card_folders.push_back((place.root / "b").string());
  EXPECT_THAT(problem_of(evaluation), HasSubstr("b/letters.yaml: a second task of that name"));
}

std::vector<std::string> tasks_of(const TaskSuite& suite) {
  std::vector<std::string> names;
  for (const SuiteTask& task : suite.tasks)
    names.push_back(task.card.profile + "." + task.card.task);
  return names;
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
  HostTrainingState state(spec);
  TrainingSegment segment{
      8, {{4, 256, BudgetUnit::Tokens}, {4, 1e6, BudgetUnit::Flops}, {8, 512, BudgetUnit::Tokens}}};
  segment.cards = &cards;
  segment.score_stops = {{7, 512, BudgetUnit::Tokens}};
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
  HostTrainingState with(spec), without(spec);
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
  HostTrainingState state(spec);
  const CardScores scored =
      score_cards(cards, state.model(), data, state.ranks().data(), kNeverStop);
  ASSERT_EQ(scored.scores.size(), 1U);
  EXPECT_EQ(scored.scores[0].task, "letters");
  EXPECT_EQ(scored.scores[0].tokenizer, "bytes");
  ASSERT_EQ(scored.left_out.size(), 1U);
  EXPECT_THAT(scored.left_out[0], HasSubstr("the model reads 16"));
}

// The same is found before training, in the model's tokens and as many as it reads; an answer that
// may take 16 tokens leaves none to read.
TEST(StudyCards, WhatDoesNotFitTheModelIsLeftOutWithoutAskingOne) {
  const Place place;
  const EvaluationSpec evaluation = cards_at(place.root / "a");
  write_file(place.root / "a/long.yaml",
             std::string(kCard) + "choice: \"{choice} and so on, and so on\"\n");
  write_file(place.root / "a/written.yaml",
             "data: d\nsplit: test\nshots_from: train\ncontext: \"{q}\"\nanswer: \"B\"\n"
             "write: {most_tokens: 16, stop: [\"\\n\"]}\nchance: 0\n"
             "metrics: {exact_match: exact squad}\n");
  TaskSuite cards = study_cards(evaluation);
  EXPECT_EQ(tasks_of(cards), (std::vector<std::string>{"own.letters", "own.long", "own.written"}));
  keep_fitting(cards, *byte_tokenizer(), 16);
  EXPECT_EQ(tasks_of(cards), std::vector<std::string>{"own.letters"});
  ASSERT_EQ(cards.left_out.size(), 2U);
  EXPECT_THAT(cards.left_out[0], HasSubstr("long.yaml: task long, item 1: an answer is 23 tokens"));
  EXPECT_THAT(cards.left_out[1], HasSubstr("written.yaml: task written, item 1: "));
}

TEST(StudyCards, AStopLeavesTheEvaluationToWhoGoesOn) {
  const Place place;
  const RunSpec spec = byte_run();
  const TaskSuite cards = study_cards(cards_at(place.root / "a"));
  const PeriodicBytes data(spec.model.sequence);
  HostTrainingState state(spec);
  TrainingSegment segment{4, {{4, 256, BudgetUnit::Tokens}}};
  segment.cards = &cards;
  Order order;
  int asked = 0;  // before each of four steps, and of two passes over held-out text
  EXPECT_EQ(train(state, spec, data, segment, order.listener(), [&] { return ++asked > 6; }),
            TrainingOutcome::Stopped);
  EXPECT_TRUE(order.told.empty());
}

TEST(StudyCards, PublicTasksAreAskedBesideOwnCardsAndWhatIsMissingIsNamed) {
  const Place place;
  EvaluationSpec evaluation = cards_at(place.root / "a");
  evaluation.task_data = (place.root / "tasks.bin").string();
  write_samples(evaluation.task_data, {"copa", "piqa"}, {"record"});
  const TaskSuite gpt3 = study_cards(evaluation);
  EXPECT_EQ(tasks_of(gpt3), (std::vector<std::string>{"gpt3.copa", "gpt3.piqa", "own.letters"}));
  EXPECT_EQ(gpt3.left_out.size(), 27U);  // of GPT-3's 29
  EXPECT_THAT(gpt3.left_out, testing::Contains(HasSubstr("record: data set 'record' is not")));
  evaluation.profile = "lmeval";
  evaluation.limit = 1;
  const TaskSuite lmeval = study_cards(evaluation);
  EXPECT_EQ(tasks_of(lmeval),
            (std::vector<std::string>{"lmeval.copa", "lmeval.piqa", "own.letters"}));
  EXPECT_EQ(lmeval.tasks[0].data.items.size(), 1U);
  EXPECT_EQ(lmeval.tasks[2].data.items.size(), 2U);
}

TEST(StudyCards, AFileWithoutAnyPublicTaskIsRefused) {
  const Place place;
  EvaluationSpec evaluation;
  evaluation.task_data = (place.root / "tasks.bin").string();
  write_samples(evaluation.task_data, {}, {"piqa"});
  EXPECT_THAT(problem_of(evaluation),
              HasSubstr("tasks.bin: no task is left to score (the first: "));
}

// XXH3-64 of the word `bytes` is that of the data; the file was made for a SentencePiece model.
TEST(StudyCards, TaskDataOfAnotherTokenizerAreRefused) {
  const Place place;
  const PeriodicBytes data(16);
  EvaluationSpec evaluation;
  evaluation.task_data = (place.root / "tasks.bin").string();
  write_samples(evaluation.task_data, {"piqa"}, {});
  EXPECT_NO_THROW(check_tokenizer(evaluation, data));
  write_samples(evaluation.task_data, {"piqa"}, {}, "a model");
  try {
    check_tokenizer(evaluation, data);
    FAIL() << "taken";
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr("tasks.bin was made for another tokenizer (model, "));
  }
}

}  // namespace
}  // namespace isoloss
