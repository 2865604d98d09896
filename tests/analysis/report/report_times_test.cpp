// Training time predicted and taken, by hand on three runs.
#include "analysis/report/report_times.h"

#include <gtest/gtest.h>

#include <iterator>
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
    EXPECT_DOUBLE_EQ(value(row, 4), 2);        // runs
    EXPECT_DOUBLE_EQ(value(row, 5), 5 + 20);   // predicted
    EXPECT_DOUBLE_EQ(value(row, 6), 10 + 10);  // took
    EXPECT_DOUBLE_EQ(value(row, 7), 20.0 / 25);
    EXPECT_DOUBLE_EQ(value(row, 8), 0.5);
    EXPECT_DOUBLE_EQ(value(row, 9), 2);
  }
  EXPECT_EQ(table.rows[1][0].shown, "all");
}

TEST(TrainingTimes, HaveNoRowsWhereNothingWasPredicted) {
  StudyResults study;
  study.architectures = {"b"};
  study.all.runs = {timed_run("b", std::nullopt)};
  EXPECT_TRUE(training_times_table(study).rows.empty());
}

TEST(Makespans, AreOfFoldersThatSayHowLongTheirStartsTook) {
  StudyResults study;
  study.makespans = {{.ranks = 4,
                      .predicted_seconds = 200,
                      .lowest_seconds = 150,
                      .highest_seconds = 400,
                      .starts = 2,
                      .seconds = 250},
                     {.ranks = 2, .predicted_seconds = 100, .starts = 3}};
  const Table table = makespans_table(study);
  ASSERT_EQ(table.rows.size(), 1);
  const double wanted[] = {4, 2, 200, 150, 400, 250, 1.25};
  for (std::size_t i = 0; i < std::size(wanted); ++i)
    EXPECT_DOUBLE_EQ(std::stod(table.rows[0][i].value), wanted[i]) << i;
}

TEST(TrainingMemory, IsTheMostOfAKindBesideItsPrediction) {
  StudyResults study;
  study.architectures = {"a"};
  for (const double peak : {80e6, 110e6}) {
    RunRecord run = timed_run("a", std::nullopt);
    run.header.predicted_memory_bytes = 100e6;
    run.header.peak_memory_bytes = peak;
    study.all.runs.push_back(run);
  }
  study.all.runs.push_back(timed_run("a", std::nullopt));  // of an earlier version
  const Table table = training_memory_table(study);
  ASSERT_EQ(table.rows.size(), 2);
  const double wanted[] = {2, 100, 110, 1.1, 0.8, 1.1};
  for (const auto& row : table.rows)
    for (std::size_t i = 0; i < std::size(wanted); ++i)
      EXPECT_DOUBLE_EQ(std::stod(row[4 + i].value), wanted[i]) << i;
}

// A process's bytes and a device's are different things, as are their steps: a study that trained
// some runs on each has rows of either, and no row of both.
TEST(TrainingMemory, OfProcessorsAndDevicesIsNeverOneRow) {
  StudyResults study;
  study.architectures = {"a"};
  const auto add_run = [&](const std::string& machine, double predicted, double peak) {
    RunRecord run = timed_run("a", 1.0);
    run.header.machine = machine;
    run.header.predicted_memory_bytes = predicted;
    run.header.peak_memory_bytes = peak;
    study.all.runs.push_back(run);
  };
  add_run("a processor", 100e6, 110e6);
  add_run("a device", 1000e6, 900e6);
  const Table memory = training_memory_table(study);
  ASSERT_EQ(memory.rows.size(), 4);
  for (std::size_t row = 0; row < 4; ++row) {
    const bool device = row < 2;  // in the order of their names
    EXPECT_EQ(memory.rows[row][3].shown, device ? "a device" : "a processor");
    EXPECT_DOUBLE_EQ(std::stod(memory.rows[row][5].value), device ? 1000 : 100);
    EXPECT_DOUBLE_EQ(std::stod(memory.rows[row][7].value), device ? 0.9 : 1.1);
  }
  EXPECT_EQ(training_times_table(study).rows.size(), 4);
}

}  // namespace
}  // namespace isoloss
