#include "analysis/solver/law_solver.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "analysis/laws/law.h"
#include "analysis/solver/law_objective.h"
#include "analysis/solver/law_search.h"
#include "tests/analysis/law_fixture.h"
#include "tests/analysis/made_law_points.h"
#include "tests/repeats.h"

namespace isoloss {
namespace {

struct Named {
  double A, B, E, alpha, beta;
};
Named named(const LawData& data, const LawState& state) {
  const auto p = named_parameters(law_named("chinchilla"), data, state);
  return {p[0].second, p[1].second, p[4].second, p[2].second, p[3].second};
}

// Expected: facts on fitting, "Data beside this file" (Epoch's optimum recomputed with SciPy).
TEST(LawSolver, ReachesTheLogHuberOptimumOfEpochsPoints) {
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
  SKIP_WITHOUT_LARGE_LAWS();
  const Law& law = law_named("chinchilla");
  const std::vector<Point> points = epoch_points();
  const CsvTable expected = read_csv(kLargeLaws / "epoch_bootstrap200_expected.csv");
  std::ifstream indices(kLargeLaws / "epoch_bootstrap200_indices.csv");
  std::string line;
  constexpr std::size_t kResamples = test::repeats(200, 40);
  std::size_t row = 0;
  for (; row < kResamples && std::getline(indices, line); ++row) {
    std::vector<Point> sample;
    std::stringstream fields(line);
    for (std::string field; std::getline(fields, field, ',');) {
      sample.push_back(points[std::stoul(field)]);
    }
    const LawData data = law_data(law, sample);
    const LawSolution solution = solve_law(law, data, {}, {});
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
  EXPECT_EQ(row, kResamples);
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
  EXPECT_NEAR(solution.state.shape[0], 0.2, 1e-6);
  EXPECT_NEAR(named_parameters(law_named("power"), data, solution.state)[0].second, 40, 1e-3);
}

// With floor zero a log-space least-squares fit is the straight line of ln L over ln C. The line
// through (ln 1, ln 8), (ln 2, ln 4), (ln 4, ln 4), by hand: slope -1/2, residuals ln 2 (1/6, -1/3,
// 1/6), sum of squares ln(2)^2 / 6, value at C = 2: 2^(7/3).
TEST(LawSolver, WithFloorZeroIsTheStraightLine) {
  const std::vector<double> compute{1, 2, 4}, loss{8, 4, 4};
  const LawData data = law_data(compute, loss);
  const LawSolution solution = solve_law(
      law_named("power"), data, {ObjectiveKind::Squares, 0, FitSpace::Log}, {FloorChoice::Zero, 0});
  EXPECT_NEAR(solution.state.shape[0], 0.5, 1e-9);
  EXPECT_NEAR(solution.value, std::log(2.0) * std::log(2.0) / 6, 1e-12);
  EXPECT_NEAR(predict(law_named("power"), data, solution.state)[1], std::pow(2.0, 7.0 / 3), 1e-9);
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

TEST(Search, StartsAreSortedByTheObjective) {
  std::vector<double> compute, loss;
  for (int i = 0; i < 9; ++i) {
    compute.push_back(std::pow(2.0, i));
    loss.push_back(1 + std::pow(compute.back(), -0.5) + 0.01 * (i % 3));
  }
  const LawData data = law_data(compute, loss);
  const auto starts = search_grid(law_named("power"), data, {}, {}, 3);
  ASSERT_EQ(starts.size(), 3u);
  EXPECT_LE(objective_value(law_named("power"), data, starts[0], {}),
            objective_value(law_named("power"), data, starts[1], {}));
  EXPECT_LE(objective_value(law_named("power"), data, starts[1], {}),
            objective_value(law_named("power"), data, starts[2], {}));
}

// Expected: the facts' Kaplan form of the same points, nine digits.
TEST(LawSolver, ReachesTheKaplanOptimumOfEpochsPoints) {
  const Law& law = law_named("kaplan");
  const LawData data = law_data(law, without_largest(epoch_points(), 5));
  const LawSolution solution = solve_law(law, data, {}, {});
  EXPECT_TRUE(solution.converged);
  EXPECT_NEAR(solution.value / 0.00266310149, 1, 1e-8);
  const auto parameters = named_parameters(law, data, solution.state);
  ASSERT_EQ(parameters.size(), 4u);
  EXPECT_NEAR(parameters[0].second, 29.813951, 1e-5);
  EXPECT_NEAR(parameters[1].second, 31.055313, 1e-5);
  EXPECT_NEAR(parameters[2].second, 0.0946755, 1e-6);
  EXPECT_NEAR(parameters[3].second, 0.1141458, 1e-6);
}

// Exact points of each law have one optimum: what they were made from.
TEST(LawSolver, RecoversEveryLawFromExactPoints) {
  for (const Law& law : laws()) {
    const LawData data = exact_points(law, {36, 6, 2.3, 2.9, 4});
    const LawSolution solution = solve_law(law, data, {ObjectiveKind::Squares}, {});
    EXPECT_TRUE(solution.converged) << law.name;
    EXPECT_LT(solution.value, 1e-18) << law.name;
    for (const auto& [name, value] : named_parameters(law, data, solution.state)) {
      EXPECT_NEAR(value / kTrueParameters.at(law.name).at(name), 1, 2e-3)
          << law.name << ' ' << name;
    }
  }
}

// With exponents tied the two are one number, and the optimum is no lower than without the tie.
TEST(LawSolver, TiedExponentsAreEqual) {
  const Law& law = law_named("chinchilla");
  const LawData data = law_data(law, without_largest(epoch_points(), 5));
  const LawSolution apart = solve_law(law, data, {}, {});
  const LawSolution together = solve_law(tied(law), data, {}, {});
  EXPECT_TRUE(together.converged);
  EXPECT_EQ(together.state.shape[0], together.state.shape[1]);
  EXPECT_GT(together.value, apart.value);
  EXPECT_LT(together.value, 1.2 * apart.value);
}

}  // namespace
}  // namespace isoloss
