#include "analysis/scores/task_measure.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "model/spec/error.h"
#include "tests/analysis/task_scores_sample.h"

namespace isoloss {
namespace {

TEST(TaskMeasure, IsTheMeanOfTheTasksOwnMetric) {
  TaskScores scores = scores_of({1, 0, 1, 1});
  scores.metrics = {"accuracy", "f1"};
  for (TaskItem& item : scores.items) item.values.push_back(0.25);
  EXPECT_EQ(measure(scores).metric, "accuracy");
  EXPECT_DOUBLE_EQ(measure(scores).score.value, 0.75);
  EXPECT_DOUBLE_EQ(measure(scores, "f1").score.value, 0.25);
}

TEST(TaskMeasure, ShowsContaminatedItemsApart) {
  TaskScores scores = scores_of({1, 0, 1, 0});
  scores.items[0].contaminated = true;
  const TaskMeasure all = measure(scores);
  EXPECT_EQ(all.contaminated, 1U);
  EXPECT_DOUBLE_EQ(all.score.value, 0.5);
  EXPECT_DOUBLE_EQ(all.clean.value, 1 / 3.0);
}

TEST(TaskMeasure, AveragesBitsOfRightAnswersOverItemsThatHaveOne) {
  TaskScores scores = scores_of({1, 0, 1});
  scores.items[0].gold_bits_per_byte = 0.5;
  scores.items[2].gold_bits_per_byte = 1.5;
  EXPECT_DOUBLE_EQ(measure(scores).gold_bits.value, 1);
  EXPECT_EQ(measure(scores).gold_bits.items, 2U);
}

TEST(TaskMeasure, AMetricThatIsNotThereNamesTheNearest) {
  try {
    measure(scores_of({1}), "acuracy");
    FAIL() << "no error";
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), ::testing::HasSubstr("accuracy"));
  }
}

// Six checkpoints, of which the last five count; NumPy: mean .4, std(ddof=1) .15811388300841897.
TEST(CheckpointSpread, IsOfTheLastFiveSteps) {
  std::vector<TaskScores> kept;
  const int right[] = {2, 3, 4, 6, 5, 9};  // of ten
  const std::int64_t step[] = {2, 3, 4, 5, 6, 1};
  for (int k = 0; k < 6; ++k) {
    std::vector<double> values(10, 0);
    for (int i = 0; i < right[k]; ++i) values[static_cast<std::size_t>(i)] = 1;
    kept.push_back(scores_of(values));
    kept.back().step = step[k];
  }
  std::vector<const TaskScores*> pointers;
  for (const TaskScores& scores : kept) pointers.push_back(&scores);
  const CheckpointSpread spread = spread_over_checkpoints(pointers);
  EXPECT_EQ(spread.checkpoints, 5U);
  EXPECT_NEAR(spread.mean, 0.4, 1e-15);
  EXPECT_NEAR(spread.deviation, 0.15811388300841897, 1e-15);
}

TEST(CheckpointSpread, OfOneCheckpointHasNoDeviation) {
  const TaskScores scores = scores_of({1, 0});
  EXPECT_TRUE(std::isnan(spread_over_checkpoints({&scores}).deviation));
}

TEST(CheckpointSpread, ACheckpointTwiceIsRefused) {
  const TaskScores scores = scores_of({1, 0});
  EXPECT_THROW(spread_over_checkpoints({&scores, &scores}), InputError);
}

}  // namespace
}  // namespace isoloss
