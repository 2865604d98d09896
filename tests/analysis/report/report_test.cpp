#include "analysis/report/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>
#include <regex>
#include <set>

#include "analysis/report/report_card.h"
#include "analysis/report/report_fit_card.h"
#include "analysis/report/report_headline.h"
#include "analysis/report/report_plots.h"
#include "analysis/report/report_rules.h"
#include "analysis/report/report_spec.h"
#include "analysis/report/report_study.h"
#include "analysis/report/report_tables.h"
#include "model/spec/error.h"
#include "results/csv.h"
#include "results/durable_file.h"
#include "tests/analysis/report/report_fixture.h"

namespace isoloss {
namespace {

using ::testing::AnyOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr int kDraws = 100;

struct Written {
  std::filesystem::path folder;
  std::string page;
};

// Removes the folder of the standard study when the tests end.
struct Kept {
  Written written;
  ~Kept() { std::filesystem::remove_all(written.folder); }
};

Written write(const StudyRecipe& recipe) {
  Written out{write_study(recipe), ""};
  ReportOptions options;
  options.bootstrap = kDraws;
  out.page = read_file(write_report({out.folder}, options).page);
  return out;
}

// One report of the standard study for all tests that only read it.
const Written& standard() {
  static const Kept kept{write({})};
  return kept.written;
}

StudyResults study_of(const StudyRecipe& recipe) {
  const auto folder = write_study(recipe);
  ReportOptions options;
  options.bootstrap = kDraws;
  StudyResults study = read_study({folder}, options);
  std::filesystem::remove_all(folder);
  return study;
}

const StudyResults& standard_study() {
  static const StudyResults study = study_of({});
  return study;
}

TEST(Report, NamesEveryArchitectureInHeadlineAndTables) {
  for (const char* name : {"transformer", "transformer++", "primer-ez", "primer"}) {
    EXPECT_THAT(standard().page, HasSubstr(std::string("<td>") + name + "</td>"));
    EXPECT_THAT(standard().page, HasSubstr(std::string(">") + name + "</text>"));
  }
}

TEST(Report, ComparesWithNamedAndBestBaselineInBothUnits) {
  std::set<std::string> seen;
  for (const Comparison& c : standard_study().comparisons) {
    seen.insert(c.candidate + " " + c.baseline + (c.wall_clock ? " s" : ""));
  }
  // transformer++ saves most by the recipe, so it is the best baseline of both primers.
  for (const char* pair : {"primer transformer", "primer transformer s", "primer transformer++",
                           "primer-ez transformer++ s", "transformer++ transformer"}) {
    EXPECT_THAT(seen, Contains(pair));
  }
}

TEST(Report, SavingsTableHoldsTheRecipesSavings) {
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

TEST(Report, LossPlotHoldsTheLawsLosses) {
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

TEST(Report, EveryPlotOfTheStudyIsThereAndBesideThePage) {
  for (const char* name :
       {"loss_against_compute", "savings_flops_baseline_1", "savings_by_compute_baseline_1",
        "savings_seconds_baseline_1", "isoflop_1", "isoflop_4", "best_size_against_compute",
        "best_tokens_against_compute", "tokens_per_parameter_against_compute",
        "loss_against_learning_rate", "learning_curves", "crossing_at_equal_loss", "one_shot_1",
        "one_shot_1_over_loss", "one_shot_2", "one_shot_2_over_loss", "one_shot_multipliers"}) {
    const auto beside = standard().folder / "report";
    EXPECT_TRUE(std::filesystem::exists(beside / (std::string(name) + ".svg"))) << name;
    EXPECT_FALSE(read_csv(beside / (std::string(name) + ".csv")).rows.empty()) << name;
    EXPECT_THAT(standard().page, HasSubstr("id=\"" + std::string(name) + "-gnuplot_canvas\""));
  }
}

// Rows of one kind in the CSV beside a plot.
std::size_t rows_of(const Written& written, const std::string& name, const std::string& kind) {
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
TEST(Report, PlotsOfTheLawsHaveTheirNumbersBeside) {
  StudyRecipe recipe;
  recipe.architectures = {{"transformer", 1.0}, {"primer", 1.5}};
  recipe.budgets = {1e11, 2e11, 4.3e11, 9.3e11, 2e12};
  const Written written = write(recipe);
  for (const char* name : {"residuals_against_parameters", "residuals_against_tokens",
                           "residuals_against_tokens_per_parameter"}) {
    EXPECT_EQ(rows_of(written, name, "points"), 60u) << name;
    EXPECT_EQ(rows_of(written, name, "level"), 1u) << name;
  }
  EXPECT_EQ(rows_of(written, "parity", "points"), 60u);
  EXPECT_EQ(rows_of(written, "parity", "line"), 2u);
  EXPECT_EQ(rows_of(written, "hold_out_error", "points"), 4u);
  ReportOptions options;
  options.bootstrap = kDraws;
  const StudyResults study = read_study({written.folder}, options);
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
  std::filesystem::remove_all(written.folder);
}

// Three rates at every one of four sizes.
TEST(Report, RatesBySizeHaveTheirNumbersBeside) {
  StudyRecipe recipe;
  recipe.architectures = {{"transformer", 1.0}, {"primer", 1.5}};
  recipe.rate_list = true;
  const Written written = write(recipe);
  for (const char* name :
       {"loss_against_learning_rate_by_size_1", "loss_against_learning_rate_by_size_2"}) {
    EXPECT_EQ(rows_of(written, name, "points"), 12u) << name;
  }
  std::filesystem::remove_all(written.folder);
}

TEST(Report, MarkersSayWhichTrialTheyAre) {
  const std::string svg = read_file(standard().folder / "report" / "loss_against_compute.svg");
  EXPECT_THAT(svg, HasSubstr("<title>primer-ez, size 32x4, seed 1\n2.5e4 parameters"));
  EXPECT_THAT(svg, HasSubstr("budget 4.3e11 FLOPs\nloss "));
}

TEST(Report, LossAxisIsShownInBitsPerByte) {
  // The fixture's tokens are bytes: a nat is 1 / ln 2 bits.
  const Plot plot = report_plots(standard_study()).front().plots.front();
  ASSERT_TRUE(plot.second);
  EXPECT_NEAR(plot.second->per_unit, 1.4426950408889634, 1e-12);
}

// A fit of the folder, or of the points beside the page, says of which report it is.
TEST(Report, HasTheDigestOfAFitOfTheSamePoints) {
  FitOptions options;
  options.law = "chinchilla";
  options.architecture = "primer";
  options.bootstrap = 0;
  const PointTable folder = read_points(standard().folder, "exact", true);
  EXPECT_THAT(standard().page, HasSubstr(fit_law(folder, options).origin.digest));
}

TEST(Report, EveryFileBesideThePageNamesTheDataItIsOf) {
  ReportOptions options;
  options.bootstrap = 0;
  const std::string digest = read_study({standard().folder}, options).digest.digest;
  EXPECT_THAT(standard().page, HasSubstr(digest));
  for (const auto& entry : std::filesystem::directory_iterator(standard().folder / "report")) {
    if (entry.path().extension() != ".csv" || entry.path().filename() == "points.csv") continue;
    EXPECT_THAT(read_csv(entry.path()).comments, Contains(HasSubstr(digest))) << entry.path();
  }
}

TEST(Report, PointsBesideThePageMakeTheSameReportAgain) {
  const auto points = standard().folder / "report" / "points.csv";
  ReportOptions options;
  options.bootstrap = 0;
  const StudyResults again = read_study({points}, options);
  const StudyResults& study = standard_study();
  EXPECT_TRUE(again.from_csv());
  ASSERT_EQ(again.comparisons.size(), study.comparisons.size());
  for (std::size_t i = 0; i < again.comparisons.size(); ++i) {
    ASSERT_EQ(again.comparisons[i].savings.has_value(), study.comparisons[i].savings.has_value());
    if (!again.comparisons[i].savings) continue;
    EXPECT_NEAR(again.comparisons[i].savings->at[0].savings,
                study.comparisons[i].savings->at[0].savings, 1e-9);
  }
}

TEST(Report, CsvOfPointsIsReportedBesideItself) {
  const auto folder = std::filesystem::temp_directory_path() / "isoloss-report-of-csv";
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  std::filesystem::copy_file(standard().folder / "report" / "points.csv", folder / "mine.csv");
  ReportOptions options;
  options.bootstrap = 20;
  const WrittenReport written = write_report({folder / "mine.csv"}, options);
  EXPECT_EQ(written.page, folder / "mine-report" / "report.html");
  const std::string page = read_file(written.page);
  EXPECT_THAT(page, HasSubstr(written.digest));
  EXPECT_THAT(page, HasSubstr("does not say how its runs were trained"));
  EXPECT_THAT(page, Not(HasSubstr("learning_curves-gnuplot")));
  options.out = folder / "elsewhere";
  EXPECT_EQ(write_report({folder / "mine.csv"}, options).page,
            folder / "elsewhere" / "report.html");
  EXPECT_THROW(write_report({folder / "mine.csv", standard().folder}, options), InputError);
  std::filesystem::remove_all(folder);
}

TEST(Report, IdsAreUnique) {
  std::multiset<std::string> ids;
  const std::string& page = standard().page;
  const std::regex id("\\sid=[\"']([^\"']*)[\"']");
  for (std::sregex_iterator i(page.begin(), page.end(), id), end; i != end; ++i)
    ids.insert((*i)[1]);
  ASSERT_GT(ids.size(), 100u);
  EXPECT_EQ(ids.size(), std::set<std::string>(ids.begin(), ids.end()).size());
}

TEST(Report, AsksNothingOfTheNetworkAndRunsNoScript) {
  for (const char* word : {"http:", "https:", "<script", "<link", "@import", "url(", "src="}) {
    EXPECT_THAT(standard().page, Not(HasSubstr(word)));
  }
}

TEST(Report, EveryTableReadsBack) {
  std::set<std::string> tables;
  for (const auto& entry : std::filesystem::directory_iterator(standard().folder / "report")) {
    if (entry.path().extension() != ".csv") continue;
    EXPECT_FALSE(read_csv(entry.path()).rows.empty()) << entry.path();
    tables.insert(entry.path().stem().string());
  }
  for (const char* table :
       {"savings", "growth", "next_study_seeds", "next_runs", "next_places", "loss_changes",
        "crossings", "frontiers", "seed_noise", "law_parameters", "law_fits", "trials", "one_shot",
        "points", "compute_at_equal_accuracy", "accuracy_over_loss", "accuracy_hold_out",
        "accuracy_of_larger_models"}) {
    EXPECT_THAT(tables, Contains(table));
  }
}

// Folds begin after the third budget: four budgets leave one, which is none to be widened by.
TEST(Report, CalibrationNeedsTwoFolds) {
  EXPECT_TRUE(calibration_table(standard_study()).rows.empty());
  StudyRecipe recipe;
  recipe.budgets = {1e11, 2e11, 4.3e11, 9.3e11, 2e12};
  const StudyResults study = study_of(recipe);
  const Table table = calibration_table(study);
  ASSERT_EQ(table.rows.size(), 4 * study.architectures.size());  // four levels each
  for (const ArchitectureLaw& law : study.laws) {
    ASSERT_TRUE(law.fit && law.fit->calibration);
    EXPECT_EQ(law.fit->calibration->folds.size(), 2u);
  }
}

TEST(Report, SeedNoiseTableHoldsTheSampleDeviation) {
  const StudyResults& study = standard_study();
  ASSERT_FALSE(study.replicates.empty());
  const Replicates& group = study.replicates.front();
  ASSERT_EQ(group.losses.size(), 2u);
  // Of two values the sample deviation is their distance over root two.
  EXPECT_NEAR(group.deviation, std::abs(group.losses[0] - group.losses[1]) / std::sqrt(2.0), 1e-12);
}

// By hand: two seeds of two sizes at two computes, the rows of a seed together.
TEST(Report, SeedNoiseOfACsvThatNamesNeitherSizesNorBudgets) {
  const auto file = std::filesystem::temp_directory_path() / "isoloss-report-seeds.csv";
  std::ofstream(file) << "architecture,parameters,tokens,flops,loss,seed\n"
                         "a,100,10,6000,3.00,0\n"
                         "a,200,10,12000,2.50,0\n"
                         "a,100,20,12000,2.80,0\n"
                         "a,200,20,24000,2.20,0\n"
                         "a,200,20,24000,2.26,1\n"
                         "a,100,20,12000,2.82,1\n"
                         "a,200,10,12000,2.54,1\n"
                         "a,100,10,6000,3.08,1\n";
  ReportOptions options;
  options.bootstrap = 0;
  const Table table = seed_noise_table(read_study({file}, options));
  std::filesystem::remove(file);
  const double differences[] = {0.08, 0.02, 0.04, 0.06};  // by size, then compute
  const char* sizes[] = {"100", "100", "200", "200"};
  ASSERT_EQ(table.rows.size(), 4u);
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(table.rows[i][1].value, sizes[i]);
    EXPECT_EQ(table.rows[i][4].value, "2");
    EXPECT_NEAR(std::stod(table.rows[i][6].value), differences[i] / std::sqrt(2.0), 1e-12);
  }
}

TEST(Report, SavingsByComputeHaveTheBandAtACompute) {
  for (const PlotSection& section : report_plots(standard_study())) {
    for (const Plot& plot : section.plots) {
      if (plot.name != "savings_by_compute_baseline_1") continue;
      for (const Comparison& comparison : standard_study().comparisons) {
        if (comparison.baseline != "transformer" || comparison.wall_clock) continue;
        const auto band =
            std::find_if(plot.series.begin(), plot.series.end(), [&](const Series& series) {
              return series.kind == SeriesKind::Band && series.name == comparison.candidate;
            });
        ASSERT_NE(band, plot.series.end());
        const auto& by_compute = comparison.savings->by_compute;
        ASSERT_EQ(band->x.size(), by_compute.size());
        for (std::size_t i = 0; i < by_compute.size(); ++i) {
          EXPECT_EQ(band->x[i], by_compute[i].baseline_compute);
          EXPECT_EQ(band->low[i], by_compute[i].interval->first);
        }
      }
      return;
    }
  }
  FAIL() << "no such plot";
}

TEST(Report, WithoutReplicatesThePageSaysWhatToTrainFirst) {
  StudyRecipe recipe;
  recipe.replicates = false;
  const Written written = write(recipe);
  EXPECT_THAT(written.page, HasSubstr("Train two sizes at two seeds first"));
  EXPECT_THAT(written.page, Not(HasSubstr("id=\"table-next_runs\"")));
  std::filesystem::remove_all(written.folder);
}

TEST(Report, HostileNamesStayText) {
  StudyRecipe recipe;
  recipe.architectures = {{"transformer", 1.0}, {"<img src=x>'\"&`_{}^", 1.5}};
  recipe.study = "<script>alert(1)</script>";
  recipe.machine = "</dd><b>";
  const Written written = write(recipe);
  EXPECT_THAT(written.page, Not(HasSubstr("<script>")));
  EXPECT_THAT(written.page, Not(HasSubstr("<img")));
  EXPECT_THAT(written.page, Not(HasSubstr("</dd><b>")));
  EXPECT_THAT(written.page, HasSubstr("&lt;img src=x&gt;"));
  std::filesystem::remove_all(written.folder);
}

TEST(Report, OneArchitectureIsReportedByItsFloor) {
  StudyRecipe recipe;
  recipe.architectures = {{"primer-ez", 1.3}};
  recipe.budgets = {1e11, 2e11, 4e11, 8e11, 1.6e12, 3.2e12, 6.4e12};
  recipe.floor_known = true;
  const Written written = write(recipe);
  EXPECT_THAT(written.page, HasSubstr("exact floor 1.2000"));
  EXPECT_THAT(written.page, HasSubstr(">exact floor</text>"));
  EXPECT_THAT(written.page, Not(HasSubstr("<h2>Savings</h2>")));
  std::filesystem::remove_all(written.folder);
}

TEST(Report, RefusedSavingsSayWhy) {
  StudyRecipe recipe;
  recipe.architectures = {{"transformer", 1.0}, {"primer", 1000.0}};  // losses never meet
  const StudyResults study = study_of(recipe);
  const auto lines = verdicts(study);
  ASSERT_FALSE(lines.empty());
  EXPECT_THAT(lines.front().claim, HasSubstr("no savings"));
  EXPECT_FALSE(lines.front().detail.empty());
}

TEST(Report, WithoutReplicatesNothingIsClaimed) {
  StudyRecipe recipe;
  recipe.replicates = false;
  const StudyResults study = study_of(recipe);
  ASSERT_FALSE(verdicts(study).empty());
  for (const Verdict& verdict : verdicts(study)) {
    EXPECT_THAT(verdict.claim + verdict.detail, Not(HasSubstr("95 % interval")));
    EXPECT_THAT(verdict.detail, AnyOf(HasSubstr("not measured"), HasSubstr("budget")));
  }
}

TEST(ReportRules, NameWhatTheStandardStudyLacks) {
  const auto broken = broken_rules(standard_study());
  EXPECT_THAT(broken, Contains(HasSubstr("half the batch")));
  EXPECT_THAT(broken, Contains(HasSubstr("undecayed")));
  EXPECT_THAT(broken, Contains(HasSubstr("fewer than six")));
  EXPECT_THAT(broken, Contains(HasSubstr("Growth")));
  EXPECT_THAT(broken, Not(Contains(HasSubstr("transformer++"))));
  EXPECT_THAT(broken, Not(Contains(HasSubstr("1.8"))));
  EXPECT_THAT(broken, Not(Contains(HasSubstr("min_dim_factored"))));
}

TEST(ReportRules, NameAMissingBaselineWideRatesAndMissingSeeds) {
  StudyRecipe recipe;
  recipe.architectures = {{"transformer", 1.0}, {"primer", 1.5}};
  recipe.rate_step = 3;
  recipe.replicates = false;
  const auto broken = broken_rules(study_of(recipe));
  EXPECT_THAT(broken, Contains(HasSubstr("no transformer++")));
  EXPECT_THAT(broken, Contains(HasSubstr("up to 3.00 times apart")));
  EXPECT_THAT(broken, Contains(HasSubstr("seed noise not measured")));
}

TEST(ReportCard, StatesTheConditions) {
  const std::string card = card_html(standard_study());
  for (const char* words :
       {"1024 tokens, sequences of 128", "204800 tokens (200 steps)", "losses are undecayed",
        "these documents only", "attention as full T x T", "adafactor", "lost the search",
        "is left out of savings"}) {
    EXPECT_THAT(card, HasSubstr(words));
  }
}

TEST(ReportStudy, SpecFieldsThatAreNotThereAreSaidToBe) {
  RunHeader header;
  header.spec_json = "no JSON";
  EXPECT_EQ(spec_text(header, {"optimizer", "schedule"}), "not recorded");
}

TEST(ReportStudy, FolderGivenTwiceCountsOnce) {
  const auto folder = write_study({});
  ReportOptions options;
  options.bootstrap = kDraws;
  EXPECT_EQ(read_study({folder, folder}, options).all.runs.size(),
            read_study({folder}, options).all.runs.size());
  std::filesystem::remove_all(folder);
}

TEST(Report, EmptyFolderIsBadInput) {
  const auto folder = std::filesystem::temp_directory_path() / "isoloss-report-empty";
  std::filesystem::create_directories(folder);
  EXPECT_THROW(write_report({folder}, {}), InputError);
  EXPECT_FALSE(std::filesystem::exists(folder / "report.html"));
  EXPECT_THROW(write_report({folder / "nowhere"}, {}), InputError);
  std::filesystem::remove_all(folder);
}

TEST(Report, UnknownBaselineIsBadInput) {
  ReportOptions options;
  options.baseline = "primerr";
  EXPECT_THROW(read_study({standard().folder}, options), InputError);
}

}  // namespace
}  // namespace isoloss
