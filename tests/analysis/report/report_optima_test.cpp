#include "analysis/report/report_optima.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>

namespace isoloss {
namespace {

constexpr double kFlopsPerParameter = 9;

// L = 1 + 0.5 (C / 1e12)^-0.3 + 0.2 (ln N - ln N*)^2 with N* = 20000 (C / 1e12)^0.6, tokens by
// C = 9 N D.
std::vector<Point> trials(int seeds) {
  std::vector<Point> out;
  for (const double flops : {5e11, 1e12, 2e12}) {
    for (const double parameters : {8e3, 14e3, 25e3, 45e3}) {
      for (int seed = 0; seed < seeds; ++seed) {
        Point p;
        p.architecture = "a";
        p.parameters = parameters;
        p.flops = p.budget = flops;
        p.tokens = flops / kFlopsPerParameter / parameters;
        p.learning_rate = 0.01;
        p.seed = seed;
        p.has_seed = true;
        p.size = fmt::format("{}", parameters);
        p.run = fmt::format("{} {}", parameters, seed);
        const double best = std::log(20000.0) + 0.6 * std::log(flops / 1e12);
        p.loss =
            1 + 0.5 * std::pow(flops / 1e12, -0.3) + 0.2 * std::pow(std::log(parameters) - best, 2);
        // Two seeds lie 0.004 apart: a standard deviation of 0.004 / sqrt(2).
        p.loss += seed * 0.004;
        out.push_back(p);
      }
    }
  }
  return out;
}

std::vector<Optimum> found(const std::vector<Point>& points, FrontierKind kind, int draws = 0) {
  OptimaOptions options;
  options.frontier.kind = kind;
  options.draws = draws;
  return optima(points, compute_frontier(points, options.frontier), measure_seed_noise(points),
                options);
}

TEST(ReportOptima, RecoversSizeTokensAndCurvatureOfExactPoints) {
  for (const FrontierKind kind : {FrontierKind::Surface, FrontierKind::IsoFlop}) {
    const auto all = found(trials(1), kind);
    ASSERT_EQ(all.size(), 3u);
    for (const Optimum& optimum : all) {
      const double best = 20000 * std::pow(optimum.point.flops / 1e12, 0.6);
      EXPECT_NEAR(optimum.point.optimal_parameters / best, 1, 1e-9);
      EXPECT_NEAR(optimum.tokens * kFlopsPerParameter * best / optimum.point.flops, 1, 1e-9);
      EXPECT_NEAR(optimum.curvature, 0.2, 1e-9);
      EXPECT_FALSE(optimum.loss);  // one seed: noise is not measured
    }
  }
}

TEST(ReportOptima, IntervalsHoldTheirPointAndGrowWithNoise) {
  const auto all = found(trials(2), FrontierKind::Surface, 200);
  for (const Optimum& optimum : all) {
    ASSERT_TRUE(optimum.loss && optimum.parameters && optimum.token_interval &&
                optimum.tokens_per_parameter);
    EXPECT_LT(optimum.loss->first, optimum.point.loss);
    EXPECT_GT(optimum.loss->second, optimum.point.loss);
    EXPECT_LT(optimum.parameters->first, optimum.point.optimal_parameters);
    EXPECT_GT(optimum.parameters->second, optimum.point.optimal_parameters);
    // At equal compute more parameters mean fewer tokens, so their ratio moves twice as far.
    const auto width = [](const Interval& i) { return std::log(i.second / i.first); };
    EXPECT_NEAR(width(*optimum.tokens_per_parameter), 2 * width(*optimum.parameters), 1e-6);
  }
}

TEST(ReportOptima, PointsOfAFrontierWithoutBudgetsHaveNoParabola) {
  const auto all = found(trials(1), FrontierKind::Envelope);
  for (const Optimum& optimum : all) EXPECT_TRUE(std::isnan(optimum.curvature));
}

}  // namespace
}  // namespace isoloss
