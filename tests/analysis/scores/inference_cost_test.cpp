// Forward seconds beside loss, by hand on a few trials.
#include "analysis/scores/inference_cost.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "analysis/report/report_inference.h"

namespace isoloss {
namespace {

struct Trial {
  std::string architecture, size;
  double loss = 0, seconds = 0;
  std::string machine = "a processor";
};

PointTable table_of(const std::vector<Trial>& trials) {
  PointTable table;
  for (const Trial& trial : trials) {
    Point point;
    point.architecture = trial.architecture;
    point.size = trial.size;
    point.run = std::to_string(table.points.size());
    point.budget = point.flops = 1e12;
    point.budget_unit = "flops";
    point.loss = trial.loss;
    RunRecord run;
    run.header.id = point.run;
    run.header.machine = trial.machine;
    Evaluation evaluation;
    evaluation.budget = point.budget;
    evaluation.budget_unit = point.budget_unit;
    evaluation.forward_seconds = trial.seconds;
    run.evaluations.push_back(evaluation);
    table.points.push_back(point);
    table.runs.push_back(run);
  }
  return table;
}

StudyResults study_of(const std::vector<Trial>& trials) {
  StudyResults study;
  study.results = table_of(trials);
  study.architectures = {"base", "new"};
  study.baseline = "base";
  return study;
}

std::vector<InferencePoint> curve_of(const std::vector<Trial>& trials) {
  return best_for_their_time(inference_costs(table_of(trials)), trials.front().architecture);
}

TEST(InferenceCost, OfModelsOfOneShapeIsTheirMedian) {
  const InferenceCosts costs = inference_costs(
      table_of({{"a", "s", 3, 1}, {"a", "s", 2.9, 4}, {"a", "s", 2.8, 2}, {"a", "m", 2.5, 9}}));
  ASSERT_EQ(costs.points.size(), 4U);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(costs.points[i].seconds, 2);
  EXPECT_EQ(costs.points[3].seconds, 9);
}

TEST(InferenceCost, WhatWasNotMeasuredOrIsOfAnotherMachineIsLeftOut) {
  const InferenceCosts costs = inference_costs(
      table_of({{"a", "s", 3, 1}, {"a", "m", 2.5, 0}, {"b", "s", 3, 2}, {"b", "m", 2, 1, "x"}}));
  EXPECT_EQ(costs.points.size(), 2U);
  EXPECT_EQ(costs.left_out, 1U);
  EXPECT_EQ(costs.machine, "a processor, 1 thread");
}

// Of (1, 3.0), (2, 2.8), (3, 2.9) and (4, 2.5) the third is slower and worse than the second.
TEST(InferenceCost, ACurveIsOfThePointsThatNoOtherBeats) {
  const InferenceCosts costs = inference_costs(
      table_of({{"a", "l", 2.5, 4}, {"a", "m", 2.9, 3}, {"a", "s", 2.8, 2}, {"a", "t", 3.0, 1}}));
  std::vector<double> seconds;
  for (const InferencePoint& point : best_for_their_time(costs, "a"))
    seconds.push_back(point.seconds);
  EXPECT_EQ(seconds, (std::vector<double>{1, 2, 4}));
}

// Half way in ln loss between 4 and 1 is 2; half way in ln seconds between 1 and 9 is 3.
TEST(InferenceCost, SecondsAtALossLieBetweenNeighboursInRatios) {
  const std::vector<InferencePoint> curve =
      best_for_their_time(inference_costs(table_of({{"a", "s", 4, 1}, {"a", "m", 1, 9}})), "a");
  EXPECT_NEAR(forward_seconds_at(curve, 2).value(), 3, 1e-12);
  EXPECT_NEAR(forward_seconds_at(curve, 4).value(), 1, 1e-12);
  EXPECT_FALSE(forward_seconds_at(curve, 4.1));
  EXPECT_FALSE(forward_seconds_at(curve, 0.9));
}

// The candidate takes half the baseline's time at every loss.
TEST(InferenceCost, TheReportSetsCandidatesBesideTheBaselineAtEqualLoss) {
  const StudyResults study =
      study_of({{"base", "s", 4, 2}, {"base", "m", 2, 8}, {"new", "s", 4, 1}, {"new", "m", 2, 4}});
  const Table table = inference_table(study);
  ASSERT_EQ(table.rows.size(), 3U);
  for (const auto& row : table.rows) {
    EXPECT_EQ(row[0].shown, "new");
    EXPECT_NEAR(std::stod(row[5].value), 2, 1e-9);
  }
  EXPECT_NEAR(std::stod(table.rows[1][2].value), 2.8284, 1e-3);  // sqrt(4 x 2)
  const Plot plot = inference_plot(study);
  EXPECT_TRUE(has_data(plot));
  ASSERT_EQ(plot.series.size(), 4U);
  EXPECT_EQ(plot.series[0].x, (std::vector<double>{2, 8}));
}

// The candidate's seconds at loss 2 are half way in logarithms between 1 (loss 4) and 4 (loss 1).
TEST(InferenceCost, ASingleTrialIsComparedAtItsOwnLoss) {
  const auto costs = costs_at_equal_loss(curve_of({{"base", "s", 2, 3}}),
                                         curve_of({{"new", "s", 4, 1}, {"new", "m", 1, 4}}));
  ASSERT_EQ(costs.size(), 1U);
  EXPECT_EQ(costs[0].loss, 2);
  EXPECT_EQ(costs[0].baseline, 3);
  EXPECT_NEAR(costs[0].candidate, 2, 1e-12);
  EXPECT_FALSE(costs[0].baseline_at_most || costs[0].candidate_at_most);
}

TEST(InferenceCost, CurvesThatTouchAreComparedThere) {
  const auto costs = costs_at_equal_loss(curve_of({{"base", "s", 4, 1}, {"base", "m", 3, 2}}),
                                         curve_of({{"new", "s", 3, 1}, {"new", "m", 2, 4}}));
  ASSERT_EQ(costs.size(), 1U);
  EXPECT_EQ(costs[0].loss, 3);
  EXPECT_EQ(costs[0].ratio(), 2);
  EXPECT_FALSE(costs[0].baseline_at_most || costs[0].candidate_at_most);
}

// The baseline's best (loss 3, 2 s) is bettered by the candidate's quickest (loss 2.5, 0.5 s): the
// candidate reaches 3 in half a second at most, a quarter of the baseline's.
TEST(InferenceCost, WhereNoLossIsSharedTheWorseOnesBestBoundsTheRatio) {
  const std::vector<Trial> worse = {{"base", "s", 4, 1}, {"base", "m", 3, 2}};
  const std::vector<Trial> better = {{"new", "s", 2.5, 0.5}, {"new", "m", 2, 8}};
  const auto costs = costs_at_equal_loss(curve_of(worse), curve_of(better));
  ASSERT_EQ(costs.size(), 1U);
  EXPECT_EQ(costs[0].loss, 3);
  EXPECT_EQ(costs[0].ratio(), 4);
  EXPECT_TRUE(costs[0].candidate_at_most);
  EXPECT_FALSE(costs[0].baseline_at_most);
  const auto other_way = costs_at_equal_loss(curve_of(better), curve_of(worse));
  ASSERT_EQ(other_way.size(), 1U);
  EXPECT_EQ(other_way[0].ratio(), 0.25);
  EXPECT_TRUE(other_way[0].baseline_at_most);
}

TEST(InferenceCost, TheReportSaysThatNoLossIsSharedAndBothRanges) {
  const Table table = inference_table(study_of(
      {{"base", "s", 4, 1}, {"base", "m", 3, 2}, {"new", "s", 2.5, 0.5}, {"new", "m", 2, 8}}));
  ASSERT_EQ(table.rows.size(), 1U);
  EXPECT_EQ(table.rows[0][5].shown, "at least 4.00");
  EXPECT_NEAR(std::stod(table.rows[0][5].value), 4, 1e-12);
  EXPECT_THAT(table.rows[0][6].shown,
              ::testing::StartsWith("no common loss (candidate 2.5000 to 2.0000, baseline 4.0000 "
                                    "to 3.0000)"));
}

TEST(InferenceCost, AnArchitectureThatWasNotMeasuredSaysSo) {
  const Table table = inference_table(study_of({{"base", "s", 4, 1}, {"new", "s", 3, 0}}));
  ASSERT_EQ(table.rows.size(), 1U);
  EXPECT_EQ(table.rows[0][2].value, "");
  EXPECT_THAT(table.rows[0][6].shown, ::testing::HasSubstr("no trial of new"));
}

TEST(InferenceCost, AStudyThatMeasuredNoneHasNoTableAndNoPlot) {
  const StudyResults study = study_of({{"base", "s", 4, 0}, {"new", "s", 4, 0}});
  EXPECT_TRUE(inference_table(study).rows.empty());
  EXPECT_FALSE(has_data(inference_plot(study)));
}

}  // namespace
}  // namespace isoloss
