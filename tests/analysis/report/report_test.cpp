#include "analysis/report/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <regex>
#include <set>

#include "analysis/report/report_card.h"
#include "analysis/report/report_fit_card.h"
#include "analysis/report/report_plots.h"
#include "analysis/report/report_rules.h"
#include "analysis/report/report_trials.h"
#include "model/spec/error.h"
#include "results/csv.h"
#include "results/durable_file.h"
#include "tests/analysis/report/report_of_recipe.h"
#include "tests/temporary_folder.h"

namespace isoloss {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

// One report of the standard study for all tests that only read it.
const WrittenStudy& standard() {
  static const WrittenStudy written{{}};
  return written;
}

const StudyResults& standard_study() {
  static const StudyResults study = read_study({standard().folder}, with_draws(kDraws));
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
  const std::string& digest = standard_study().digest.digest;
  EXPECT_THAT(standard().page, HasSubstr(digest));
  for (const auto& entry : std::filesystem::directory_iterator(standard().folder / "report")) {
    if (entry.path().extension() != ".csv" || entry.path().filename() == "points.csv") continue;
    EXPECT_THAT(read_csv(entry.path()).comments, Contains(HasSubstr(digest))) << entry.path();
  }
}

TEST(Report, PointsBesideThePageMakeTheSameReportAgain) {
  const auto points = standard().folder / "report" / "points.csv";
  const StudyResults again = read_study({points}, with_draws(0));
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
  const test::TemporaryFolder folder;
  std::filesystem::copy_file(standard().folder / "report" / "points.csv", folder / "mine.csv");
  const WrittenReport written = write_report({folder / "mine.csv"}, with_draws(20));
  EXPECT_EQ(written.page, folder / "mine-report" / "report.html");
  const std::string page = read_file(written.page);
  EXPECT_THAT(page, HasSubstr(written.digest));
  EXPECT_THAT(page, HasSubstr("does not say how its runs were trained"));
  EXPECT_THAT(page, Not(HasSubstr("learning_curves-gnuplot")));
  EXPECT_THROW(write_report({folder / "mine.csv", standard().folder}, {}), InputError);
}

// What a shell would read as its own stands between single quotes (POSIX shell, 2.2.2), and then as
// HTML.
TEST(Report, TheCommandThatMakesItAgainIsOneThatAShellTakes) {
  const test::TemporaryFolder folder;
  std::string csv = "architecture,parameters,tokens,flops,loss\n";
  for (const char* name : {"a<b's $x", "transformer++"})
    for (const char* row : {",1e6,1e8,1e14,4\n", ",1e6,4e8,4e14,3.5\n"})
      csv += name + std::string(row);
  write_durably(folder / "my points.csv", csv);
  ReportOptions options = with_draws(0);
  options.baseline = "a<b's $x";
  const std::string page = read_file(write_report({folder / "my points.csv"}, options).page);
  EXPECT_THAT(page,
              HasSubstr("my points.csv&#39; --baseline &#39;a&lt;b&#39;\\&#39;&#39;s $x&#39; "));
  options.baseline = "transformer++";
  EXPECT_THAT(read_file(write_report({folder / "my points.csv"}, options).page),
              HasSubstr(" --baseline transformer++ "));
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
TEST(Report, CalibrationOfOneFoldIsNone) {
  EXPECT_TRUE(calibration_table(standard_study()).rows.empty());
}

TEST(Report, SeedNoiseTableHoldsTheSampleDeviation) {
  const StudyResults& study = standard_study();
  ASSERT_FALSE(study.replicates.empty());
  const Replicates& group = study.replicates.front();
  ASSERT_EQ(group.losses.size(), 2u);
  // Of two values the sample deviation is their distance over root two.
  EXPECT_NEAR(group.deviation, std::abs(group.losses[0] - group.losses[1]) / std::sqrt(2.0), 1e-12);
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

TEST(Report, RulesNameWhatTheStandardStudyLacks) {
  const auto broken = broken_rules(standard_study());
  EXPECT_THAT(broken, Contains(HasSubstr("half the batch")));
  EXPECT_THAT(broken, Contains(HasSubstr("undecayed")));
  EXPECT_THAT(broken, Contains(HasSubstr("fewer than six")));
  EXPECT_THAT(broken, Contains(HasSubstr("Growth")));
  EXPECT_THAT(broken, Not(Contains(HasSubstr("transformer++"))));
  EXPECT_THAT(broken, Not(Contains(HasSubstr("1.8"))));
  EXPECT_THAT(broken, Not(Contains(HasSubstr("min_dim_factored"))));
}

TEST(Report, CardStatesTheConditions) {
  const std::string card = card_html(standard_study());
  for (const char* words :
       {"1024 tokens, sequences of 128", "204800 tokens (200 steps)", "losses are undecayed",
        "these documents only", "attention as full T x T", "adafactor", "lost the search",
        "is left out of savings"}) {
    EXPECT_THAT(card, HasSubstr(words));
  }
}

TEST(Report, EmptyFolderIsBadInput) {
  const test::TemporaryFolder folder;
  EXPECT_THROW(write_report({folder.path()}, {}), InputError);
  EXPECT_FALSE(std::filesystem::exists(folder / "report.html"));
  EXPECT_THROW(write_report({folder / "nowhere"}, {}), InputError);
}

TEST(Report, UnknownBaselineIsBadInput) {
  ReportOptions options;
  options.baseline = "primerr";
  EXPECT_THROW(read_study({standard().folder}, options), InputError);
}

}  // namespace
}  // namespace isoloss
