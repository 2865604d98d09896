#include "analysis/scores/accuracy_fit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <Eigen/Dense>
#include <cmath>

#include "analysis/scores/accuracy_hold_out.h"
#include "model/spec/error.h"
#include "tests/analysis/scores/accuracy_fixture.h"

namespace isoloss {
namespace {

TEST(TaskLossFit, RecoversThePowerOfComputeOfEachArchitecture) {
  const TaskLossFit fit = fit_task_loss(accuracy_task({}), "primer");
  EXPECT_EQ(fit.law, "power");
  EXPECT_NEAR(fit.curve.floor, 0.5, 1e-6);
  EXPECT_NEAR(fit.curve.exponent, 0.15, 1e-6);
  EXPECT_NEAR(fit.curve.coefficient / (30 * std::pow(2, -0.15)), 1, 1e-5);
}

// loss = .4 + 8 N^-.3 + 20 D^-.3 with C = 6 N D. By hand (Hoffmann et al. 2022, equation 4): the
// best use has loss .4 + K C^-.15, K = 2 sqrt(8 x 20) 6^.15, since A N^-a and B D^-a are then
// equal.
TEST(TaskLossFit, WithSizesAndTokensIsChinchillasEfficientFrontier) {
  AccuracyTask task = accuracy_task({});
  task.points.clear();
  for (const double n : {1e4, 4e4, 1.6e5, 6.4e5}) {
    for (const double d : {1e5, 1e6, 1e7, 1e8}) {
      AccuracyPoint point;
      point.architecture = "a";
      point.run = std::to_string(n) + " " + std::to_string(d);
      point.parameters = n;
      point.tokens = d;
      point.flops = point.budget = 6 * n * d;
      point.task_loss = 0.4 + 8 * std::pow(n, -0.3) + 20 * std::pow(d, -0.3);
      task.points.push_back(point);
    }
  }
  const TaskLossFit fit = fit_task_loss(task, "a");
  EXPECT_EQ(fit.law, "chinchilla");
  EXPECT_NEAR(fit.curve.floor, 0.4, 1e-4);
  EXPECT_NEAR(fit.curve.exponent, 0.15, 1e-4);
  EXPECT_NEAR(fit.curve.loss(1e12),
              0.4 + 2 * std::sqrt(160) * std::pow(6, 0.15) * std::pow(1e12, -0.15), 1e-5);
  EXPECT_NEAR(fit.predicted[5], task.points[5].task_loss, 1e-6);
}

TEST(TaskLossFit, OfTwoBudgetsIsRefused) {
  AccuracyRecipe recipe;
  recipe.budgets = {1e12, 2e12};
  EXPECT_THROW(fit_task_loss(accuracy_task(recipe), "primer"), WorkError);
}

TEST(AccuracyFit, MultiplierIsTheSavingThatTheDataHave) {
  const AccuracyFit fit = fit_accuracy(accuracy_task({}));
  const auto *baseline = fit.find("transformer"), *candidate = fit.find("primer");
  const std::vector<double> at = common_accuracies(*baseline, *candidate);
  ASSERT_EQ(at.size(), 3U);
  for (const double accuracy : at) {
    const ComputeMultiplier saved = compute_multiplier(*baseline, *candidate, accuracy, 0.95);
    EXPECT_NEAR(saved.multiplier, 2, 1e-3);
    EXPECT_FALSE(saved.extrapolated);
  }
  EXPECT_TRUE(compute_multiplier(*baseline, *candidate, 0.94, 0.95).extrapolated);
}

// 41 draws of the baseline's compute with logarithms evenly from -1 to 1: ranks 1.05 and 40.95.
TEST(AccuracyFit, IntervalsOfMultipliersAreThoseOfTheDraws) {
  const AccuracyOfLoss sigmoid{0.25, 0.7, 6, 1};
  ArchitectureAccuracy baseline, candidate;
  baseline.curve = candidate.curve = {{1, 1, 0}, sigmoid};
  for (int i = 0; i <= 40; ++i) {
    baseline.draws.push_back({{std::exp(-1 + i / 20.0), 1, 0}, sigmoid});
    candidate.draws.push_back(candidate.curve);
  }
  baseline.degrees = 2;
  candidate.degrees = 4;
  const ComputeMultiplier saved = compute_multiplier(baseline, candidate, 0.6, 0.95);
  ASSERT_TRUE(saved.interval);
  EXPECT_NEAR(saved.interval->first, std::exp(-1) * (0.95 + 0.05 * std::exp(0.05)), 1e-12);
  EXPECT_NEAR(saved.interval->second, std::exp(1) * (0.95 + 0.05 * std::exp(-0.05)), 1e-12);
  candidate.architecture = "primer";
  candidate.degrees = 0;
  const ComputeMultiplier none = compute_multiplier(baseline, candidate, 0.6, 0.95);
  EXPECT_FALSE(none.interval);
  EXPECT_THAT(none.no_interval, ::testing::HasSubstr("primer has too few budgets or runs"));
}

// Where noise is small the law is linear in what moves it, and theory says what an interval is:
// Student's t of six degrees of freedom (twice six budgets, less three parameters each) times the
// deviation s sqrt(x' (J'J)^-1 x) (Seber & Wild 1989, "Nonlinear Regression", section 5.1), s of
// both architectures' residuals over those degrees, J and x what ln(E + a C^-b) gives by E, ln a
// and b. 2000 draws tell an end to 4 %.
TEST(AccuracyFit, DrawsOfTheLossAreStudentsAboutTheLaw) {
  AccuracyRecipe recipe;
  recipe.loss_noise = 1e-5;
  AccuracyOptions options;
  options.draws = 2000;
  const AccuracyFit fit = fit_accuracy(accuracy_task(recipe), options);
  double squares = 0;
  for (const ArchitectureAccuracy& one : fit.architectures)
    for (const AccuracyPoint& point : one.loss->points)
      squares += std::pow(std::log(point.task_loss / one.curve.loss.loss(point.flops)), 2);
  const ArchitectureAccuracy& one = *fit.find("primer");
  const LossOfCompute& law = one.curve.loss;
  const auto slopes = [&](double flops) -> Eigen::Vector3d {
    const double loss = law.loss(flops), above = loss - law.floor;
    return Eigen::Vector3d(1, above, -above * std::log(flops / 1e12)) / loss;
  };
  Eigen::Matrix3d normal = Eigen::Matrix3d::Zero();
  for (const AccuracyPoint& point : one.loss->points)
    normal += slopes(point.flops) * slopes(point.flops).transpose();
  const double larger = 3e14;
  const Eigen::Vector3d x = slopes(larger);
  const double deviation = std::sqrt(squares / 6 * x.dot(normal.inverse() * x));
  std::vector<double> drawn;
  for (const AccuracyCurve& draw : one.draws)
    drawn.push_back(std::log(draw.loss.loss(larger) / law.loss(larger)));
  const auto ends = next_draw_interval(drawn, 0.95);
  ASSERT_TRUE(ends);
  EXPECT_NEAR((ends->second - ends->first) / 2 / deviation, 2.447, 0.12 * 2.447);
}

// Of one more trial, about the sigmoid: twelve points less three parameters leave nine degrees, of
// which Student's t has 5 % beyond 2.262 (tables). Of 2000 draws that is 100, give or take four
// times 10.
TEST(AccuracyFit, OneMoreTrialStraysAsThePointsDo) {
  AccuracyRecipe recipe;
  recipe.accuracy_noise = 0.004;
  AccuracyOptions options;
  options.draws = 2000;
  const AccuracyFit fit = fit_accuracy(accuracy_task(recipe), options);
  const ArchitectureAccuracy& one = *fit.find("primer");
  ASSERT_EQ(one.strays.size(), 2000U);
  int beyond = 0;
  for (const Stray& stray : one.strays) {
    beyond += std::abs(stray.accuracy) > 2.262 * fit.sigmoid->deviation ? 1 : 0;
    EXPECT_NEAR(stray.loss, 1, 1e-4) << "the losses have no noise";
  }
  EXPECT_NEAR(beyond, 100, 40);
}

// Six budgets and three parameters of the loss leave three; points of two runs one.
TEST(AccuracyFit, DegreesOfFreedomAreOfPointsOrOfRunsWhereThoseAreFewer) {
  AccuracyTask task = accuracy_task({});
  EXPECT_EQ(fit_accuracy(task).find("primer")->degrees, 3);
  for (AccuracyPoint& point : task.points) point.run = point.flops < 1e12 ? "a" : "b";
  EXPECT_EQ(fit_accuracy(task).find("primer")->degrees, 1);
}

TEST(AccuracyFit, WithoutADegreeOfFreedomThereIsACurveButNoInterval) {
  AccuracyRecipe recipe;
  recipe.budgets = {1e11, 1e12, 1e13};
  const AccuracyFit fit = fit_accuracy(accuracy_task(recipe));
  const ArchitectureAccuracy& one = *fit.find("primer");
  ASSERT_TRUE(one.loss);
  EXPECT_FALSE(accuracy_at(one, 1e13, 0.95).interval);
  EXPECT_FALSE(accuracy_at(one, 1e14, 0.95, true).interval);
  EXPECT_THAT(why_no_interval(one), ::testing::HasSubstr("primer has too few budgets or runs"));
}

TEST(AccuracyFit, SigmoidsOfTheirOwnWhereOneDoesNotServe) {
  AccuracyRecipe recipe;
  recipe.accuracy_noise = 0.003;
  recipe.shift = 0.12;
  const AccuracyFit fit = fit_accuracy(accuracy_task(recipe));
  ASSERT_TRUE(fit.sharing.tested);
  EXPECT_FALSE(fit.sharing.shared());
  EXPECT_NE(fit.find("primer")->curve.accuracy.middle,
            fit.find("transformer")->curve.accuracy.middle);
}

TEST(AccuracyFit, BandsLieInsideTheUnitIntervalAroundTheCurve) {
  AccuracyRecipe recipe;
  recipe.loss_noise = recipe.accuracy_noise = 0.02;
  const AccuracyFit fit = fit_accuracy(accuracy_task(recipe));
  for (const double flops : {1e9, 1e12, 1e16}) {
    const AccuracyAt curve = accuracy_at(fit.architectures[0], flops, 0.95);
    const AccuracyAt trial = accuracy_at(fit.architectures[0], flops, 0.95, true, 2);
    ASSERT_TRUE(curve.interval && trial.interval);
    EXPECT_LE(0, curve.interval->first);
    EXPECT_LE(curve.interval->first, curve.accuracy);
    EXPECT_GE(curve.interval->second, curve.accuracy);
    EXPECT_LE(trial.interval->first, curve.interval->first + 0.01);
    EXPECT_LE(trial.interval->second, 1);
  }
}

TEST(AccuracyFit, SaysWhyThereIsNothing) {
  AccuracyRecipe recipe;
  recipe.budgets = {1e12};
  const AccuracyFit fit = fit_accuracy(accuracy_task(recipe));
  EXPECT_THAT(fit.refusal, ::testing::HasSubstr("takes 4 points (there are 2)"));
  EXPECT_EQ(fit.architectures.size(), 2U);
  EXPECT_FALSE(fit.architectures[0].refusal.empty());
  EXPECT_TRUE(common_accuracies(fit.architectures[0], fit.architectures[1]).empty());
}

TEST(AccuracyFit, OfAHandfulOfItemsIsRefused) {
  AccuracyTask task = accuracy_task({});
  task.items = 15;
  EXPECT_NE(fit_accuracy(task).refusal.find("takes 16 items"), std::string::npos);
  task.items = 16;
  EXPECT_EQ(fit_accuracy(task).refusal, "");
}

TEST(AccuracyHoldOut, PredictsTheLargestComputeWhereTheLawsHold) {
  const AccuracyTask task = accuracy_task({});
  const AccuracyHoldOut held = hold_out_accuracy(task);
  ASSERT_EQ(held.largest.size(), 2U) << held.missing;
  for (const HeldOutAccuracy& row : held.largest) {
    EXPECT_EQ(row.fitted_to, 1e13);
    EXPECT_EQ(row.flops, 3e13);
    EXPECT_NEAR(row.two_step, row.measured, 1e-4);
    // A power law of -ln accuracy is not what this task is.
    EXPECT_GT(std::abs(row.one_step - row.measured), 0.01);
  }
}

TEST(AccuracyHoldOut, WidensIntervalsThatDoNotHold) {
  AccuracyRecipe recipe;
  recipe.loss_noise = 0.004;
  recipe.accuracy_noise = 0.004;
  AccuracyOptions options;
  options.draws = 60;
  AccuracyTask task = accuracy_task(recipe);
  // The largest budget leaves the curve: no interval made of the smaller ones can know.
  for (AccuracyPoint& point : task.points) {
    if (point.flops == 3e13) point.accuracy -= 0.3;
  }
  const AccuracyHoldOut held = hold_out_accuracy(task, options);
  // After four budgets two, after five one, of two architectures; three leave no interval.
  EXPECT_EQ(held.predictions, 6U);
  EXPECT_LT(held.coverage, 1);
  EXPECT_GT(held.factor, 1.5);
}

TEST(AccuracyHoldOut, TakesFourBudgets) {
  AccuracyRecipe recipe;
  recipe.budgets = {1e11, 1e12, 1e13};
  EXPECT_THAT(hold_out_accuracy(accuracy_task(recipe)).missing,
              ::testing::HasSubstr("takes 4 budgets; there are 3"));
}

}  // namespace
}  // namespace isoloss
