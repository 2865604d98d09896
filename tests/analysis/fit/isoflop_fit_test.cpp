// IsoFLOP parabolas and the lines through their vertices.
#include "analysis/fit/isoflop_fit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <string>

#include "analysis/fit/fit.h"
#include "analysis/fit/isoflop_noise.h"
#include "model/spec/error.h"
#include "tests/analysis/isoflop_table.h"
#include "tests/analysis/law_fixture.h"

namespace isoloss {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::StartsWith;

TEST(Isoflop, FindsTheVerticesOfExactParabolas) {
  const Fit fit = fit_law(isoflop_table(0.03, 0.2), isoflop());
  EXPECT_NEAR(fit.parameter("a"), 0.5, 1e-9);
  EXPECT_NEAR(fit.parameter("lnG"), std::log(0.02), 1e-7);
  EXPECT_NEAR(fit.parameter("b"), 0.5, 1e-9);
  // D* = C / (6 N*) = C^.5 / .12.
  EXPECT_NEAR(fit.parameter("lnH"), -std::log(0.12), 1e-7);
  ASSERT_EQ(fit.rows.size(), 4u);
  EXPECT_NEAR(fit.rows[1].optimal_parameters / 2e7, 1, 1e-8);
  EXPECT_NEAR(fit.rows[1].loss, 2 + std::pow(1e18, -0.05), 1e-9);
  EXPECT_NEAR(fit.rows[1].curvature, 0.03, 1e-9);
  // kappa x^2 = loss / 1000.
  const double half = std::sqrt(fit.rows[1].loss * 1e-3 / 0.03);
  EXPECT_NEAR(std::log(fit.rows[1].near_optimal.second / 2e7), half, 1e-6);
  EXPECT_TRUE(fit.converged);
}

TEST(Isoflop, AVertexOutsideTheSizesIsNotUsedAndNamed) {
  PointTable table = isoflop_table(0.03);
  for (std::size_t i = 0; i < 5; ++i) {
    table.points[i].parameters *= std::exp(3.0);
    table.points[i].loss = 2.2 + 0.03 * std::pow(std::log(table.points[i].parameters / 6e6), 2);
  }
  const Fit fit = fit_law(table, isoflop());
  EXPECT_FALSE(fit.rows[0].used);
  EXPECT_THAT(fit.flags, Contains(HasSubstr("vertex_outside")));
  EXPECT_NEAR(fit.parameter("a"), 0.5, 1e-9);
}

TEST(Isoflop, AParabolaThatOpensDownwardsHasNoMinimum) {
  PointTable table = isoflop_table(0.03);
  for (std::size_t i = 0; i < 5; ++i) table.points[i].loss = 4 - table.points[i].loss;
  const Fit fit = fit_law(table, isoflop());
  EXPECT_THAT(fit.rows[0].why_not, StartsWith("no_interior_minimum"));
  EXPECT_THAT(fit.flags, Contains(HasSubstr("no_interior_minimum")));
}

TEST(Isoflop, TwoSizesHoldNoParabola) {
  try {
    fit_law(isoflop_table(0.03, 0, 2), isoflop());
    FAIL();
  } catch (const WorkError& error) {
    EXPECT_THAT(error.what(), HasSubstr("too_few_sizes"));
  }
}

TEST(Isoflop, ParametersAreNeeded) {
  PointTable table = isoflop_table(0.03);
  table.points[3].parameters = std::nan("");
  EXPECT_THROW(fit_law(table, isoflop()), InputError);
}

TEST(Isoflop, BudgetsThatShareRunsAreNoIndependentPointsOfALine) {
  PointTable table = isoflop_table(0.03);
  for (std::size_t i = 0; i < table.points.size(); ++i) {
    table.points[i].run = "run " + std::to_string(i);
  }
  EXPECT_THAT(fit_law(table, isoflop()).flags,
              testing::Not(Contains(StartsWith("budgets_share_runs"))));
  for (std::size_t i = 0; i < table.points.size(); ++i) {
    table.points[i].run = "run " + std::to_string(i % 5);
  }
  EXPECT_THAT(fit_law(table, isoflop()).flags, Contains(StartsWith("budgets_share_runs")));
}

// Student t by NumPy: ln L = 65.9396634927 C^-.1209783819472219, standard error of the slope
// .0152004953507 / sqrt(Sxx), t(.975; 6) = 2.446911848791681.
TEST(LogLine, SlopeAndIntervalAreOrdinaryLeastSquares) {
  std::vector<double> x, y{4.1, 3.75, 3.4, 3.2, 2.85, 2.7, 2.42, 2.3};
  for (int i = 0; i < 8; ++i) x.push_back(1e10 * std::pow(2.0, i));
  const LogLine line = log_line(x, y);
  EXPECT_NEAR(line.slope, -0.1209783819472219, 1e-13);
  const Interval interval = line_interval(line,
                                          line_noise(x, y, line, Eigen::MatrixXd::Identity(8, 8),
                                                     std::nullopt, Eigen::VectorXd::Zero(8)),
                                          {0, 1}, 0.95);
  EXPECT_NEAR(interval.first, -0.129258298476, 1e-11);
  EXPECT_NEAR(interval.second, -0.112698465419, 1e-11);
}

// Porian et al. 2024: their fits of ln N* over ln C from their optimal pairs, 15 configurations:
// `basic` is ordinary least squares, `weighted` has weights 1/std^2.
TEST(LogLine, GivesPoriansFifteenExponents) {
  const CsvTable pairs = read_csv(kLaws / "porian_optimal_pairs.csv");
  const CsvTable fits = read_csv(kLaws / "porian_published_fits.csv");
  const auto key = [](const CsvRow& row) {
    std::string text;
    for (std::size_t i = 0; i < 6; ++i) text += row.fields[i] + ' ';
    return text;
  };
  struct Pairs {
    std::vector<double> flops, n_star, weight;
  };
  std::map<std::string, Pairs> by_key;
  ASSERT_EQ(pairs.columns.at(7), "n_star");
  ASSERT_EQ(pairs.columns.at(9), "n_star_std");
  for (const CsvRow& row : pairs.rows) {
    if (row.fields[7].empty()) continue;
    Pairs& group = by_key[key(row)];
    group.flops.push_back(std::stod(row.fields[6]));
    group.n_star.push_back(std::stod(row.fields[7]));
    group.weight.push_back(std::pow(std::stod(row.fields[9]), -2));
  }
  int basic = 0, weighted = 0;
  for (const CsvRow& row : fits.rows) {
    const Pairs& group = by_key.at(key(row));
    const double published = std::stod(row.fields[7].empty() ? "nan" : row.fields[7]);
    if (row.fields[6] == "basic") {
      EXPECT_NEAR(log_line(group.flops, group.n_star).slope, published, 1e-6) << key(row);
      ++basic;
    } else if (row.fields[6] == "weighted") {
      EXPECT_NEAR(log_line(group.flops, group.n_star, group.weight).slope, published, 1e-6)
          << key(row);
      ++weighted;
    }
  }
  EXPECT_EQ(basic, 15);
  EXPECT_EQ(weighted, 15);
}

}  // namespace
}  // namespace isoloss
