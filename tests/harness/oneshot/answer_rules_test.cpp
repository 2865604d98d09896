#include "harness/oneshot/answer_rules.h"

#include <gtest/gtest.h>

#include "tests/harness/oneshot/datasets/public_samples.h"

namespace isoloss {
namespace {

using Golds = std::vector<std::string>;

TEST(AnswerRules, SquadNormalisationIsThePublishedOne) {
  EXPECT_EQ(squad_normalized("The  Old-Man, and a SEA!"), "oldman and sea");
  EXPECT_EQ(squad_normalized("theory of an apple (a)"), "theory of apple");
  EXPECT_EQ(squad_normalized("U.S.A."), "usa");
  EXPECT_EQ(squad_normalized("the – a"), "–");
  EXPECT_EQ(squad_normalized("’the½ an½ a"), "’the½ an½");
}

// precision 2/3, recall 2/2.
TEST(AnswerRules, SquadF1IsTheOverlapOfBags) {
  EXPECT_DOUBLE_EQ(squad_f1("in the old well", "old well"), 0.8);
  EXPECT_DOUBLE_EQ(squad_f1("well well", "well"), 2.0 / 3);
  EXPECT_DOUBLE_EQ(squad_f1("the", "a"), 1);
  EXPECT_DOUBLE_EQ(squad_f1("", "well"), 0);
}

TEST(AnswerRules, SquadTakesTheBestGoldAndTheEmptyTextWhereThereIsNone) {
  const Golds golds = {"Low German", "German"};
  EXPECT_EQ(answer_score(AnswerRule::Squad, "german.", golds), (AnswerScore{1, 1}));
  EXPECT_EQ(answer_score(AnswerRule::Squad, "", {}), (AnswerScore{1, 1}));
  EXPECT_EQ(answer_score(AnswerRule::Squad, "unanswerable", {}), (AnswerScore{0, 0}));
  EXPECT_EQ(answer_score(AnswerRule::SquadAbstain, " Unanswerable", {}), (AnswerScore{1, 1}));
  EXPECT_EQ(answer_score(AnswerRule::SquadAbstain, "unanswerable", golds), (AnswerScore{0, 0}));
}

// Left out in turn: [b, c] -> F1 2/3 (with c), [a, c] -> 1 (with a), [a, b] -> 1; mean 8/9.
// exact: 0, 1, 1; mean 2/3.
TEST(AnswerRules, CoqaLeavesEachGoldOutInTurn) {
  const Golds golds = {"a well", "in town", "an old well"};
  const AnswerScore score = answer_score(AnswerRule::Coqa, " well\nQ: next", golds);
  EXPECT_DOUBLE_EQ(score.f1, (2.0 / 3 + 1 + 1) / 3);
  EXPECT_DOUBLE_EQ(score.exact, 2.0 / 3);
  EXPECT_EQ(answer_score(AnswerRule::Coqa, "well", Golds{"A well"}), (AnswerScore{1, 1}));
}

// All four: 1, 1, 1, 1 of leave-one-out. Distinct: {"well", "pit"}: 0 (pit), 1 (well).
TEST(AnswerRules, CoqaDistinctTakesGoldsThatDifferInCaseOnce) {
  const Golds golds = {"well", "Well", "pit"};
  EXPECT_DOUBLE_EQ(answer_score(AnswerRule::Coqa, "well", golds).f1, 1);
  EXPECT_DOUBLE_EQ(answer_score(AnswerRule::CoqaDistinct, "well", golds).f1, 0.5);
}

// By hand from the publisher's scorer.py: handle_cannot, then leave_one_out_max.
TEST(AnswerRules, QuacKeepsCannotAnswerByMajorityAlone) {
  EXPECT_DOUBLE_EQ(
      answer_score(AnswerRule::Quac, "CANNOTANSWER", Golds{"CANNOTANSWER", "in May"}).f1, 1);
  EXPECT_DOUBLE_EQ(
      answer_score(AnswerRule::Quac, "in May", Golds{"CANNOTANSWER", "in May", "May"}).f1,
      (2.0 / 3 + 1) / 2);
}

// Whichever of the first item's golds is left out, its answer is still there; one of the second's
// four annotators could not answer. Each item as the published file says it.
TEST(AnswerRules, QuacCountsGoldsThatAreEqual) {
  const auto items = published("quac");
  const auto f1 = [&](std::size_t item, const std::string& written) {
    return answer_score(AnswerRule::Quac, written, items[item]["answers"].get<Golds>()).f1;
  };
  EXPECT_DOUBLE_EQ(f1(0, "sang in a choir"), 1);
  EXPECT_DOUBLE_EQ(f1(1, "She left it"), 1);
  EXPECT_DOUBLE_EQ(f1(1, "CANNOTANSWER"), 0);
}

// By hand from exact_match of lm-evaluation-harness (ignore_case, ignore_punctuation, regex of
// nq_open).
TEST(AnswerRules, PlainRulesCompareTheWholeText) {
  EXPECT_EQ(answer_score(AnswerRule::Plain, " ST. Paul ", Golds{"St Paul"}).exact, 1);
  EXPECT_EQ(answer_score(AnswerRule::Plain, "the owl", Golds{"owl"}).exact, 0);
  EXPECT_EQ(
      answer_score(AnswerRule::PlainArticles, "The end of a tale", Golds{"end of tale"}).exact, 1);
  EXPECT_EQ(answer_score(AnswerRule::PlainArticles, "breathe air", Golds{"breair"}).exact, 0);
}

}  // namespace
}  // namespace isoloss
