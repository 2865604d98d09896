// Scatter, profiles and their intervals, where they are known: a straight line in ln-ln.
#include "analysis/solver/law_profile.h"

#include <gtest/gtest.h>

#include <cmath>

#include "analysis/solver/law_scatter.h"
#include "tests/analysis/law_fixture.h"

namespace isoloss {
namespace {

// With floor zero, squares and log space a power law is ordinary least squares of ln L on ln C.
// Expected by NumPy: exponent .1209783819472219 +- 2.446911848791681 standard errors, residual
// deviation .015200495350719165 of six degrees, leverages .4166667 and .1309524.
struct Line {
  std::vector<double> compute, loss{4.1, 3.75, 3.4, 3.2, 2.85, 2.7, 2.42, 2.3};
  const Law& law = law_named("power");
  Objective objective{ObjectiveKind::Squares, 0, FitSpace::Log, 1};
  FloorChoice floor{FloorChoice::Zero, 0};
  LawData data;
  LawSolution solution;

  Line() {
    for (int i = 0; i < 8; ++i) compute.push_back(1e10 * std::pow(2.0, i));
    data = law_data(compute, loss);
    solution = solve_law(law, data, objective, floor);
  }
};

// With nothing left free there is no matrix to invert.
TEST(Scatter, IsNotKnownWhereEveryParameterIsAtABound) {
  const Line line;
  LawSolution held = line.solution;
  const LawBox box(line.law, line.data, line.floor);
  held.state = box.unpack(box.low());
  const LawScatter scatter = scatter_of(line.law, line.data, held, line.objective, line.floor);
  EXPECT_EQ(scatter.degrees, 0);
  EXPECT_EQ(scatter.residual.size(), 8);
}

// A law met to the last bit: its intervals are points, not everything within the bounds.
TEST(Scatter, OfExactPointsIsNone) {
  const Law& law = law_named("power");
  std::vector<double> compute, loss(8, 1.0);
  for (int i = 0; i < 8; ++i) compute.push_back(1e15 * std::pow(2.0, i));
  LawData data = law_data(compute, loss);
  LawSolution solution;
  solution.state = {Eigen::ArrayXd::Constant(1, 0.0), Eigen::ArrayXd::Constant(1, 0.1), 1.5};
  data.loss = predict(law, data, solution.state);
  data.log_loss = data.loss.log();
  const Objective objective;
  const FloorChoice floor;
  const LawScatter scatter = scatter_of(law, data, solution, objective, floor);
  EXPECT_EQ(scatter.deviation, 0);
  EXPECT_EQ(scatter.rise.maxCoeff(), 0);
  EXPECT_TRUE(scatter.rise.allFinite());
  const Interval b = profile_interval({law, data, objective, floor, solution}, scatter, 1, 0.95);
  EXPECT_NEAR(b.first, 0.1, 1e-6);
  EXPECT_NEAR(b.second, 0.1, 1e-6);
}

TEST(Scatter, OfAStraightLineIsOrdinaryLeastSquares) {
  const Line line;
  const LawScatter scatter =
      scatter_of(line.law, line.data, line.solution, line.objective, line.floor);
  EXPECT_EQ(scatter.degrees, 6);
  EXPECT_NEAR(scatter.deviation, 0.015200495350719165, 1e-12);
  EXPECT_NEAR(scatter.leverage[0], 0.4166666666666667, 1e-10);
  EXPECT_NEAR(scatter.leverage[3], 0.130952380952381, 1e-10);
  EXPECT_NEAR(std::sqrt(scatter.covariance(1, 1)),
              (0.129258298476 - 0.1209783819472219) / 2.446911848791681, 1e-11);
}

TEST(Profile, IntervalOfAStraightLineIsStudents) {
  const Line line;
  const LawScatter scatter =
      scatter_of(line.law, line.data, line.solution, line.objective, line.floor);
  const auto b = coordinate_named(line.law, line.floor, "b");
  ASSERT_TRUE(b);
  const Interval interval = profile_interval(
      {line.law, line.data, line.objective, line.floor, line.solution}, scatter, *b, 0.95);
  EXPECT_NEAR(interval.first, 0.112698465419, 1e-7);
  EXPECT_NEAR(interval.second, 0.129258298476, 1e-7);
}

// Two rows of one run say no more than one: doubling every row, as its run, leaves the error.
TEST(Scatter, RowsOfOneRunAreOneDraw) {
  const Line line;
  std::vector<double> compute, loss;
  std::vector<std::vector<Eigen::Index>> runs;
  for (std::size_t i = 0; i < 8; ++i) {
    const auto at = static_cast<Eigen::Index>(compute.size());
    for (int twice = 0; twice < 2; ++twice) {
      compute.push_back(line.compute[i]);
      loss.push_back(line.loss[i]);
    }
    runs.push_back({at, at + 1});
  }
  const LawData data = law_data(compute, loss);
  const LawSolution solution = solve_law(line.law, data, line.objective, line.floor);
  const LawScatter once = scatter_of(line.law, line.data, line.solution, line.objective, line.floor,
                                     {{0}, {1}, {2}, {3}, {4}, {5}, {6}, {7}});
  const LawScatter twice = scatter_of(line.law, data, solution, line.objective, line.floor, runs);
  EXPECT_NEAR(twice.covariance(1, 1) / once.covariance(1, 1), 1, 1e-8);
  EXPECT_EQ(twice.degrees, 6);
}

// On the Chinchilla points the grid of the profile has its minimum at the optimum's exponents and
// no value below the optimum.
TEST(Profile, GridOfAlphaAndBetaLiesAboveTheOptimum) {
  const Law& law = law_named("chinchilla");
  const LawData data = law_data(law, without_largest(epoch_points(), 5));
  const Objective objective;
  const FloorChoice floor;
  const LawSolution solution = solve_law(law, data, objective, floor);
  const ProfileProblem problem{law, data, objective, floor, solution};
  const auto alpha = coordinate_named(law, floor, "alpha"),
             beta = coordinate_named(law, floor, "beta");
  std::vector<double> a, b;
  for (int i = -2; i <= 2; ++i) {
    a.push_back(solution.state.shape[0] + 0.02 * i);
    b.push_back(solution.state.shape[1] + 0.02 * i);
  }
  const Eigen::MatrixXd grid = profile_grid(problem, *alpha, a, *beta, b);
  EXPECT_NEAR(grid(2, 2) / solution.value, 1, 1e-9);
  Eigen::Index row = 0, column = 0;
  grid.minCoeff(&row, &column);
  EXPECT_EQ(row, 2);
  EXPECT_EQ(column, 2);
  const std::vector<double> one = profile(problem, *alpha, a);
  for (Eigen::Index i = 0; i < 5; ++i) {
    EXPECT_LE(one[static_cast<std::size_t>(i)], grid.row(i).minCoeff() * (1 + 1e-9)) << i;
  }
  EXPECT_FALSE(coordinate_named(law, {FloorChoice::Zero, 0}, "E"));
}

// Besiroglu et al. 2024 (and the facts' bootstrap of 4000): alpha within (.317, .373), beta within
// (.331, .415), E within (1.769, 1.871) at 95 %. The lack-of-fit interval is another estimate of
// the same uncertainty: within a factor of two of the width.
TEST(Profile, IntervalsOfTheChinchillaPointsAreLikeTheBootstraps) {
  const Law& law = law_named("chinchilla");
  const LawData data = law_data(law, without_largest(epoch_points(), 5));
  const Objective objective;
  const FloorChoice floor;
  const LawSolution solution = solve_law(law, data, objective, floor);
  const LawScatter scatter = scatter_of(law, data, solution, objective, floor);
  const ProfileProblem problem{law, data, objective, floor, solution};
  const auto width = [&](const char* name) {
    const Interval i =
        profile_interval(problem, scatter, *coordinate_named(law, floor, name), 0.95);
    return i.second - i.first;
  };
  const auto within_factor_two = [](double ratio) { return ratio > 0.5 && ratio < 2; };
  EXPECT_TRUE(within_factor_two(width("alpha") / 0.056)) << width("alpha");
  EXPECT_TRUE(within_factor_two(width("beta") / 0.084)) << width("beta");
  EXPECT_TRUE(within_factor_two(width("E") / 0.102)) << width("E");
}

}  // namespace
}  // namespace isoloss
