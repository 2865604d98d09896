#include "analysis/law_solver.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "analysis/csv.h"
#include "analysis/law.h"
#include "analysis/law_objective.h"
#include "analysis/law_search.h"
#include "model/spec/error.h"

namespace isoloss {
namespace {

const std::filesystem::path kLaws = std::filesystem::path(ISOLOSS_SOURCE) / "../shared/data/laws";

// Epoch's digitised points of the Chinchilla paper: N, C and the loss; D = C / (6 N).
std::vector<Point> epoch_points() {
  const CsvTable csv = read_csv(kLaws / "epoch_chinchilla_svg.csv");
  std::vector<Point> points;
  for (const CsvRow& row : csv.rows) {
    Point point;
    point.parameters = std::stod(row.fields[3]);
    point.flops = std::stod(row.fields[4]);
    point.tokens = point.flops / (6 * point.parameters);
    point.loss = std::stod(row.fields[6]);
    points.push_back(point);
  }
  return points;
}

std::vector<Point> without_largest(std::vector<Point> points, std::size_t count) {
  std::sort(points.begin(), points.end(),
            [](const Point& a, const Point& b) { return a.loss < b.loss; });
  points.resize(points.size() - count);
  return points;
}

struct Named {
  double A, B, E, alpha, beta;
};
Named named(const LawData& data, const LawState& state) {
  return {std::exp(log_coefficient(data, state, 0)), std::exp(log_coefficient(data, state, 1)),
          state.floor, state.exponent[0], state.exponent[1]};
}

#define SKIP_WITHOUT_LAWS()                                \
  if (!std::filesystem::exists(kLaws)) {                   \
    GTEST_SKIP() << "no shared/data/laws beside the tree"; \
  }

// Expected: facts on fitting, "Data beside this file" (Epoch's optimum recomputed with SciPy).
TEST(LawSolver, ReachesTheLogHuberOptimumOfEpochsPoints) {
  SKIP_WITHOUT_LAWS();
  const Law& law = law_named("chinchilla");
  const LawData data = law_data(law, without_largest(epoch_points(), 5));
  ASSERT_EQ(data.points(), 240);
  const LawSolution solution = solve_law(law, data, {}, {});
  EXPECT_TRUE(solution.converged);
  EXPECT_NEAR(solution.value / 0.0010182740178006, 1, 1e-9);
  const Named p = named(data, solution.state);
  EXPECT_NEAR(p.A, 477.82587, 1e-4);
  EXPECT_NEAR(p.B, 2143.41735, 1e-3);
  EXPECT_NEAR(p.E, 1.81721810, 1e-7);
  EXPECT_NEAR(p.alpha, 0.34731050, 1e-7);
  EXPECT_NEAR(p.beta, 0.36717243, 1e-7);
}

// Expected: the same place; the famous 482 / 2085 are this objective's.
TEST(LawSolver, ReachesTheLeastAbsoluteOptimumOfEpochsPoints) {
  SKIP_WITHOUT_LAWS();
  const Law& law = law_named("chinchilla");
  const LawData data = law_data(law, without_largest(epoch_points(), 5));
  const LawSolution solution = solve_law(law, data, {ObjectiveKind::Lad, 0, FitSpace::Log}, {});
  EXPECT_NEAR(solution.value / 1.12949465392, 1, 1e-9);
  const Named p = named(data, solution.state);
  EXPECT_NEAR(p.A / 482.00606, 1, 1e-6);
  EXPECT_NEAR(p.B / 2085.43591, 1, 1e-6);
  EXPECT_NEAR(p.E, 1.81686413, 1e-6);
  EXPECT_NEAR(p.alpha, 0.34781307, 1e-6);
  EXPECT_NEAR(p.beta, 0.36585416, 1e-6);
}

// Expected: epoch_bootstrap200_expected.csv, the converged optimum of each resample.
TEST(LawSolver, ReachesTheOptimumOfEveryResample) {
  SKIP_WITHOUT_LAWS();
  const Law& law = law_named("chinchilla");
  const std::vector<Point> points = epoch_points();
  const CsvTable expected = read_csv(kLaws / "epoch_bootstrap200_expected.csv");
  std::ifstream indices(kLaws / "epoch_bootstrap200_indices.csv");
  std::string line;
  std::size_t row = 0;
  for (; std::getline(indices, line); ++row) {
    std::vector<Point> sample;
    std::stringstream fields(line);
    for (std::string field; std::getline(fields, field, ',');) {
      sample.push_back(points[std::stoul(field)]);
    }
    const LawData data = law_data(law, sample);
    const LawSolution solution = solve_law(law, data, {}, {}, 3);
    const std::vector<std::string>& want = expected.rows.at(row).fields;
    ASSERT_TRUE(solution.converged) << row;
    // Written to twelve digits.
    ASSERT_NEAR(solution.value / std::stod(want[0]), 1, 1e-10) << row;
    const Named p = named(data, solution.state);
    EXPECT_NEAR(p.A / std::stod(want[1]), 1, 1e-6) << row;
    EXPECT_NEAR(p.E / std::stod(want[3]), 1, 1e-6) << row;
    EXPECT_NEAR(p.alpha / std::stod(want[4]), 1, 1e-6) << row;
    EXPECT_NEAR(p.beta / std::stod(want[5]), 1, 1e-6) << row;
  }
  EXPECT_EQ(row, 200u);
}

// An exact power law has one optimum: what it was made from.
TEST(LawSolver, FindsTheLawThatExactPointsWereMadeFrom) {
  std::vector<double> compute, loss;
  for (int i = 0; i < 9; ++i) {
    compute.push_back(1e11 * std::pow(2.0, i));
    loss.push_back(1.75 + 40 * std::pow(compute.back(), -0.2));
  }
  const LawData data = law_data(compute, loss);
  const LawSolution solution =
      solve_law(law_named("power"), data, {ObjectiveKind::Squares, 0, FitSpace::Log}, {});
  EXPECT_TRUE(solution.converged);
  EXPECT_NEAR(solution.state.floor, 1.75, 1e-6);
  EXPECT_NEAR(solution.state.exponent[0], 0.2, 1e-6);
  EXPECT_NEAR(std::exp(log_coefficient(data, solution.state, 0)), 40, 1e-3);
}

// With floor zero a log-space least-squares fit is the straight line of ln L over ln C. The line
// through (ln 1, ln 8), (ln 2, ln 4), (ln 4, ln 4), by hand: slope -1/2, residuals ln 2 (1/6, -1/3,
// 1/6), sum of squares ln(2)^2 / 6, value at C = 2: 2^(7/3).
TEST(LawSolver, WithFloorZeroIsTheStraightLine) {
  const std::vector<double> compute{1, 2, 4}, loss{8, 4, 4};
  const LawData data = law_data(compute, loss);
  const LawSolution solution = solve_law(
      law_named("power"), data, {ObjectiveKind::Squares, 0, FitSpace::Log}, {FloorChoice::Zero, 0});
  EXPECT_NEAR(solution.state.exponent[0], 0.5, 1e-9);
  EXPECT_NEAR(solution.value, std::log(2.0) * std::log(2.0) / 6, 1e-12);
  EXPECT_NEAR(predict(data, solution.state)[1], std::pow(2.0, 7.0 / 3), 1e-9);
}

TEST(LawSolver, AGivenFloorIsKept) {
  const std::vector<double> compute{1, 2, 4, 8}, loss{4, 3, 2.5, 2.3};
  const LawData data = law_data(compute, loss);
  const LawSolution solution = solve_law(law_named("power"), data, {}, {FloorChoice::Value, 1.5});
  EXPECT_DOUBLE_EQ(solution.state.floor, 1.5);
}

TEST(LawSolver, AFloorThatWantsToBeNegativeStopsAtZero) {
  std::vector<double> compute, loss;
  for (int i = 0; i < 8; ++i) {
    compute.push_back(std::pow(2.0, i));
    loss.push_back(5 * std::pow(compute.back(), -0.3) - 0.5);
  }
  const LawSolution solution = solve_law(law_named("power"), law_data(compute, loss),
                                         {ObjectiveKind::Squares, 0, FitSpace::Log}, {});
  EXPECT_TRUE(solution.converged);
  EXPECT_TRUE(solution.floor_at_bound);
  EXPECT_EQ(solution.state.floor, 0);
}

class Gradient : public testing::TestWithParam<Objective> {};

// Central differences of the objective in every coordinate.
TEST_P(Gradient, AgreesWithFiniteDifferences) {
  std::vector<Point> points;
  for (int i = 0; i < 12; ++i) {
    Point p;
    p.parameters = 1e6 * std::pow(1.7, i % 4);
    p.tokens = 1e8 * std::pow(2.1, i / 4);
    p.loss = 2 + 0.3 * std::cos(i);
    points.push_back(p);
  }
  const LawData data = law_data(law_named("chinchilla"), points);
  Eigen::VectorXd at(5);
  at << -0.7, -0.9, 0.3, 0.4, 1.1;
  const auto state = [](const Eigen::VectorXd& x) {
    return LawState{x.head(2).array(), x.segment(2, 2).array(), x[4]};
  };
  const Expansion e = expand(data, state(at), GetParam());
  const double h = 1e-6;
  for (Eigen::Index j = 0; j < 5; ++j) {
    Eigen::VectorXd up = at, down = at;
    up[j] += h;
    down[j] -= h;
    const double slope = (objective_value(data, state(up), GetParam()) -
                          objective_value(data, state(down), GetParam())) /
                         (2 * h);
    EXPECT_NEAR(e.gradient[j], slope, 1e-7 * (1 + std::abs(slope))) << j;
    const Eigen::VectorXd bend = (expand(data, state(up), GetParam()).gradient -
                                  expand(data, state(down), GetParam()).gradient) /
                                 (2 * h);
    EXPECT_LT((e.hessian.col(j) - bend).norm(), 1e-6 * (1 + bend.norm())) << j;
  }
}
INSTANTIATE_TEST_SUITE_P(Objectives, Gradient,
                         testing::Values(Objective{ObjectiveKind::Huber, 0.05, FitSpace::Log},
                                         Objective{ObjectiveKind::Huber, 0.05, FitSpace::Linear},
                                         Objective{ObjectiveKind::Squares, 0, FitSpace::Log},
                                         Objective{ObjectiveKind::Squares, 0, FitSpace::Linear}));

// Huber's rho by hand: inside 0.1^2/2, outside 0.1 (0.3 - 0.05).
TEST(Objective, HuberIsQuadraticWithinDeltaAndLinearBeyond) {
  const std::vector<double> compute{1, 1}, loss{1, 1};
  LawData data = law_data(compute, loss);
  data.loss << 0.9, 0.7;
  data.log_loss = data.loss.log();
  const LawState state{Eigen::ArrayXd::Constant(1, std::log(0.5)), Eigen::ArrayXd::Zero(1), 0.5};
  const double value = objective_value(data, state, {ObjectiveKind::Huber, 0.1, FitSpace::Linear});
  EXPECT_NEAR(value, 0.005 + 0.025, 1e-15);
}

TEST(Search, StartsAreSortedByTheObjective) {
  std::vector<double> compute, loss;
  for (int i = 0; i < 9; ++i) {
    compute.push_back(std::pow(2.0, i));
    loss.push_back(1 + std::pow(compute.back(), -0.5) + 0.01 * (i % 3));
  }
  const LawData data = law_data(compute, loss);
  const auto starts = search_grid(law_named("power"), data, {}, {}, 3);
  ASSERT_EQ(starts.size(), 3u);
  EXPECT_LE(objective_value(data, starts[0], {}), objective_value(data, starts[1], {}));
  EXPECT_LE(objective_value(data, starts[1], {}), objective_value(data, starts[2], {}));
}

TEST(Law, AnUnknownNameNamesTheNearest) {
  try {
    law_named("chinchila");
    FAIL();
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("did you mean 'chinchilla'"), std::string::npos);
  }
}

TEST(Law, AMissingColumnIsNamed) {
  Point point;
  point.parameters = std::nan("");
  point.tokens = 1;
  point.flops = 1;
  point.loss = 1;
  const std::vector<Point> points{point};
  try {
    law_data(law_named("chinchilla"), points);
    FAIL();
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("needs parameters"), std::string::npos);
  }
}

}  // namespace
}  // namespace isoloss
