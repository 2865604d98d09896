// One-shot scores in the report of a study: what training scored and what files of scores hold.
#include "analysis/report/report_scores.h"
#include "analysis/report/report_checkpoints.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "analysis/report/report.h"
#include "analysis/report/report_accuracy.h"
#include "analysis/report/report_plots.h"
#include "model/spec/error.h"
#include "results/csv.h"
#include "results/durable_file.h"
#include "results/task_scores_file.h"
#include "tests/analysis/report/report_fixture.h"

namespace isoloss {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::uint64_t kItems = 400;

// A task of four choices: an item is right where its difficulty, evenly spread from 0 to 1, is
// below the accuracy that the model's loss gives, so that better models have the same items right
// and more, and accuracy is the sigmoid to half an item. Passages of two.
TaskScores card_scores(const Point& point, const RunRecord& run, const char* task) {
  TaskScores scores;
  scores.model = point.run;
  scores.trial = fmt::format("{}-{:g}", point.run, point.budget);
  scores.task = task;
  scores.profile = "gpt3";
  scores.chance = 0.25;
  scores.metrics = {"accuracy"};
  for (const Evaluation& evaluation : run.evaluations) {
    if (evaluation.budget != point.budget) continue;
    scores.step = evaluation.step;
    scores.flops = evaluation.flops;
  }
  for (std::uint64_t i = 0; i < kItems; ++i) {
    TaskItem item;
    item.id = std::to_string(i);
    item.cluster = std::to_string(i / 2);
    item.contaminated = i < 10;
    item.gold_bits_per_byte = point.loss / 2;
    const double difficulty = (static_cast<double>(i) + 0.5) / kItems;
    item.values = {difficulty < fixture_continuation(point.loss) ? 1.0 : 0.0};
    scores.items.push_back(item);
  }
  return scores;
}

struct ScoredStudy {
  test::TemporaryFolder own;
  std::filesystem::path folder = own.path();

