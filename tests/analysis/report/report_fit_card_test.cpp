// The fit card holds what it takes to do the fits again.
#include "analysis/report/report_fit_card.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>

#include "analysis/report/report_plot_families.h"
#include "analysis/report/report_plot_parts.h"
#include "tests/analysis/chinchilla_grid.h"
#include "tests/temporary_folder.h"

namespace isoloss {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

StudyResults study_of(const std::vector<std::string>& columns) {
  StudyResults study;
  study.architectures = {"a"};
  study.all = test::chinchilla_grid(0.01);
  study.all.flops_convention = "6ND";
  study.all.other_columns = columns;
  for (Point& p : study.all.points) p.other.assign(columns.size(), std::string(1, '2'));
  study.results = study.all;
  ReportOptions options;
  options.bootstrap = 20;
  study.laws = {fit_architecture(study.results, "a", options)};
  return study;
}

// One fit for all tests that only read it.
const StudyResults& plain_study() {
  static const StudyResults study = study_of({});
  return study;
}

// The checklist of Li et al. 2025: form, N, D, C, loss, points and their ranges, objective, bounds,
// optimiser, starts, hold-out, uncertainty, what is left out, checkpoints, data.
void expect_whole(const std::string& card) {
  for (const char* term :
       {"Form", "N", "D", "C", "Loss", "Points", "Objective", "Bounds", "Optimiser", "Starts",
        "Hold-out", "Uncertainty", "Points left out", "Checkpoints", "Data"}) {
    const std::string opening = std::string("<dt>") + term + "</dt><dd>";
    ASSERT_THAT(card, HasSubstr(opening));
    EXPECT_NE(card[card.find(opening) + opening.size()], '<') << term << " is empty";
  }
}

TEST(ReportFitCard, FillsTheWholeChecklist) {
  const StudyResults& study = plain_study();
  ASSERT_TRUE(study.laws[0].fit) << study.laws[0].refusal;
  const std::string card = fit_card_html(study);
  expect_whole(card);
  EXPECT_THAT(card, HasSubstr("a: 25 points, parameters 1e7 to 1e9, tokens 3e8 to 3e10"));
  EXPECT_THAT(card, HasSubstr("convention 6ND"));
  EXPECT_THAT(card, HasSubstr("huber (delta 0.001) of ln(predicted) - ln(loss); every point"));
}

TEST(ReportFitCard, SaysThatRowsAreWeighted) {
  EXPECT_THAT(fit_card_html(study_of({"weight"})), HasSubstr("column weight says"));
}

// 25 points are too few to resample (docs/fitting.md), so no percentiles are spoken of.
TEST(ReportFitCard, UncertaintyIsThatOfTheIntervals) {
  const StudyResults& study = plain_study();
  EXPECT_FALSE(study.laws[0].draws_give_intervals());
  EXPECT_THAT(fit_card_html(study), HasSubstr("scatter about the law (Student t)"));
  EXPECT_THAT(fit_card_html(study), Not(HasSubstr("percentiles")));
  for (const auto& row : law_parameters_table(study).rows) {
    EXPECT_EQ(row[3].value.empty(), row[1].value == "size exponent") << row[1].value;
  }
}

// With a second seed of every trial the draws are of the noise: no resample is spoken of, and the
// law's line has its band.
TEST(ReportFitCard, DrawsOfNoiseAreCalledThat) {
  StudyResults study = plain_study();
  std::vector<Point>& points = study.results.points;
  const std::size_t trials = points.size();
  for (std::size_t i = 0; i < trials; ++i) {
    points[i].has_seed = true;
    Point other = points[i];
    other.seed = 1;
    other.loss *= i % 2 ? 1.01 : 0.99;
    points.push_back(other);
  }
  ReportOptions options;
  options.bootstrap = 20;
  study.laws = {fit_architecture(study.results, "a", options)};
  ASSERT_TRUE(study.laws[0].fit) << study.laws[0].refusal;
  EXPECT_TRUE(study.laws[0].draws_are_noise());
  EXPECT_TRUE(study.laws[0].draws_give_intervals());
  EXPECT_THAT(fit_card_html(study), HasSubstr("percentiles of 20 draws of the noise"));
  for (const auto& row : law_parameters_table(study).rows) {
    EXPECT_FALSE(row[3].value.empty()) << row[1].value;
  }
  for (const Plot& plot : uncertainty_plots(study)) {
    EXPECT_THAT(plot.caption, HasSubstr("noise")) << plot.name;
    EXPECT_THAT(plot.caption, Not(HasSubstr("resample"))) << plot.name;
    EXPECT_THAT(plot.caption, Not(HasSubstr("too little"))) << plot.name;
  }
  const LawLine line = law_line(study, 0, [](const EfficientPoint& best) { return best.loss; });
  EXPECT_EQ(line.band.x.size(), line.line.x.size());
}

TEST(ReportFitCard, SaysWhatCalibrationTakes) {
  StudyResults study = plain_study();
  study.laws[0].fit->calibration.reset();
  EXPECT_THAT(fit_card_html(study), HasSubstr("none: it takes two folds"));
}

// Eight budgets, each at one size: nothing tells size from tokens, and the law is one of compute.
PointTable one_size_a_budget(const std::vector<std::string>& architectures) {
  PointTable table;
  table.source = "made";
  for (const std::string& name : architectures) {
    for (int i = 0; i < 8; ++i) {
      Point p;
      p.architecture = name;
      p.flops = 1e18 * std::pow(3.0, i) * (name == "a" ? 1 : 0.8);
      p.parameters = p.tokens = p.budget = p.learning_rate = p.wall_seconds = std::nan("");
      p.bits_per_byte = std::nan("");
      p.loss = 1.8 + 60 * std::pow(p.flops, -0.1) * (1 + 0.01 * std::sin(5 * i));
      if (name != "a") p.loss -= 0.02;
      table.points.push_back(p);
    }
  }
  return table;
}

StudyResults study_of_compute(const std::vector<std::string>& architectures) {
  const test::TemporaryFolder folder;
  std::ofstream csv(folder / "points.csv");
  write_points_csv(csv, one_size_a_budget(architectures));
  csv.close();
  ReportOptions options;
  options.bootstrap = 20;
  return read_study({folder / "points.csv"}, options);
}

TEST(ReportFitCard, OfALawOfComputeWhereThereIsNoneOfSizes) {
  const StudyResults study = study_of_compute({"a"});
  EXPECT_FALSE(study.laws[0].fit);
  const std::string card = fit_card_html(study);
  expect_whole(card);
  EXPECT_THAT(card, HasSubstr("E + a C^-b of every point"));
  EXPECT_THAT(card, HasSubstr("a: 8 points, flops 1e18 to 2.19e21"));
  EXPECT_THAT(card, HasSubstr("scatter about the law (Student t)"));
  const std::string held_out = study.frontiers[0].law->calibration_missing;
  ASSERT_FALSE(held_out.empty());
  EXPECT_THAT(card, HasSubstr("none: " + held_out));
  const Table parameters = law_parameters_table(study);
  ASSERT_EQ(parameters.rows.size(), 3u);
  for (std::size_t j = 0; j < 3; ++j) {
    const auto& [name, value] = study.frontiers[0].law->parameters[j];
    EXPECT_EQ(parameters.rows[j][1].value, name);
    EXPECT_NEAR(std::stod(parameters.rows[j][2].value) / value, 1, 1e-12);
    EXPECT_FALSE(parameters.rows[j][3].value.empty()) << name;
    EXPECT_EQ(parameters.rows[j][5].value, "power");
  }
  EXPECT_THAT(law_fits_table(study).rows.at(0).back().value, HasSubstr("no chinchilla law: "));
}

TEST(ReportFitCard, OfTheLawsThatOnlyAComparisonFitted) {
  const StudyResults study = study_of_compute({"a", "b"});
  EXPECT_FALSE(study.frontiers[0].law);
  const std::string card = fit_card_html(study);
  expect_whole(card);
  EXPECT_THAT(card, HasSubstr("E + a C^-b of every point"));
  EXPECT_THAT(card, HasSubstr("the floor of the comparison (shared)"));
  EXPECT_THAT(card, HasSubstr("of the savings between a and b: none: seed noise not measured"));
  EXPECT_EQ(law_parameters_table(study).rows.size(), 6u);
}

TEST(ReportFitCard, CalibrationIsTheFits) {
  const StudyResults& study = plain_study();
  ASSERT_TRUE(study.laws[0].fit->calibration);
  const Calibration& calibration = *study.laws[0].fit->calibration;
  const Table table = calibration_table(study);
  ASSERT_EQ(table.rows.size(), calibration.rows.size());
  for (std::size_t i = 0; i < table.rows.size(); ++i) {
    EXPECT_NEAR(std::stod(table.rows[i][2].value), 100 * calibration.rows[i].coverage, 1e-9);
    EXPECT_EQ(std::stoul(table.rows[i][4].value), calibration.folds.size());
  }
}

}  // namespace
}  // namespace isoloss
