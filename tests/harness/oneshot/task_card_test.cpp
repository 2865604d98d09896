#include "harness/oneshot/task_card.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <string>

#include "harness/oneshot/datasets/public_data.h"
#include "model/spec/error.h"
#include "tests/temporary_folder.h"

namespace isoloss {
namespace {

using testing::HasSubstr;

const std::string kCard =
    "data: mine\n"
    "split: test\n"
    "shots_from: train\n"
    "context: \"Q: {question}\"\n"
    "choices: options\n"
    "gold: label\n"
    "chance: choices\n"
    "metrics: {accuracy: right sum}\n";

// The message for the card with `from` replaced by `to`.
std::string fault(const std::string& from, const std::string& to) {
  std::string text = kCard;
  text.replace(text.find(from), from.size(), to);
  try {
    parse_card(text, "mine.yaml", "mine", "own");
  } catch (const InputError& error) {
    return error.what();
  }
  return "no error";
}

TEST(TaskCard, KeysHaveTheirDefaults) {
  const TaskCard card = parse_card(kCard, "mine.yaml", "mine", "own");
  EXPECT_EQ(card.delimiter, " ");
  EXPECT_EQ(card.between, "\n\n");
  EXPECT_FALSE(card.fixed_shots || card.refuse_long || card.last_of_group || card.writing);
  EXPECT_EQ(card.metrics.at(0).ranking, Ranking::Sum);
  EXPECT_EQ(card.digest.size(), 16U);
  EXPECT_NE(card.digest, parse_card(kCard + "\n", "mine.yaml", "mine", "own").digest);
}

TEST(TaskCard, MisspeltKeysRulesAndFiltersAreRefusedWithTheNearestName) {
  EXPECT_EQ(fault("gold:", "goal:"),
            "mine.yaml:6: goal: unknown key (no such name here); did you mean 'gold'?");
  EXPECT_EQ(
      fault("right sum", "right per_tokn"),
      "mine.yaml:8: metrics.accuracy: unknown ranking rule 'per_tokn' (no such name); did you "
      "mean 'per_token'?");
  EXPECT_THAT(fault("right sum", "rigth sum"), HasSubstr("unknown measure 'rigth'"));
  EXPECT_THAT(fault("right sum", "right"), HasSubstr("takes one rule"));
  EXPECT_EQ(
      fault("{question}", "{question|trimed}"),
      "mine.yaml:4: context: unknown filter 'trimed' (no such name); did you mean 'trimmed'?");
}

TEST(TaskCard, KeysThatAreMissingOrDoNotGoTogetherAreRefused) {
  EXPECT_THAT(fault("data: mine\n", ""), HasSubstr("data: missing"));
  EXPECT_THAT(fault("gold: label\n", ""), HasSubstr("gold is missing"));
  EXPECT_THAT(fault("choices: options\n", ""), HasSubstr("compares choices"));
  EXPECT_THAT(fault("choices: options\n", "choices: options\nanswer: \"{x}\"\n"),
              HasSubstr("don't go together"));
  EXPECT_THAT(fault("right sum", "right answer_context"), HasSubstr("give answer_context"));
  EXPECT_THAT(fault("right sum", "exact squad"), HasSubstr("give it"));
  EXPECT_THAT(fault("right sum", "all_answers sum"), HasSubstr("each_of"));
  EXPECT_THAT(fault("{accuracy: right sum}", "{}"), HasSubstr("no metric"));
  EXPECT_THAT(fault("right sum", "right sum, f1: phrase_f1"), HasSubstr("compares with golds"));
  EXPECT_THAT(fault("right sum", "macro_f1 sum"), HasSubstr("'accuracy' comes first"));
  EXPECT_THAT(fault("chance: choices\n", "chance: often\n"), HasSubstr("is not a number"));
  EXPECT_THAT(fault("chance: choices\n", "chance: never_named\n"),
              HasSubstr("mine.yaml:7: chance: 'never_named' is for the measure refers"));
}

TEST(TaskCard, AFolderOfCardsIsReadInOrderOfNames) {
  const test::TemporaryFolder own;
  const std::filesystem::path& folder = own.path();
  EXPECT_THROW(cards_in(folder), InputError);
  EXPECT_THROW(cards_in(folder / "none"), InputError);
  for (const char* name : {"b.yaml", "a.yaml"}) std::ofstream(folder / name) << kCard;
  const std::vector<TaskCard> cards = cards_in(folder);
  ASSERT_EQ(cards.size(), 2U);
  EXPECT_EQ(cards[0].task, "a");
  EXPECT_EQ(cards[0].profile, "own");
}

TEST(TaskCard, BothProfilesAreCompiledIn) {
  const auto names = [](const char* profile) {
    std::set<std::string> tasks;
    for (const TaskCard& card : built_in_cards(profile)) tasks.insert(card.task);
    return tasks;
  };
  std::set<std::string> expected;
  for (const PublicDataSet& set : public_data_sets()) expected.insert(set.name);
  EXPECT_EQ(expected.size(), 29U);
  EXPECT_EQ(names("gpt3"), expected);
  // What lm-evaluation-harness lacks: QuAC, and of RACE it asks high alone.
  expected.erase("quac");
  expected.erase("race_middle");
  EXPECT_EQ(names("lmeval"), expected);
  EXPECT_THROW(built_in_cards("gtp3"), InputError);
}

}  // namespace
}  // namespace isoloss
