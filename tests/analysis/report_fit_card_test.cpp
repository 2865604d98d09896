// The fit card holds what it takes to do the fits again.
#include "analysis/report_fit_card.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analysis/report_plot_families.h"
#include "analysis/report_plot_parts.h"
#include "tests/analysis/chinchilla_grid.h"

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

// The checklist of Li et al. 2025: form, N, D, C, loss, points and their ranges, objective, bounds,
// optimiser, starts, hold-out, uncertainty, what is left out, checkpoints, data.
TEST(ReportFitCard, FillsTheWholeChecklist) {
  const StudyResults study = study_of({});
  ASSERT_TRUE(study.laws[0].fit) << study.laws[0].refusal;
  const std::string card = fit_card_html(study);
  for (const char* term :
       {"Form", "N", "D", "C", "Loss", "Points", "Objective", "Bounds", "Optimiser", "Starts",
        "Hold-out", "Uncertainty", "Points left out", "Checkpoints", "Data"}) {
    const std::string opening = std::string("<dt>") + term + "</dt><dd>";
    ASSERT_THAT(card, HasSubstr(opening));
    EXPECT_NE(card[card.find(opening) + opening.size()], '<') << term << " is empty";
  }
  EXPECT_THAT(card, HasSubstr("a: 25 points, parameters 1e7 to 1e9, tokens 3e8 to 3e10"));
  EXPECT_THAT(card, HasSubstr("convention 6ND"));
  EXPECT_THAT(card, HasSubstr("huber (delta 0.001) of ln(predicted) - ln(loss); every point"));
}

TEST(ReportFitCard, SaysThatRowsAreWeighted) {
  EXPECT_THAT(fit_card_html(study_of({"weight"})), HasSubstr("column weight says"));
}

// 25 points are too few to resample (docs/fitting.md), so no percentiles are spoken of.
TEST(ReportFitCard, UncertaintyIsThatOfTheIntervals) {
  const StudyResults study = study_of({});
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
  StudyResults study = study_of({});
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
  StudyResults study = study_of({});
  study.laws[0].fit->calibration.reset();
  EXPECT_THAT(fit_card_html(study), HasSubstr("none: it takes two folds"));
}

TEST(ReportFitCard, CalibrationIsTheFits) {
  const StudyResults study = study_of({});
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
