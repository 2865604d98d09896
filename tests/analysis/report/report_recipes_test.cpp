// Reports of studies that differ from the standard one; a process each, since each is made anew.
#include "analysis/report/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "analysis/report/report_comparisons.h"
#include "analysis/report/report_fit_card.h"
#include "analysis/report/report_headline.h"
#include "analysis/report/report_plots.h"
#include "analysis/report/report_rules.h"
#include "analysis/report/report_sources.h"
#include "analysis/report/report_spec.h"
#include "analysis/report/report_trials.h"
#include "results/csv.h"
#include "tests/analysis/report/report_of_recipe.h"
#include "tests/temporary_folder.h"

namespace isoloss {
namespace {

using ::testing::AnyOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(ReportOfRecipe, SavingsTableHoldsTheRecipesSavings) {
  StudyRecipe recipe;
  recipe.seed_noise = 5e-4;
  const std::map<std::string, double> saving(recipe.architectures.begin(),
                                             recipe.architectures.end());
  const Table table = savings_table(study_of(recipe));
  ASSERT_GE(table.rows.size(), 24u);  // 12 comparisons at two losses or three
  for (const auto& row : table.rows) {
    const double true_savings = saving.at(row[0].value) / saving.at(row[1].value);
    // 6 %: actual FLOPs spread inside a budget, worth .005 nats at a slope of .13 a unit of ln C.
    EXPECT_NEAR(std::stod(row[4].value) / true_savings, 1, 0.06) << row[0].value << row[1].value;
    EXPECT_LE(std::stod(row[5].value), std::stod(row[4].value));
    EXPECT_GE(std::stod(row[6].value), std::stod(row[4].value));
  }
}

TEST(ReportOfRecipe, LossPlotHoldsTheLawsLosses) {
  StudyRecipe recipe;
  recipe.seed_noise = 0;
  const StudyResults study = study_of(recipe);
  const Plot plot = report_plots(study).front().plots.front();
  ASSERT_EQ(plot.name, "loss_against_compute");
  int checked = 0;
  for (const Series& series : plot.series) {
    if (series.kind != SeriesKind::Lines) continue;
    const double saving = std::map<std::string, double>(recipe.architectures.begin(),
                                                        recipe.architectures.end())[series.title];
    for (std::size_t i = 0; i < series.x.size(); ++i) {
      // The frontier is the law at N*: no size term. 5e-3: the spread of actual FLOPs in a budget.
      EXPECT_NEAR(series.y[i], 1.2 + 0.62 * std::pow(saving * series.x[i] / 1e12, -0.25), 5e-3);
      ++checked;
    }
  }
  EXPECT_GE(checked, 8);
}

// Rows of one kind in the CSV beside a plot.
std::size_t rows_of(const WrittenStudy& written, const std::string& name, const std::string& kind) {
  const auto beside = written.folder / "report";
  EXPECT_TRUE(std::filesystem::exists(beside / (name + ".svg"))) << name;
  EXPECT_THAT(written.page, HasSubstr("id=\"" + name + "-gnuplot_canvas\""));
  const CsvTable table = read_csv(beside / (name + ".csv"));
  return static_cast<std::size_t>(
      std::count_if(table.rows.begin(), table.rows.end(),
                    [&](const CsvRow& row) { return row.fields.at(1) == kind; }));
}

// By the recipe: two architectures of six runs (four sizes, two of them at a second seed) at five
// budgets, of which folds begin after the third; rates that lost the search are not fitted.
TEST(ReportOfRecipe, PlotsOfTheLawsHaveTheirNumbersBeside) {
  StudyRecipe recipe;
  recipe.architectures = {{"transformer", 1.0}, {"primer", 1.5}};
  recipe.budgets = {1e11, 2e11, 4.3e11, 9.3e11, 2e12};
  const WrittenStudy written(recipe);
  for (const char* name : {"residuals_against_parameters", "residuals_against_tokens",
                           "residuals_against_tokens_per_parameter"}) {
    EXPECT_EQ(rows_of(written, name, "points"), 60u) << name;
    EXPECT_EQ(rows_of(written, name, "level"), 1u) << name;
  }
  EXPECT_EQ(rows_of(written, "parity", "points"), 60u);
  EXPECT_EQ(rows_of(written, "parity", "line"), 2u);
  EXPECT_EQ(rows_of(written, "hold_out_error", "points"), 4u);
  const StudyResults study = read_study({written.folder}, with_draws(kDraws));
  for (const std::size_t i : {1, 2}) {
    const std::string contours = "contours_" + std::to_string(i);
    EXPECT_EQ(rows_of(written, contours, "points"), 30u);
    EXPECT_GT(rows_of(written, contours, "line"), 60u);  // lines of equal loss and the frontier
    EXPECT_GT(rows_of(written, contours, "label"), 1u);
    const auto& fit = study.laws[i - 1].fit;
    ASSERT_TRUE(fit);
    EXPECT_EQ(fit->resamples, kDraws);
    // The draws that converged, and the fit.
    const auto drawn = static_cast<std::size_t>(kDraws - fit->failed_resamples + 1);
    EXPECT_EQ(rows_of(written, "profile_" + std::to_string(i), "points"), drawn);
    EXPECT_GT(rows_of(written, "profile_" + std::to_string(i), "band"), 1u);
    for (int pair = 1; pair <= 5; ++pair) {
      const std::string name = "bootstrap_" + std::to_string(i) + "_" + std::to_string(pair);
      EXPECT_EQ(rows_of(written, name, "points"), drawn) << name;
    }
  }
}

// Three rates at every one of four sizes.
TEST(ReportOfRecipe, RatesBySizeHaveTheirNumbersBeside) {
  StudyRecipe recipe;
  recipe.architectures = {{"transformer", 1.0}, {"primer", 1.5}};
  recipe.rate_list = true;
  const WrittenStudy written(recipe);
  for (const char* name :
       {"loss_against_learning_rate_by_size_1", "loss_against_learning_rate_by_size_2"}) {
    EXPECT_EQ(rows_of(written, name, "points"), 12u) << name;
  }
}

// Folds begin after the third budget, so five budgets leave two.
TEST(ReportOfRecipe, CalibrationNeedsTwoFolds) {
  StudyRecipe recipe;
  recipe.architectures = {{"transformer", 1.0}, {"primer", 1.5}};
  recipe.budgets = {1e11, 2e11, 4.3e11, 9.3e11, 2e12};
  const StudyResults study = study_of(recipe);
  const Table table = calibration_table(study);
  ASSERT_EQ(table.rows.size(), 4 * study.architectures.size());  // four levels each
  for (const ArchitectureLaw& law : study.laws) {
    ASSERT_TRUE(law.fit && law.fit->calibration);
    EXPECT_EQ(law.fit->calibration->folds.size(), 2u);
  }
}

// By hand: two seeds of two sizes at two computes, the rows of a seed together.
TEST(ReportOfRecipe, SeedNoiseOfACsvThatNamesNeitherSizesNorBudgets) {
  const test::TemporaryFolder folder;
  const auto file = folder.write("seeds.csv",
                                 "architecture,parameters,tokens,flops,loss,seed\n"
                                 "a,100,10,6000,3.00,0\n"
                                 "a,200,10,12000,2.50,0\n"
                                 "a,100,20,12000,2.80,0\n"
                                 "a,200,20,24000,2.20,0\n"
                                 "a,200,20,24000,2.26,1\n"
                                 "a,100,20,12000,2.82,1\n"
                                 "a,200,10,12000,2.54,1\n"
                                 "a,100,10,6000,3.08,1\n");
  const Table table = seed_noise_table(read_study({file}, with_draws(0)));
  const double differences[] = {0.08, 0.02, 0.04, 0.06};  // by size, then compute
  const char* sizes[] = {"100", "100", "200", "200"};
  ASSERT_EQ(table.rows.size(), 4u);
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(table.rows[i][1].value, sizes[i]);
    EXPECT_EQ(table.rows[i][4].value, "2");
    EXPECT_NEAR(std::stod(table.rows[i][6].value), differences[i] / std::sqrt(2.0), 1e-12);
  }
}

TEST(ReportOfRecipe, OfACsvIsWrittenWhereItIsAsked) {
  const test::TemporaryFolder folder;
  folder.write("mine.csv",
               "architecture,parameters,tokens,flops,loss\n"
               "a,100,10,6000,3.00\n"
               "a,200,10,12000,2.50\n");
  ReportOptions options = with_draws(0);
  options.out = folder / "elsewhere";
  EXPECT_EQ(write_report({folder / "mine.csv"}, options).page,
            folder / "elsewhere" / "report.html");
  EXPECT_TRUE(std::filesystem::exists(folder / "elsewhere" / "report" / "points.csv"));
}

TEST(ReportOfRecipe, WithoutReplicatesThePageSaysWhatToTrainFirst) {
  StudyRecipe recipe;
  recipe.architectures = {{"transformer", 1.0}, {"primer", 1.5}};
  recipe.replicates = false;
  const WrittenStudy written(recipe);
  EXPECT_THAT(written.page, HasSubstr("Train two sizes at two seeds first"));
  EXPECT_THAT(written.page, Not(HasSubstr("id=\"table-next_runs\"")));
}

TEST(ReportOfRecipe, HostileNamesStayText) {
  StudyRecipe recipe;
  recipe.architectures = {{"transformer", 1.0}, {"<img src=x>'\"&`_{}^", 1.5}};
  recipe.study = "<script>alert(1)</script>";
  recipe.machine = "</dd><b>";
  const WrittenStudy written(recipe);
  EXPECT_THAT(written.page, Not(HasSubstr("<script>")));
  EXPECT_THAT(written.page, Not(HasSubstr("<img")));
  EXPECT_THAT(written.page, Not(HasSubstr("</dd><b>")));
  EXPECT_THAT(written.page, HasSubstr("&lt;img src=x&gt;"));
}

TEST(ReportOfRecipe, OneArchitectureIsReportedByItsFloor) {
  StudyRecipe recipe;
  recipe.architectures = {{"primer-ez", 1.3}};
  recipe.budgets = {1e11, 2e11, 4e11, 8e11, 1.6e12, 3.2e12, 6.4e12};
  recipe.floor_known = true;
  const WrittenStudy written(recipe);
  EXPECT_THAT(written.page, HasSubstr("exact floor 1.2000"));
  EXPECT_THAT(written.page, HasSubstr(">exact floor</text>"));
  EXPECT_THAT(written.page, Not(HasSubstr("<h2>Savings</h2>")));
}

TEST(ReportOfRecipe, RefusedSavingsSayWhy) {
  StudyRecipe recipe;
  recipe.architectures = {{"transformer", 1.0}, {"primer", 1000.0}};  // losses never meet
  const StudyResults study = study_of(recipe);
  const auto lines = verdicts(study);
  ASSERT_FALSE(lines.empty());
  EXPECT_THAT(lines.front().claim, HasSubstr("no savings"));
  EXPECT_FALSE(lines.front().detail.empty());
}

TEST(ReportOfRecipe, WithoutReplicatesNothingIsClaimed) {
  StudyRecipe recipe;
  recipe.architectures = {{"transformer", 1.0}, {"primer", 1.5}};
  recipe.replicates = false;
  const StudyResults study = study_of(recipe);
  ASSERT_FALSE(verdicts(study).empty());
  for (const Verdict& verdict : verdicts(study)) {
    EXPECT_THAT(verdict.claim + verdict.detail, Not(HasSubstr("95 % interval")));
    EXPECT_THAT(verdict.detail, AnyOf(HasSubstr("not measured"), HasSubstr("budget")));
  }
}

TEST(ReportRules, NameAMissingBaselineWideRatesAndMissingSeeds) {
  StudyRecipe recipe;
  recipe.architectures = {{"transformer", 1.0}, {"primer", 1.5}};
  recipe.rate_step = 3;
  recipe.architectures = {{"transformer", 1.0}, {"primer", 1.5}};
  recipe.replicates = false;
  const auto broken = broken_rules(study_of(recipe));
  EXPECT_THAT(broken, Contains(HasSubstr("no transformer++")));
  EXPECT_THAT(broken, Contains(HasSubstr("up to 3.00 times apart")));
  EXPECT_THAT(broken, Contains(HasSubstr("seed noise not measured")));
}

TEST(ReportStudy, SpecFieldsThatAreNotThereAreSaidToBe) {
  RunHeader header;
  header.spec_json = "no JSON";
  EXPECT_EQ(spec_text(header, {"optimizer", "schedule"}), "not recorded");
}

TEST(ReportStudy, FolderGivenTwiceCountsOnce) {
  const test::TemporaryFolder own = write_study({});
  const std::filesystem::path& folder = own.path();
  EXPECT_EQ(read_sources({folder, folder}).runs.size(), read_sources({folder}).runs.size());
}

}  // namespace
}  // namespace isoloss
