// What noise of the losses does to isoFLOP vertices and lines.
#include "analysis/fit/isoflop_noise.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "analysis/fit/fit.h"
#include "analysis/fit/predict.h"
#include "model/spec/error.h"
#include "tests/analysis/isoflop_table.h"
#include "tests/analysis/simulated_study.h"

namespace isoloss {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

// Each loss moved, and its budget's parabola fitted again.
TEST(OptimaPerNat, IsWhatSmallMovesOfTheLossesDo) {
  std::vector<Point> points = isoflop_table(0.03, 0.2).points;
  const auto rows = isoflop_rows(points);
  for (const OptimumOf optimum : {OptimumOf::Parameters, OptimumOf::Tokens}) {
    const auto place = [&](const IsoflopRow& row) {
      return std::log(optimum == OptimumOf::Parameters ? row.optimal_parameters
                                                       : row.optimal_tokens);
    };
    const Eigen::MatrixXd per_nat = optima_per_nat(rows, optimum, points.size());
    ASSERT_EQ(per_nat.rows(), 4);
    for (std::size_t i = 0; i < points.size(); ++i) {
      const double loss = points[i].loss, step = 1e-5;
      points[i].loss = loss + step;
      const auto up = isoflop_rows(points);
      points[i].loss = loss - step;
      const auto down = isoflop_rows(points);
      points[i].loss = loss;
      for (std::size_t k = 0; k < 4; ++k) {
        EXPECT_NEAR(per_nat(static_cast<Eigen::Index>(k), static_cast<Eigen::Index>(i)),
                    (place(up[k]) - place(down[k])) / (2 * step), 1e-4);
      }
    }
  }
}

// Points of one architecture of a simulated study.
std::vector<Point> points_of_base(const test::StudyLayout& layout, std::uint64_t repeat) {
  std::vector<Point> points;
  for (const Point& p : test::simulate(layout, repeat).points)
    if (p.architecture == layout.laws[0].name) points.push_back(p);
  return points;
}

// The parabola's vertex for the law itself against the law's own best size (Hoffmann et al. 2022,
// equation 4, as simulated_study.h has it).
TEST(OptimaBias, IsHowFarTheVerticesOfTheLawAreFromItsBestSizes) {
  test::StudyLayout layout = test::wide_layout();
  layout.evaluation_noise = 0;
  const test::TrueLaw& law = layout.laws[0];
  const std::vector<Point> points = points_of_base(layout, 1);
  const auto rows = isoflop_rows(points);
  const auto sizes = optima_bias(points, rows, OptimumOf::Parameters);
  const auto tokens = optima_bias(points, rows, OptimumOf::Tokens);
  ASSERT_TRUE(sizes && tokens);
  for (std::size_t k = 0; k < rows.size(); ++k) {
    const double off = std::log(rows[k].optimal_parameters / law.optimal_parameters(rows[k].flops));
    EXPECT_GT(std::abs(off), 1e-3);
    EXPECT_NEAR(sizes->off[static_cast<Eigen::Index>(k)], off, 1e-5);
    EXPECT_NEAR(tokens->off[static_cast<Eigen::Index>(k)], -off, 1e-5);  // D = C / (6 N)
  }
}

// Larger models of a study spend more FLOPs a parameter and token, or fewer: each budget is least
// where the law is along its own sizes, which a search over a fine grid finds here.
TEST(OptimaBias, GoesAlongTheTokensThatTheSizesOfABudgetHad) {
  test::StudyLayout layout = test::wide_layout();
  layout.evaluation_noise = 0;
  const test::TrueLaw& law = layout.laws[0];
  std::vector<Point> points = points_of_base(layout, 1);
  const auto tokens_at = [](double flops, double size) {
    return flops / (6 * size * (1 + 0.8 * std::pow(size / 1e8, -0.1)));
  };
  for (Point& p : points) {
    p.tokens = tokens_at(p.flops, p.parameters);
    p.loss = law.loss(p.parameters, p.tokens);
  }
  const auto rows = isoflop_rows(points);
  const auto bias = optima_bias(points, rows, OptimumOf::Parameters);
  ASSERT_TRUE(bias);
  for (std::size_t k = 0; k < rows.size(); ++k) {
    double best = 0, least = 1e9;
    for (double size = 1e6; size < 1e11; size *= 1.0005) {
      const double loss = law.loss(size, tokens_at(rows[k].flops, size));
      if (loss < least) least = loss, best = size;
    }
    EXPECT_NEAR(bias->off[static_cast<Eigen::Index>(k)],
                std::log(rows[k].optimal_parameters / best), 0.01);
  }
}

// One loss moved, and everything fitted again.
TEST(OptimaBias, FollowsTheLossesAsARefitDoes) {
  test::StudyLayout layout = test::wide_layout();
  layout.evaluation_noise = 0;
  std::vector<Point> points = points_of_base(layout, 1);
  const auto rows = isoflop_rows(points);
  const auto bias = optima_bias(points, rows, OptimumOf::Parameters);
  ASSERT_TRUE(bias);
  for (const std::size_t i : {0U, 17U, 50U}) {
    const double loss = points[i].loss, step = 1e-4;
    points[i].loss = loss + step;
    const auto up = optima_bias(points, rows, OptimumOf::Parameters);
    points[i].loss = loss - step;
    const auto down = optima_bias(points, rows, OptimumOf::Parameters);
    points[i].loss = loss;
    const Eigen::VectorXd moved = (up->off - down->off) / (2 * step);
    const Eigen::VectorXd said = bias->per_nat.col(static_cast<Eigen::Index>(i));
    EXPECT_LT((moved - said).norm(), 0.02 * moved.norm());
    EXPECT_GT(moved.norm(), 1e-4);
  }
}

constexpr double kOff[5] = {0.01, -0.02, 0.015, -0.01, 0.005};

// Exact parabolas but for five runs, one a size, each off by as much at every budget.
std::vector<Point> points_of_five_runs(std::size_t count) {
  std::vector<Point> points = isoflop_table(0.03).points;
  points.resize(count);
  for (std::size_t i = 0; i < count; ++i) {
    points[i].run = "run " + std::to_string(i % 5);
    points[i].loss += kOff[i % 5];
  }
  return points;
}

// Five residuals that a parabola over -1, -.5, 0, .5, 1 leaves of such moves: the parts along the
// orthogonal polynomials of degree three and four of five equidistant points, (-1, 2, 0, -2, 1) and
// (1, -4, 6, -4, 1). Ten points of five runs about two parabolas have two degrees of freedom, not
// four, and runs of equal residuals at both budgets share all of their variance.
TEST(ScatterAboutParabolas, CountsRunsOnce) {
  std::vector<Point> points = points_of_five_runs(10);
  const double cubic[5] = {-1, 2, 0, -2, 1}, quartic[5] = {1, -4, 6, -4, 1};
  double along_cubic = 0, along_quartic = 0;
  for (std::size_t i = 0; i < 5; ++i) {
    along_cubic += kOff[i] * cubic[i];
    along_quartic += kOff[i] * quartic[i];
  }
  const double variance = (along_cubic * along_cubic / 10 + along_quartic * along_quartic / 70) / 2;
  const auto noise = scatter_about_parabolas(points, isoflop_rows(points));
  ASSERT_TRUE(noise);
  EXPECT_NEAR(noise->degrees, 2, 1e-9);
  EXPECT_NEAR(noise->covariance(3, 3), variance, 1e-12);
  EXPECT_NEAR(noise->covariance(3, 8), variance, 1e-9);
  EXPECT_EQ(noise->covariance(3, 9), 0);
  for (Point& p : points) p.run.clear();
  const auto independent = scatter_about_parabolas(points, isoflop_rows(points));
  EXPECT_NEAR(independent->degrees, 4, 1e-9);
  EXPECT_EQ(independent->covariance(3, 8), 0);
}

// A third budget of three of the runs fits its parabola exactly, and says nothing of what they
// share.
TEST(ScatterAboutParabolas, ThreePointsSayNothingOfWhatRunsShare) {
  std::vector<Point> points = points_of_five_runs(13);
  for (const int e : {-1, 0, 1}) {  // about its best size
    Point& p = points[static_cast<std::size_t>(11 + e)];
    p.parameters = 6e7 * std::exp(e);
    p.loss = 2.1 + 0.03 * e * e;
  }
  const auto noise = scatter_about_parabolas(points, isoflop_rows(points));
  ASSERT_TRUE(noise);
  EXPECT_NEAR(noise->covariance(1, 6) / noise->covariance(1, 1), 1, 1e-6);
  EXPECT_NEAR(noise->covariance(1, 11) / noise->covariance(1, 1), 1, 1e-6);
}

// Budgets have their own scatter: of deviations 1 and 3, two degrees each, (1 + 9)^2 / (1/2 +
// 81/2).
TEST(ScatterAboutParabolas, IsEachBudgetsOwn) {
  std::vector<Point> points = isoflop_table(0.03).points;
  points.resize(10);
  const double quartic[5] = {1, -4, 6, -4, 1};
  for (std::size_t i = 0; i < 10; ++i) points[i].loss += (i < 5 ? 1e-3 : 3e-3) * quartic[i % 5];
  const auto noise = scatter_about_parabolas(points, isoflop_rows(points));
  ASSERT_TRUE(noise);
  EXPECT_NEAR(noise->covariance(0, 0), 70e-6 / 2, 1e-9);
  EXPECT_NEAR(noise->covariance(9, 9), 9 * 70e-6 / 2, 1e-9);
  EXPECT_NEAR(noise->degrees, 100.0 / 41, 1e-6);
}

const std::vector<double> kCompute{1e10, 2e10, 4e10, 8e10, 16e10, 32e10, 64e10, 128e10};
const std::vector<double> kOptima{4.1, 3.75, 3.4, 3.2, 2.85, 2.7, 2.42, 2.3};

// What all vertices have in common moves the line up and down, and leaves its slope alone. Where
// they scatter besides, each has that much variance of its own, and the rest stays.
TEST(LineNoise, OfOneMoveForAllIsOfTheLevelAlone) {
  const LogLine line = log_line(kCompute, kOptima);
  const LineNoise noise = line_noise(kCompute, kOptima, line, Eigen::MatrixXd::Constant(8, 8, 4),
                                     100, Eigen::VectorXd::Zero(8));
  const double scatter = line.squares / 6;
  EXPECT_NEAR(noise.covariance(0, 0), 4 + scatter / 8, 1e-9);
  EXPECT_NEAR(noise.covariance(1, 1), scatter / line.spread, 1e-12);
  EXPECT_EQ(noise.degrees, 6);
}

// Independent noise of too small a size is raised to the scatter, which is then what ordinary least
// squares says: NumPy's standard error of this slope is .0152004953507 / sqrt(Sxx) with 6
// degrees of freedom (isoflop_fit_test.cpp has the same line).
TEST(LineNoise, IsNeverLessThanTheScatter) {
  const LogLine line = log_line(kCompute, kOptima);
  const LineNoise noise =
      line_noise(kCompute, kOptima, line, 1e-6 * Eigen::MatrixXd::Identity(8, 8), 100,
                 Eigen::VectorXd::Zero(8));
  EXPECT_NEAR(std::sqrt(noise.covariance(1, 1) * line.spread), 0.0152004953507, 1e-11);
  EXPECT_NEAR(noise.deviation, 0.0152004953507, 1e-11);
  EXPECT_EQ(noise.degrees, 6);
  EXPECT_NEAR(noise.misfit, 0.0152004953507 * 0.0152004953507 / 1e-6, 1e-6);
  EXPECT_LT(noise.misfit_p, 1e-9);
}

// What is known to put the vertices off counts as scatter no more, and moves the line.
TEST(LineNoise, WhatParabolasDoIsNoScatter) {
  const std::vector<double> compute{1e10, 2e10, 4e10};
  const std::vector<double> optima{10, 20 * std::exp(0.3), 40};
  const Eigen::Vector3d bias(0, 0.3, 0);
  const LineNoise noise = line_noise(compute, optima, log_line(compute, optima),
                                     1e-4 * Eigen::MatrixXd::Identity(3, 3), 5, bias);
  EXPECT_EQ(noise.misfit, 1);
  EXPECT_NEAR(noise.shift[0], 0.1, 1e-12);
  EXPECT_NEAR(noise.shift[1], 0, 1e-12);
}

FitOptions of_base() {
  FitOptions options = isoflop();
  options.architecture = "base";
  return options;
}

// Any line goes through two vertices, but where seeds differ is known how far they lie off.
TEST(IsoflopIntervals, OfTwoBudgetsRestOnReplicates) {
  test::StudyLayout layout = test::large_layout();
  layout.budgets.resize(2);
  layout.evaluation_noise = 0.0005;
  const Fit fit = fit_law(test::simulate(layout, 1), of_base());
  ASSERT_EQ(fit.intervals.size(), 4u);
  EXPECT_TRUE(fit.lack_of_fit.empty());
  EXPECT_EQ(fit.interval_kind, IntervalKind::NoiseProfile);
  EXPECT_THAT(fit.uncertainty, HasSubstr("carried to the vertices"));
  PointTable exact = isoflop_table(0.03);  // no replicate, and no tokens for a law of all points
  exact.points.resize(10);
  for (Point& p : exact.points) p.tokens = std::nan("");
  EXPECT_TRUE(fit_law(exact, isoflop()).intervals.empty());
}

TEST(IsoflopIntervals, OfBudgetsThatShareRunsAreWiderThanTheScatters) {
  const Fit fit = fit_law(test::simulate(test::curves_layout(), 3), of_base());
  const auto width = [](const NamedInterval& one) { return one.second.second - one.second.first; };
  EXPECT_GT(width(fit.intervals[0]), 2 * width(fit.lack_of_fit[0]));
  EXPECT_THAT(fit.flags, Not(Contains(StartsWith("budgets_share_runs"))));
  EXPECT_THAT(fit.uncertainty, StartsWith("scatter of the points about the parabolas"));
}

// Over a wide grid, where the move by the chinchilla law is most of what is uncertain: slopes less
// their moves scatter from study to study as each says that they do. (Without the move's own noise
// they scattered 2.0 times as far.)
TEST(IsoflopIntervals, KnowThatTheMoveIsFittedToTheSameLosses) {
  test::StudyLayout layout = test::checkpoint_layout();
  layout.laws.resize(1);
  layout.sizes.clear();
  for (int i = 0; i < 8; ++i) layout.sizes.push_back(3e4 * std::pow(100, i / 7.0));
  layout.seeds.assign(8, 2);
  layout.budgets.clear();
  for (int i = 0; i < 5; ++i) layout.budgets.push_back(1e12 * std::pow(30, i / 4.0));
  layout.run_noise = 0.004;
  layout.evaluation_noise = 0.002;
  constexpr int kStudies = 60;
  double sum = 0, squares = 0, said = 0;
  for (std::uint64_t repeat = 0; repeat < kStudies; ++repeat) {
    const Fit fit = fit_law(test::simulate(layout, repeat), of_base());
    const double slope = fit.parameter("a") - fit.basis->shift[1];
    sum += slope;
    squares += slope * slope;
    said += fit.basis->covariance(1, 1);
  }
  const double variance = (squares - sum * sum / kStudies) / (kStudies - 1);
  EXPECT_NEAR(std::sqrt(variance / (said / kStudies)), 1, 0.3);
}

// At ln C = 2 beyond the centre, with t of ten degrees: half = 2.228138852 sqrt(.01 + 2 x 2 x .001
// + 4 x .0025), moved down by .1 + 2 x .05.
TEST(IsoflopIntervals, OfAPredictionKnowTheCorrelationAndTheShift) {
  StoredFit fit;
  fit.law = "isoflop";
  fit.parameters = {{"a", 0.5}, {"lnG", 1}};
  PredictionBasis basis;
  basis.centre = {10};
  basis.covariance.resize(2, 2);
  basis.covariance << 0.01, 0.001, 0.001, 0.0025;
  basis.shift.resize(2);
  basis.shift << 0.1, 0.05;
  basis.degrees = 10;
  fit.basis = basis;
  Place place;
  place.flops = std::exp(12.0);
  const Prediction at = predict_at(fit, place, 0.95);
  const double half = 2.228138852 * std::sqrt(0.01 + 4 * 0.001 + 4 * 0.0025);
  EXPECT_NEAR(std::log(at.parameters), 7, 1e-12);
  EXPECT_NEAR(std::log(at.optimal_parameters->first), 7 - 0.2 - half, 1e-8);
  EXPECT_NEAR(std::log(at.optimal_parameters->second), 7 - 0.2 + half, 1e-8);
}

TEST(IsoflopIntervals, OfAPredictionNeedTheLinesOwnCovariance) {
  StoredFit fit;
  fit.law = "isoflop";
  fit.parameters = {{"a", 0.5}, {"lnG", 1}};
  PredictionBasis basis;
  basis.centre = {10};
  basis.degrees = 10;
  fit.basis = basis;
  Place place;
  place.flops = 1e18;
  EXPECT_THROW(predict_at(fit, place, 0.95), InputError);
}

}  // namespace
}  // namespace isoloss
