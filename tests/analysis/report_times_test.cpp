// Training time predicted and taken, by hand on three runs.
#include "analysis/report_times.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>

namespace isoloss {
namespace {

// Five steps, two seconds each after the first, whose own time nobody knows.
RunRecord timed_run(const std::string& architecture, std::optional<double> predicted_step) {
  RunRecord run;
  run.header.architecture = architecture;
  run.header.size = std::string("s");
  run.header.parameters_total = 100;
  run.header.predicted_step_seconds = predicted_step;
  for (int step = 11; step <= 15; ++step) {
    StepMetrics metrics;
    metrics.step = step;
    metrics.seconds = 70 + 2.0 * (step - 11);
    run.steps.push_back(metrics);
  }
  return run;
}

TEST(TrainingTimes, AreTheStepsOfEachRunAgainstItsPrediction) {
  StudyResults study;
  study.architectures = {"a", "b"};
  study.all.runs = {timed_run("a", 1.0), timed_run("a", 4.0), timed_run("b", std::nullopt)};
  const Table table = training_times_table(study);
  ASSERT_EQ(table.rows.size(), 2);
  const auto value = [&](std::size_t row, std::size_t column) {
    return std::stod(table.rows[row][column].value);
  };
  for (std::size_t row = 0; row < 2; ++row) {
    EXPECT_DOUBLE_EQ(value(row, 3), 2);        // runs
    EXPECT_DOUBLE_EQ(value(row, 4), 5 + 20);   // predicted
    EXPECT_DOUBLE_EQ(value(row, 5), 10 + 10);  // took
    EXPECT_DOUBLE_EQ(value(row, 6), 20.0 / 25);
    EXPECT_DOUBLE_EQ(value(row, 7), 0.5);
    EXPECT_DOUBLE_EQ(value(row, 8), 2);
  }
  EXPECT_EQ(table.rows[1][0].shown, "all");
}

TEST(TrainingTimes, HaveNoRowsWhereNothingWasPredicted) {
  StudyResults study;
  study.architectures = {"b"};
  study.all.runs = {timed_run("b", std::nullopt)};
  EXPECT_TRUE(training_times_table(study).rows.empty());
}

}  // namespace
}  // namespace isoloss
