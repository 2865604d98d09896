#include "analysis/scores/accuracy_points.h"

#include <gtest/gtest.h>

#include "tests/analysis/scores/accuracy_fixture.h"
#include "tests/analysis/task_scores_sample.h"

namespace isoloss {
namespace {

// Two runs, each evaluated at two budgets.
PointTable two_runs() {
  PointTable table;
  for (const char* id : {"r1", "r2"}) {
    RunRecord run;
    run.header.id = id;
    for (const std::int64_t step : {10, 20}) {
      Point point;
      point.architecture = id == std::string("r1") ? "transformer" : "primer";
      point.run = id;
      point.size = "s";
      point.parameters = 100;
      point.budget = static_cast<double>(step) * 1e9;
      point.budget_unit = "flops";
      point.flops = point.budget * 1.001;
      point.loss = 3 - 0.01 * static_cast<double>(step);
      table.points.push_back(point);
      Evaluation evaluation;
      evaluation.step = step;
      evaluation.budget = point.budget;
      evaluation.budget_unit = "flops";
      evaluation.flops = point.flops;
      run.evaluations.push_back(evaluation);
      run.scores.push_back(
          {step, "last-word", "accuracy", 0.01 * static_cast<double>(step), 0.02, 128, 0.1});
    }
    table.runs.push_back(run);
  }
  return table;
}

TEST(AccuracyPoints, TakeWhatTrainingScoredAtEachBudget) {
  const auto tasks = accuracy_tasks(two_runs(), {});
  ASSERT_EQ(tasks.size(), 1U);
  EXPECT_EQ(tasks[0].profile, "");
  EXPECT_EQ(tasks[0].chance, 0.1);
  EXPECT_FALSE(tasks[0].gold_bits);
  ASSERT_EQ(tasks[0].points.size(), 4U);
  EXPECT_DOUBLE_EQ(tasks[0].points[1].accuracy, 0.2);
  EXPECT_DOUBLE_EQ(tasks[0].points[1].task_loss, 2.8);
  EXPECT_DOUBLE_EQ(tasks[0].points[1].flops, 2e10 * 1.001);
}

// What training stored item by item of a trial of two_runs(), `bits` per byte of the right answers.
TaskScores rows_of_trial(const std::string& run, std::int64_t step, double bits) {
  TaskScores scores = scores_of({1, 0, 0, 1});
  scores.model = run;
  scores.trial = run + std::to_string(step);
  scores.task = "last-word";
  scores.profile = "study";
  scores.step = step;
  scores.flops = static_cast<double>(step) * 1e9 * 1.001;
  for (TaskItem& item : scores.items) item.gold_bits_per_byte = bits;
  return scores;
}

TEST(AccuracyPoints, TakeBitsPerByteOfTheRowsThatTrainingStored) {
  std::vector<TaskScores> files;
  for (const char* run : {"r1", "r2"})
    for (const std::int64_t step : {10, 20})
      files.push_back(rows_of_trial(run, step, 30.0 / static_cast<double>(step)));
  const auto tasks = accuracy_tasks(two_runs(), files);
  ASSERT_EQ(tasks.size(), 1U);  // once, though the runs have its score too
  EXPECT_EQ(tasks[0].profile, "study");
  EXPECT_EQ(tasks[0].name(), "last-word");
  EXPECT_TRUE(tasks[0].gold_bits);
  ASSERT_EQ(tasks[0].points.size(), 4U);
  EXPECT_DOUBLE_EQ(tasks[0].points[1].accuracy, 0.2);
  EXPECT_DOUBLE_EQ(tasks[0].points[0].task_loss, 3);
  EXPECT_DOUBLE_EQ(tasks[0].points[1].task_loss, 1.5);
  // One trial without rows: all stay as the runs have them.
  files.pop_back();
  const auto some = accuracy_tasks(two_runs(), files);
  ASSERT_EQ(some.size(), 1U);
  EXPECT_EQ(some[0].profile, "");
  EXPECT_FALSE(some[0].gold_bits);
  EXPECT_DOUBLE_EQ(some[0].points[1].task_loss, 2.8);
}

// By hand: scores at 18, 19 and 20 of 20 steps; 17 is before the last tenth and 10 another trial's.
TEST(AccuracyPoints, AverageWhatTrainingScoredInTheLastTenthOfATrial) {
  PointTable results = two_runs();
  results.runs[0].scores.push_back({17, "last-word", "accuracy", 0.9, 0.02, 128, 0.1});
  results.runs[0].scores.push_back({18, "last-word", "accuracy", 0.5, 0.02, 128, 0.1});
  results.runs[0].scores.push_back({19, "last-word", "accuracy", 0.8, 0.02, 128, 0.1});
  const auto tasks = accuracy_tasks(results, {});
  ASSERT_EQ(tasks.size(), 1U);
  const AccuracyPoint& alone = tasks[0].points[0];
  EXPECT_EQ(alone.checkpoints, 1U);
  EXPECT_DOUBLE_EQ(alone.accuracy, 0.1);
  const AccuracyPoint& point = tasks[0].points[1];
  EXPECT_EQ(point.checkpoints, 3U);
  EXPECT_NEAR(point.accuracy, 0.5, 1e-15);
  EXPECT_NEAR(point.deviation, 0.3, 1e-15);  // .5, .8, .2
  EXPECT_EQ(point.first_step, 18);
  EXPECT_EQ(point.last_step, 20);
}

TEST(AccuracyPoints, ATaskThatWasNotScoredWhereTheTrialEndedHasNoPointThere) {
  PointTable results = two_runs();
  results.runs[0].scores.push_back({19, "copying", "accuracy", 0.8, 0.02, 128, 0.25});
  EXPECT_EQ(accuracy_tasks(results, {}).size(), 1U);
}

TEST(AccuracyPoints, TheBestPossibleIsALevelOfItsTaskAndNoTask) {
  PointTable results = two_runs();
  for (RunRecord& run : results.runs)
    for (Score& score : run.scores) score.task = "symbol-order";
  for (const double best : {0.17, 0.3})
    for (const std::int64_t step : {10, 20})
      results.runs[best < 0.2 ? 0 : 1].scores.push_back(
          {step, "symbol-order-best", "accuracy", best, 0, 128, 0.1});
  const auto tasks = accuracy_tasks(results, {});
  ASSERT_EQ(tasks.size(), 1U);
  EXPECT_EQ(tasks[0].task, "symbol-order");
  EXPECT_EQ(tasks[0].best_levels(), (std::vector<double>{0.17, 0.3}));
  // 0.1 and 0.2 with a standard error of 0.02, below 0.17 and 0.3 or not.
  std::vector<bool> above;
  for (const AccuracyPoint& point : tasks[0].points) above.push_back(above_best(point));
  EXPECT_EQ(above, (std::vector<bool>{false, true, false, false}));
}

TEST(AccuracyPoints, ATaskWhoseNameEndsAsTheBestPossibleDoesIsATask) {
  PointTable results = two_runs();
  for (RunRecord& run : results.runs)
    for (Score& score : run.scores) score.task = "second-best";
  const auto tasks = accuracy_tasks(results, {});
  ASSERT_EQ(tasks.size(), 1U);
  EXPECT_TRUE(tasks[0].best_levels().empty());
  EXPECT_FALSE(above_best(tasks[0].points[0]));
}

TEST(AccuracyPoints, OfWhatTrainingScoredTheLastFiveCount) {
  PointTable results = two_runs();
  RunRecord& run = results.runs[0];
  run.evaluations[1].step = 200;
  for (const std::int64_t step : {180, 184, 188, 192, 196, 200})
    run.scores.push_back({step, "last-word", "accuracy", step < 184 ? 1.0 : 0.5, 0.02, 128, 0.1});
  const AccuracyPoint point = accuracy_tasks(results, {})[0].points[1];
  EXPECT_EQ(point.checkpoints, 5U);
  EXPECT_EQ(point.first_step, 184);
  EXPECT_EQ(point.accuracy, 0.5);
  EXPECT_EQ(point.deviation, 0);
}

TaskScores scores_at(const char* run, std::int64_t step, double right) {
  TaskScores scores = scores_of({right, right, 0, 0});
  scores.model = run;
  scores.trial = std::string(run) + "-20";
  scores.step = step;
  scores.flops = static_cast<double>(step) * 1e9;
  for (TaskItem& item : scores.items) item.gold_bits_per_byte = 1 + 0.1 * static_cast<double>(step);
  return scores;
}

// By hand: steps 16 to 20 of which three are half right: 3/5 of 1/2; bits 1 + .1 x 18.
TEST(AccuracyPoints, AverageTheLastFiveCheckpointsOfATrial) {
  std::vector<TaskScores> scores;
  for (std::int64_t step = 14; step <= 20; ++step) {
    scores.push_back(scores_at("r1", step, step < 16 || step >= 18 ? 1 : 0));
  }
  const auto tasks = accuracy_tasks(two_runs(), scores);
  ASSERT_EQ(tasks.size(), 2U);  // boolq and last-word
  ASSERT_EQ(tasks[0].task, "boolq");
  ASSERT_EQ(tasks[0].points.size(), 1U);
  const AccuracyPoint& point = tasks[0].points[0];
  EXPECT_EQ(point.checkpoints, 5U);
  EXPECT_NEAR(point.accuracy, 0.3, 1e-15);
  EXPECT_NEAR(point.task_loss, 2.8, 1e-15);
  EXPECT_TRUE(tasks[0].gold_bits);
}

TEST(AccuracyPoints, FallBackOnTheHeldOutLossWhereAnAnswerHasNoBits) {
  std::vector<TaskScores> scores{scores_at("r1", 20, 1), scores_at("r2", 20, 1)};
  for (TaskItem& item : scores[1].items) item.gold_bits_per_byte = 0;
  const auto tasks = accuracy_tasks(two_runs(), scores);
  ASSERT_EQ(tasks[0].points.size(), 2U);
  EXPECT_FALSE(tasks[0].gold_bits);
  EXPECT_DOUBLE_EQ(tasks[0].points[0].task_loss, 2.8);
}

TEST(AccuracyPoints, LeaveOutModelsFromElsewhere) {
  TaskScores scores = scores_at("hf:folder", 0, 1);
  scores.trial = "";
  EXPECT_EQ(accuracy_tasks(two_runs(), std::vector{scores}).size(), 1U);
}

TEST(AccuracyPoints, KeepCardsApart) {
  TaskScores other = scores_at("r2", 20, 1);
  other.card_digest = "another";
  EXPECT_EQ(accuracy_tasks(two_runs(), std::vector{scores_at("r1", 20, 1), other}).size(), 3U);
}

// Sizes a and b at one budget, b with two seeds: means 1.1 (a) and 1.0 (b).
TEST(BestSizes, HaveTheLeastTaskLossWithSeedsAveraged) {
  AccuracyTask task;
  const auto add = [&](const char* size, std::int64_t seed, double loss, double accuracy) {
    AccuracyPoint point;
    point.architecture = "x";
    point.run = size + std::to_string(seed);
    point.size = size;
    point.seed = seed;
    point.budget = point.flops = 1e10;
    point.task_loss = loss;
    point.accuracy = accuracy;
    task.points.push_back(point);
  };
  add("a", 0, 1.1, 0.4);
  add("b", 0, 0.9, 0.6);
  add("b", 1, 1.1, 0.5);
  const auto best = best_sizes(task, "x");
  ASSERT_EQ(best.size(), 1U);
  EXPECT_EQ(best[0].size, "b");
  EXPECT_DOUBLE_EQ(best[0].task_loss, 1.0);
  EXPECT_DOUBLE_EQ(best[0].accuracy, 0.55);
}

}  // namespace
}  // namespace isoloss
