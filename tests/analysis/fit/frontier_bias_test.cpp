// What parabolas do to a frontier, where the truth is known.
#include "analysis/fit/frontier_bias.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "analysis/fit/fit.h"
#include "analysis/fit/forecast.h"
#include "analysis/fit/predict.h"
#include "tests/analysis/simulated_study.h"

namespace isoloss {
namespace {

// Without noise the difference between what `fit` finds and the law's own exponent and floor is the
// bias: gamma = alpha beta / (alpha + beta) and E, in closed form.
TEST(FrontierBias, IsTheErrorOfAStudyWithoutNoise) {
  test::StudyLayout layout = test::large_layout();
  layout.evaluation_noise = 0;
  const PointTable table = test::simulate(layout, 1);
  const test::TrueLaw& law = layout.laws.front();
  FitOptions options;
  options.architecture = law.name;
  options.frontier = FrontierKind::Surface;
  options.bootstrap = 0;
  const Fit fit = fit_law(table, options);
  const std::vector<Point> trials = frontier_trials(table, law.name, {});
  const auto bias = frontier_bias(trials, compute_frontier(trials, FrontierOptions{}), {},
                                  {ObjectiveKind::Squares, 0, FitSpace::Log, 1}, {});
  ASSERT_TRUE(bias);
  EXPECT_NEAR(bias->parameters[1], fit.parameter("b") - law.gamma(), 1e-6);
  EXPECT_NEAR(bias->parameters[2], fit.parameter("E") - law.floor, 1e-5);
  EXPECT_GT(bias->parameters[2], 0.005);  // curves of equal compute are no parabolas
}

// Sizes over two decades: parabolas move b and E by more than noise of .005 nats does, so that
// intervals about the estimates would not hold the truth.
TEST(FrontierBias, IntervalsLieAboutTheLawAndNotAboutWhatParabolasMakeOfIt) {
  const test::StudyLayout layout = test::wide_layout();
  const test::TrueLaw& law = layout.laws.front();
  FitOptions options;
  options.architecture = law.name;
  options.frontier = FrontierKind::Surface;
  options.bootstrap = 0;
  const Fit fit = fit_law(test::simulate(layout, 3), options);
  for (const auto& [name, truth] :
       {std::pair<std::string, double>{"b", law.gamma()}, {"E", law.floor}}) {
    for (const auto& [of, interval] : fit.intervals) {
      if (of != name) continue;
      EXPECT_LT(interval.first, truth) << name;
      EXPECT_GT(interval.second, truth) << name;
      EXPECT_LT(interval.second, fit.parameter(name)) << name;
    }
    EXPECT_TRUE(std::any_of(fit.flags.begin(), fit.flags.end(), [&](const std::string& flag) {
      return flag.starts_with(name + "_outside_interval");
    })) << name;
  }
}

// Without noise the interval of a larger run, moved, holds what the law says there, and its middle
// is nearer to it than the prediction is.
TEST(FrontierBias, APredictionIsMovedTowardsTheLaw) {
  test::StudyLayout layout = test::large_layout();
  layout.evaluation_noise = 1e-5;
  const test::TrueLaw& law = layout.laws.front();
  FitOptions options;
  options.architecture = law.name;
  options.frontier = FrontierKind::Surface;
  options.bootstrap = 0;
  const Fit fit = fit_law(test::simulate(layout, 1), options);
  Place place;
  place.flops = 10 * layout.budgets.back();
  const StoredFit stored = stored_fit(to_json(fit), "");
  EXPECT_EQ(stored.basis->shift, fit.basis->shift);
  const Prediction there = predict_at(stored, place, 0.95);
  const double truth = law.optimal_loss(*place.flops);
  const double off = std::abs(*there.loss - truth);
  EXPECT_GT(off, 1e-3);
  const Forecast ahead =
      forecast(law_named("power"),
               {Eigen::ArrayXd::Constant(
                    1, std::log(fit.parameter("a")) - fit.parameter("b") * fit.basis->centre[0]),
                Eigen::ArrayXd::Constant(1, fit.parameter("b")), fit.parameter("E")},
               *fit.basis, FitSpace::Log, std::vector{*place.flops});
  EXPECT_LT(std::abs(std::exp(ahead.value - ahead.shift) - truth), 0.2 * off);
}

TEST(FrontierBias, NeedsParametersAndTokens) {
  PointTable table = test::simulate(test::large_layout(), 1);
  std::vector<Point> trials = frontier_trials(table, "base", {});
  const Frontier frontier = compute_frontier(trials, FrontierOptions{});
  for (Point& p : trials) p.tokens = std::nan("");
  EXPECT_FALSE(frontier_bias(trials, frontier, {}, {}, {}));
}

}  // namespace
}  // namespace isoloss
