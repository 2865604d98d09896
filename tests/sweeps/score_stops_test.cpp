#include "sweeps/score_stops.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <utility>
#include <vector>

namespace isoloss {
namespace {

PlannedRun run_of(std::int64_t points, std::vector<EvaluationStop> stops) {
  PlannedRun run;
  run.spec.evaluation.card_folders = {"/cards"};
  run.spec.evaluation.score_points = points;
  run.stops = std::move(stops);
  return run;
}

// As pairs of step and budget.
std::vector<std::pair<std::int64_t, double>> listed(const PlannedRun& run) {
  std::vector<std::pair<std::int64_t, double>> result;
  for (const EvaluationStop& stop : score_stops(run)) result.emplace_back(stop.step, stop.budget);
  return result;
}

// By hand: a fortieth of 400 steps is 10, of 1000 steps 25.
TEST(ScoreStops, FivePointsLieEvenlyInTheLastTenthOfEachBudget) {
  const PlannedRun run = run_of(5, {{400, 4e9}, {1000, 1e10}});
  EXPECT_EQ(listed(run), (std::vector<std::pair<std::int64_t, double>>{{360, 4e9},
                                                                       {370, 4e9},
                                                                       {380, 4e9},
                                                                       {390, 4e9},
                                                                       {900, 1e10},
                                                                       {925, 1e10},
                                                                       {950, 1e10},
                                                                       {975, 1e10}}));
}

TEST(ScoreStops, OnePointIsTheBudgetItself) {
  EXPECT_TRUE(listed(run_of(1, {{400, 4e9}})).empty());
}

// floor(20 j / 40) is 0, 1, 1, 2: the budget's own step and step 19 twice are not told again.
TEST(ScoreStops, AShortTrialHasFewerPointsAndNoneTwice) {
  EXPECT_EQ(listed(run_of(5, {{20, 1}})),
            (std::vector<std::pair<std::int64_t, double>>{{18, 1}, {19, 1}}));
}

TEST(ScoreStops, ABranchScoresWhatItTrainsItself) {
  PlannedRun run = run_of(5, {{400, 4e9}});
  run.branch = BranchPoint{0, 375};
  EXPECT_EQ(listed(run), (std::vector<std::pair<std::int64_t, double>>{{380, 4e9}, {390, 4e9}}));
}

TEST(ScoreStops, TasksOfTheStudysOwnTextHaveTheSame) {
  PlannedRun run = run_of(5, {{400, 4e9}});
  const auto of_cards = listed(run);
  run.spec.evaluation.card_folders.clear();
  run.spec.evaluation.tasks = {"last-word"};
  EXPECT_EQ(listed(run), of_cards);
}

TEST(ScoreStops, PublicTasksHaveTheSame) {
  PlannedRun run = run_of(5, {{400, 4e9}});
  const auto of_cards = listed(run);
  run.spec.evaluation.card_folders.clear();
  run.spec.evaluation.task_data = "/tasks.bin";
  EXPECT_EQ(listed(run), of_cards);
}

TEST(ScoreStops, AStudyWithoutTasksHasNone) {
  PlannedRun run = run_of(5, {{400, 4e9}});
  run.spec.evaluation.card_folders.clear();
  EXPECT_TRUE(listed(run).empty());
}

}  // namespace
}  // namespace isoloss