  explicit ScoredStudy(const StudyRecipe& recipe) : own(write_study(recipe)) {
    const PointTable table = read_points_folder(folder, "exact", false);
    for (const Point& point : table.points) {
      for (const RunRecord& run : table.runs) {
        if (run.header.id != point.run) continue;
        const TaskScores scores = card_scores(point, run, "hellaswag");
        write_task_scores(task_scores_path({folder}, scores), scores);
      }
    }
  }
};

ReportOptions quick() {
  ReportOptions options;
  options.bootstrap = 60;
  return options;
}

const StudyRecipe& two_architectures() {
  static const StudyRecipe recipe{.architectures = {{"transformer", 1.0}, {"primer", 1.6}}};
  return recipe;
}

// The study is read once for all tests of what it holds.
const StudyResults& scored() {
  static const ScoredStudy study(two_architectures());
  static const StudyResults results = read_study({study.folder}, quick());
  return results;
}

std::map<std::string, std::size_t> columns_of(const Table& table) {
  std::map<std::string, std::size_t> out;
  for (std::size_t i = 0; i < table.columns.size(); ++i) out[table.columns[i].key] = i;
  return out;
}

double number(const Table& table, std::size_t row, const std::string& key) {
  return std::stod(table.rows.at(row).at(columns_of(table).at(key)).value);
}

TEST(ReportScores, EveryTaskIsThereOnce) {
  std::vector<std::string> names;
  for (const StudyTask& task : scored().tasks) names.push_back(task.data.task);
  EXPECT_EQ(names, (std::vector<std::string>{"continuation", "hellaswag", "last-word"}));
  EXPECT_TRUE(scored().tasks[1].data.gold_bits);
  EXPECT_EQ(scored().tasks[1].data.contaminated, 10);
}

// Accuracy depends on the loss alone, so compute at equal accuracy is the saving at equal
// loss, 1.6.
TEST(ReportScores, ComputeAtEqualAccuracyIsTheRecipesSaving) {
  const Table table = multipliers_table(scored());
  ASSERT_EQ(table.rows.size(), 9U);
  const std::size_t hellaswag = 4;  // the middle accuracy of the second task
  EXPECT_EQ(table.rows[hellaswag][0].value, "hellaswag (gpt3)");
  EXPECT_NEAR(number(table, hellaswag, "multiplier"), 1.6, 0.25);
  EXPECT_LE(number(table, hellaswag, "interval_low"), 1.65);
  EXPECT_GE(number(table, hellaswag, "interval_high"), 1.5);
  EXPECT_NEAR(number(table, hellaswag, "loss_saving"), 1.6, 0.2);
}

TEST(ReportScores, SigmoidsAreSharedWhereAccuracyDependsOnLossAlone) {
  const Table table = sigmoids_table(scored());
  ASSERT_EQ(table.rows.size(), 3U);
  for (std::size_t row = 0; row < 3; ++row) {
    EXPECT_EQ(table.rows[row][columns_of(table).at("shared")].value, "not rejected") << row;
  }
  EXPECT_EQ(table.rows[1][1].value, "bits per byte of the right answer");
  EXPECT_EQ(table.rows[0][1].value, "held-out loss (nats per token)");
}

TEST(ReportScores, TheLargestBudgetIsPredictedFromTheOthers) {
  const Table table = accuracy_hold_out_table(scored());
  ASSERT_EQ(table.rows.size(), 6U);
  for (std::size_t row = 0; row < 6; ++row) {
    EXPECT_NEAR(number(table, row, "two_step"), number(table, row, "measured"), 0.1) << row;
  }
}

// Both have the same items right and the better one more: none is right for the baseline alone.
TEST(ReportScores, PairsAreOfTheSameItems) {
  const Table table = paired_scores_table(scored(), quick());
  ASSERT_EQ(table.rows.size(), 1U);
  EXPECT_EQ(number(table, 0, "baseline_only"), 0);
  const double more = number(table, 0, "candidate_only");
  EXPECT_GT(more, 0);
  EXPECT_NEAR(number(table, 0, "difference"), more / kItems, 1e-12);
  EXPECT_NEAR(number(table, 0, "mcnemar_p"), std::min(1.0, 2 * std::pow(0.5, more)), 1e-12);
}

TEST(ReportScores, ScoresOfItemsShowContaminationApart) {
  const Table table = task_scores_table(scored());
  EXPECT_EQ(table.rows.size(), scored().scores.size());
  EXPECT_EQ(number(table, 0, "contaminated"), 10);
  EXPECT_EQ(number(table, 0, "clusters"), kItems / 2.0);
  EXPECT_NE(table.rows[0][columns_of(table).at("clean_value")].value, "");
}

TEST(ReportScores, NothingContaminatedIsNotNothingSearched) {
  StudyResults study = scored();
  for (TaskScores& scores : study.scores)
    for (TaskItem& item : scores.items) item.contaminated = false;
  const auto shown = [&](std::optional<bool> searched) {
    for (TaskScores& scores : study.scores) scores.overlap_searched = searched;
    const Table table = task_scores_table(study);
    return table.rows.at(0).at(columns_of(table).at("contaminated")).value;
  };
  EXPECT_EQ(shown(true), "0");
  EXPECT_EQ(shown(false), "not checked");
  EXPECT_EQ(shown(std::nullopt), "not known");
}

const Plot* plot_named(const std::vector<PlotSection>& sections, const std::string& name) {
  for (const PlotSection& section : sections) {
    for (const Plot& plot : section.plots) {
      if (plot.name == name) return &plot;
    }
  }
  return nullptr;
}

TEST(ReportScores, TheBestPossibleIsALevelAndWhoIsAboveItIsNamed) {
  StudyResults study = scored();
  AccuracyTask& task = study.tasks[0].data;
  for (AccuracyPoint& point : task.points) point.best = 0.99;
  auto sections = report_plots(study);
  const Plot* plot = plot_named(sections, "one_shot_1");
  ASSERT_NE(plot, nullptr);
  ASSERT_EQ(plot->levels.size(), 2U);
  EXPECT_EQ(plot->levels[1], (std::pair<double, std::string>(0.99, "best possible")));
  EXPECT_THAT(plot->caption, Not(HasSubstr("Above the best")));
  task.points[0].best = task.points[0].accuracy - 2 * task.points[0].standard_error;
  sections = report_plots(study);
  EXPECT_THAT(plot_named(sections, "one_shot_1")->caption,
              HasSubstr("Above the best possible by more than one standard error, so lucky or "
                        "wrong: " +
                        task.points[0].architecture + ", size " + task.points[0].size));
}

TEST(ReportScores, PublishedRowsStandBesideTheirTaskAlone) {
  const auto sections = report_plots(scored());
  const Plot* plot = plot_named(sections, "one_shot_2_published");
  ASSERT_NE(plot, nullptr);
  std::map<std::string, const Series*> series;
  for (const Series& one : plot->series) series[one.title] = &one;
  ASSERT_TRUE(series.contains("Primer, table 6") && series.contains("GPT-3, table H.1"));
  EXPECT_EQ(series.at("Primer, table 6")->x.size(), 4U);
  EXPECT_THAT(series.at("Primer, table 6")->y, ::testing::Contains(0.633));
  EXPECT_THAT(series.at("GPT-3, table H.1")->y,
              ::testing::ElementsAre(0.33, 0.429, 0.505, 0.535, 0.619, 0.665, 0.7, 78.1 / 100));
  EXPECT_EQ(plot_named(sections, "one_shot_1_published"), nullptr);
}

TEST(ReportScores, CurvesHaveBandsAndStandBesideTheTrials) {
  const auto sections = report_plots(scored());
  const Plot* plot = plot_named(sections, "one_shot_2");
  ASSERT_NE(plot, nullptr);
  int bands = 0, lines = 0;
  for (const Series& series : plot->series) {
    bands += series.kind == SeriesKind::Band && !series.x.empty();
    lines += series.kind == SeriesKind::Lines;
  }
  EXPECT_EQ(bands, 2);
  EXPECT_EQ(lines, 2);
  EXPECT_NE(plot_named(sections, "one_shot_multipliers"), nullptr);
}

// Two more checkpoints of every trial: t-tests and means over them.
TEST(ReportScores, CheckpointsAreCountedByStudentsTest) {
  const ScoredStudy study(two_architectures());
  for (const std::filesystem::path& file : task_scores_files({study.folder})) {
    TaskScores scores = read_task_scores(file);
    for (const std::int64_t back : {1, 2}) {
      TaskScores earlier = scores;
      earlier.step -= back;
      earlier.items[static_cast<std::size_t>(back)].values[0] = 0.5;
      write_task_scores(task_scores_path({study.folder}, earlier), earlier);
    }
  }
  const StudyResults results = read_study({study.folder}, quick());
  const Table table = checkpoint_counts_table(results);
  ASSERT_EQ(table.rows.size(), 1U);
  EXPECT_EQ(number(table, 0, "checkpoints"), 3);
  EXPECT_EQ(number(table, 0, "tasks"), 1);
  EXPECT_EQ(number(table, 0, "better"), 1);  // differences of whole items against halves of one
  const Table spreads = checkpoint_spreads_table(results);
  EXPECT_EQ(spreads.rows.size(), results.scores.size() / 3);
  for (std::size_t row = 0; row < spreads.rows.size(); ++row) {
    EXPECT_EQ(number(spreads, row, "checkpoints"), 3);
    EXPECT_EQ(number(spreads, row, "last_step") - number(spreads, row, "first_step"), 2);
    // Values v, v - h, v - h with h = 0.5 / 400: sample deviation h / sqrt(3).
    EXPECT_NEAR(number(spreads, row, "deviation"), 0.5 / 400 / std::sqrt(3.0), 6e-5);
  }
}

// One task of the study's own text, two earlier checkpoints of every run scored .1 and .2 lower.
TEST(ReportScores, TasksOfTheStudysOwnTextHaveSpreadsToo) {
  StudyResults study = scored();
  for (RunRecord& run : study.results.runs) {
    const std::vector<Score> at_budgets = run.scores;
    for (const Score& score : at_budgets)
      for (const std::int64_t back : {1, 2}) {
        Score earlier = score;
        earlier.step -= back;
        earlier.value -= 0.1 * static_cast<double>(back);
        run.scores.push_back(earlier);
      }
  }
  study.tasks.clear();
  for (AccuracyTask& task : accuracy_tasks(study.results, {}))
    study.tasks.push_back({std::move(task), {}, {}});
  const Table spreads = checkpoint_spreads_table(study);
  ASSERT_FALSE(spreads.rows.empty());
  for (std::size_t row = 0; row < spreads.rows.size(); ++row) {
    EXPECT_EQ(number(spreads, row, "checkpoints"), 3);
    EXPECT_NEAR(number(spreads, row, "deviation"), 0.1, 1e-9);
  }
  const Table counts = checkpoint_counts_table(study);
  ASSERT_EQ(counts.rows.size(), 1U);
  EXPECT_EQ(number(counts, 0, "tasks"), 2);
  EXPECT_EQ(number(counts, 0, "checkpoints"), 3);
}

TEST(ReportScores, ADamagedFileIsNamedAndLeftOut) {
  const ScoredStudy study(two_architectures());
  const std::filesystem::path file = task_scores_files({study.folder}).front();
  const std::size_t whole = read_study({study.folder}, quick()).scores.size();
  write_durably(file, read_file(file).substr(0, 500));
  const StudyResults rest = read_study({study.folder}, quick());
  ASSERT_EQ(rest.unread_scores.size(), 1U);
  EXPECT_THAT(rest.unread_scores[0], HasSubstr(file.string()));
  EXPECT_EQ(rest.scores.size(), whole - 1);
}

}  // namespace
}  // namespace isoloss
