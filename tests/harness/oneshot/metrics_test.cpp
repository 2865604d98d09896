#include "harness/oneshot/metrics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

namespace isoloss {
namespace {

ChoiceRow row(std::int64_t item, std::int64_t choice, bool gold, double log_probability) {
  ChoiceRow made;
  made.item = item;
  made.choice = choice;
  made.gold = gold;
  made.log_probability = log_probability;
  made.tokens = 1;
  made.bytes = 1;
  made.code_points = 1;
  return made;
}

TaskItem item(const std::string& id, const std::string& cluster) {
  TaskItem made;
  made.id = id;
  made.cluster = cluster;
  return made;
}

CardMetric metric(Measure measure) { return {"m", measure, Ranking::Sum, AnswerRule::Squad}; }

// One item, two choices: sums -6 and -8, 2 and 4 tokens, 6 and 10 bytes, 5 and 10 characters; after
// the answer context -7 and -7.5.
TEST(Ranking, EachRuleDividesByItsOwnCount) {
  ChoiceRow a = row(0, 0, true, -6);
  a.tokens = 2, a.bytes = 6, a.code_points = 5, a.unconditional = -7;
  EXPECT_DOUBLE_EQ(ranked_value(Ranking::PerToken, a), -3);
  EXPECT_DOUBLE_EQ(ranked_value(Ranking::AnswerContext, a), 1);
  EXPECT_DOUBLE_EQ(ranked_value(Ranking::Sum, a), -6);
  EXPECT_DOUBLE_EQ(ranked_value(Ranking::PerCharacter, a), -1.2);
  EXPECT_DOUBLE_EQ(ranked_value(Ranking::PerByte, a), -1);
}

TEST(Ranking, TiesGoToTheLowestAreSharedOrChooseNobody) {
  const std::vector<ChoiceRow> rows = {row(0, 0, false, -3), row(0, 1, true, -2),
                                       row(0, 2, false, -2)};
  EXPECT_EQ(chosen_shares(Ranking::Sum, Ties::Lowest, rows), (std::vector<double>{0, 1, 0}));
  EXPECT_EQ(chosen_shares(Ranking::Sum, Ties::Shared, rows), (std::vector<double>{0, .5, .5}));
  EXPECT_EQ(chosen_shares(Ranking::Sum, Ties::Nobody, rows), (std::vector<double>{0, 0, 0}));
}

// NumPy: x = [1, 0, 1, 1]; x.std(ddof=1) / 2 = 0.25. Clusters {0, 1}, {2, 3}: deviations -0.5 and
// 0.5, sqrt(2 / 1 * 0.5) / 4 = 0.25; clusters {0, 2, 3}, {1}: 0.75, -0.75, sqrt(2 * 1.125) / 4.
TEST(Metrics, MeansHaveSampleErrorsAndClusteredOnes) {
  TaskScores scores;
  scores.items = {item("a", "x"), item("b", "y"), item("c", "x"), item("d", "x")};
  for (std::int64_t i = 0; i < 4; ++i) {
    scores.rows.push_back(row(i, 0, true, i == 1 ? -2 : -1));
    scores.rows.push_back(row(i, 1, false, -1.5));
  }
  const CardMetric accuracy = metric(Measure::Right);
  EXPECT_EQ(item_values(accuracy, scores), (std::vector<double>{1, 0, 1, 1}));
  const MetricSummary summary = summarize_metric(accuracy, scores);
  EXPECT_DOUBLE_EQ(summary.value, 0.75);
  EXPECT_DOUBLE_EQ(summary.standard_error, 0.25);
  EXPECT_DOUBLE_EQ(summary.clustered_standard_error, std::sqrt(2 * 1.125) / 4);
  for (TaskItem& one : scores.items) one.cluster = one.id;
  EXPECT_DOUBLE_EQ(summarize_metric(accuracy, scores).clustered_standard_error, 0.25);
}

// s / sqrt(n) has no s of one number, and G / (G - 1) no value at one cluster.
TEST(Metrics, OneItemOrOneClusterHasNoError) {
  TaskScores scores;
  scores.items = {item("a", "x"), item("b", "x")};
  scores.rows = {row(0, 0, true, -1), row(0, 1, false, -2), row(1, 0, true, -2),
                 row(1, 1, false, -1)};
  for (const Measure measure : {Measure::Right, Measure::MacroF1}) {
    const MetricSummary two = summarize_metric(metric(measure), scores);
    EXPECT_GT(two.standard_error, 0);
    EXPECT_TRUE(std::isnan(two.clustered_standard_error));
  }
  scores.items.resize(1), scores.rows.resize(2);
  EXPECT_TRUE(std::isnan(summarize_metric(metric(Measure::Right), scores).standard_error));
  EXPECT_TRUE(std::isnan(summarize_metric(metric(Measure::MacroF1), scores).standard_error));
}

// Mean 2, exp(2); sd of {1, 3} is sqrt 2, / sqrt 2 = 1, times exp(2).
TEST(Metrics, PerplexityIsTheExponentialOfTheMean) {
  TaskScores scores;
  scores.items = {item("a", "a"), item("b", "b")};
  scores.rows = {row(0, 0, true, -1), row(1, 0, true, -3)};
  scores.rows[1].greedy = true;
  const MetricSummary summary = summarize_metric(metric(Measure::Perplexity), scores);
  EXPECT_DOUBLE_EQ(summary.value, std::exp(2.0));
  EXPECT_DOUBLE_EQ(summary.standard_error, std::exp(2.0));
  EXPECT_EQ(item_values(metric(Measure::Greedy), scores), (std::vector<double>{0, 1}));
}

// Golds 0, 0, 1, 2; chosen 0, 1, 1, 1. F1 by label: 2/3, 2/4, 0; mean 7/18.
TEST(Metrics, MacroF1IsTheMeanOverLabels) {
  TaskScores scores;
  const int gold[] = {0, 0, 1, 2};
  const int chosen[] = {0, 1, 1, 1};
  for (std::int64_t i = 0; i < 4; ++i) {
    scores.items.push_back(item(std::to_string(i), std::to_string(i)));
    for (std::int64_t k = 0; k < 3; ++k)
      scores.rows.push_back(row(i, k, k == gold[i], k == chosen[i] ? -1 : -2));
  }
  const MetricSummary summary = summarize_metric(metric(Measure::MacroF1), scores);
  EXPECT_DOUBLE_EQ(summary.value, 7.0 / 18);
  // Left out in turn: {0, 2/4, 0}, {1, 2/3, 0}, {2/3, 0, 0}, {2/3, 2/3, 0}, each over 3.
  const double without[] = {0.5 / 3, (5.0 / 3) / 3, (2.0 / 3) / 3, (4.0 / 3) / 3};
  double mean = 0;
  for (const double value : without) mean += value / 4;
  double squares = 0;
  for (const double value : without) squares += (value - mean) * (value - mean);
  EXPECT_NEAR(summary.standard_error, std::sqrt(0.75 * squares), 1e-12);
}

// Question a: both pairs judged right; b: its true answer is judged false and its false one true.
TEST(Metrics, AQuestionIsRightWhereAllItsAnswersAre) {
  TaskScores scores;
  scores.items = {item("a", "a"), item("b", "b")};
  scores.rows = {row(0, 0, true, -1),  row(0, 1, false, -2), row(0, 2, false, -2),
                 row(0, 3, true, -1),  row(1, 0, true, -2),  row(1, 1, false, -1),
                 row(1, 2, false, -1), row(1, 3, true, -2)};
  EXPECT_EQ(item_values(metric(Measure::AllAnswers), scores), (std::vector<double>{1, 0}));
  // True positives 1 (of a), false positives 1, false negatives 1.
  EXPECT_DOUBLE_EQ(summarize_metric(metric(Measure::AnswersF1), scores).value, 0.5);
}

// One right of four and one of two: (1/4 + 1/2) / 2. Three answers, each right by half a chance:
// 1/8.
TEST(Metrics, ChanceIsTheCardsOrThatOfTheChoices) {
  TaskCard card;
  card.metrics = {metric(Measure::Right)};
  TaskScores scores;
  scores.items = {item("a", "a"), item("b", "b")};
  for (std::int64_t k = 0; k < 4; ++k) scores.rows.push_back(row(0, k, k == 2, -1));
  for (std::int64_t k = 0; k < 2; ++k) scores.rows.push_back(row(1, k, k == 0, -1));
  EXPECT_DOUBLE_EQ(chance_score(card, scores), 0.375);
  card.chance = 0.1;
  EXPECT_DOUBLE_EQ(chance_score(card, scores), 0.1);
  card.chance.reset();
  card.metrics = {metric(Measure::AllAnswers)};
  scores.items.resize(1);
  scores.rows.clear();
  for (std::int64_t k = 0; k < 6; ++k) scores.rows.push_back(row(0, k, k % 2 == 0, -1));
  EXPECT_DOUBLE_EQ(chance_score(card, scores), 0.125);
}

TEST(Metrics, ReferringIsRightWhereTheNounIsNamedAsTheItemSays) {
  TaskScores scores;
  scores.items = {item("a", "a"), item("b", "b"), item("c", "c")};
  scores.rows = {row(0, 0, true, -1), row(1, 0, false, -1), row(2, 0, false, -1)};
  for (TaskItem& one : scores.items) one.golds = {"The vase"};
  scores.items[0].generated = "the Vase.";
  scores.items[1].generated = "the vase";
  scores.items[2].generated = "the floor";
  EXPECT_EQ(item_values(metric(Measure::Refers), scores), (std::vector<double>{1, 0, 1}));
}

// Two of the three nouns are not meant: whoever names none of them is right on these two.
TEST(Metrics, ChanceOfReferringIsTheShareOfItemsThatNamingNothingGetsRight) {
  TaskCard card;
  card.metrics = {metric(Measure::Refers)};
  TaskScores scores;
  scores.items = {item("a", "a"), item("b", "b"), item("c", "c")};
  scores.rows = {row(0, 0, true, -1), row(1, 0, false, -1), row(2, 0, false, -1)};
  for (TaskItem& one : scores.items) one.golds = {"The vase"}, one.generated = "no idea";
  EXPECT_DOUBLE_EQ(chance_score(card, scores), 2.0 / 3);
  EXPECT_DOUBLE_EQ(summarize_metric(card.metrics.front(), scores).value, 2.0 / 3);
}

TEST(Metrics, GoldBitsPerByteAreOfTheRightContinuationsTogether) {
  std::vector<ChoiceRow> rows = {row(0, 0, true, -2 * std::numbers::ln2), row(0, 1, false, -9),
                                 row(0, 2, true, -4 * std::numbers::ln2)};
  rows[0].bytes = 3;
  EXPECT_DOUBLE_EQ(gold_bits_per_byte(rows), 1.5);
  EXPECT_EQ(gold_bits_per_byte({}), 0);
}

}  // namespace
}  // namespace isoloss
