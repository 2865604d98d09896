#include "harness/oneshot/drop_answers.h"

#include <gtest/gtest.h>

namespace isoloss {
namespace {

using Spans = std::vector<std::string>;

TEST(DropAnswers, WordsAreSplitAtHyphensAndNumbersTakeOneForm) {
  EXPECT_EQ(drop_normalized("The 20-yard, field goal!"), "20.0 yard field goal");
  EXPECT_EQ(drop_normalized("1,200.0"), drop_normalized("12000"));  // commas and points go together
  EXPECT_EQ(drop_normalized("5.0"), drop_normalized("5"));
  EXPECT_NE(drop_normalized("5.5"), drop_normalized("55"));
}

TEST(DropAnswers, ANumberOfTheGoldMustBeInTheAnswer) {
  EXPECT_DOUBLE_EQ(drop_span_f1({"20", "yards"}, {"21", "yards"}), 0);
  EXPECT_DOUBLE_EQ(drop_span_f1({"20", "yards"}, {"20", "feet"}), 0.5);
  EXPECT_DOUBLE_EQ(drop_span_f1({"20", "yards"}, {"yards"}), 2.0 / 3);
}

// By hand: rows take 7 + 8 + 9 = 24 from columns 1, 0, 2; every other pairing gives less.
TEST(DropAnswers, PairingMaximisesTheSum) {
  EXPECT_EQ(best_pairing({{6, 7, 1}, {8, 8, 4}, {2, 3, 9}}), (std::vector<int>{1, 0, 2}));
  EXPECT_EQ(best_pairing({{1, 5}, {2, 9}, {8, 1}}), (std::vector<int>{-1, 1, 0}));
  EXPECT_EQ(best_pairing({{1, 5, 2}}), (std::vector<int>{1}));
}

// One of three spans found with F1 1, one with 2/3, one missed: (1 + 2/3) / 3 = 0.5556.
TEST(DropAnswers, SpansArePairedOneToOneAndTheMeanIsRounded) {
  const AnswerScore score =
      drop_spans_score(Spans{"old ship", "mill"}, Spans{"mill", "ship", "oak"});
  EXPECT_DOUBLE_EQ(score.f1, 0.56);
  EXPECT_EQ(score.exact, 0);
  EXPECT_EQ(drop_spans_score(Spans{"b", "the mill"}, Spans{"mill", "b"}), (AnswerScore{1, 1}));
}

TEST(DropAnswers, TheBestGoldCountsAndBlankOnesDoNot) {
  const Spans golds = {R"([" "])", R"(["31"])", R"(["31","40"])"};
  EXPECT_EQ(drop_score("31", golds), (AnswerScore{1, 1}));
  EXPECT_EQ(drop_score("40", golds), (AnswerScore{0, 0.5}));
  EXPECT_EQ(drop_score("", golds), (AnswerScore{0, 0}));
  EXPECT_EQ(drop_score("31 yards", Spans{"31 yards"}), (AnswerScore{1, 1}));
}

}  // namespace
}  // namespace isoloss
