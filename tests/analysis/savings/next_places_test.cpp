// Runs at sizes and budgets that a study lacks: what they are said to bring against what they do.
#include "analysis/savings/next_places.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "analysis/fit/chinchilla_fit.h"
#include "analysis/savings/next_study.h"
#include "tests/analysis/simulated_study.h"

namespace isoloss {
namespace {

// Some twenty cells of each architecture, one of the sizes with a second seed.
test::StudyLayout layout_of(double noise) {
  test::StudyLayout layout = test::small_layout();
  layout.seeds[4] = 2;
  layout.evaluation_noise = noise;
  return layout;
}

SavingsOptions options_of(const test::StudyLayout& layout) {
  SavingsOptions options;
  options.baseline = layout.laws[0].name;
  options.candidate = layout.laws[1].name;
  options.bootstrap = 0;
  return options;
}

std::vector<Point> trials_of(const PointTable& table, const std::string& architecture) {
  std::vector<Point> out;
  for (const Point& p : table.points) {
    if (p.architecture == architecture) out.push_back(p);
  }
  return out;
}

NextStudy plan(const PointTable& table, const test::StudyLayout& layout) {
  const SavingsOptions options = options_of(layout);
  return plan_next_study(table, options, compute_savings(table, options), 10);
}

double log_compute(const ChinchillaFit& fit, double loss) {
  const double gamma = fit.law.alpha * fit.law.beta / (fit.law.alpha + fit.law.beta);
  const double scale = efficient_point(fit.law, 1, 6).loss - fit.law.E;
  return std::log(scale / (loss - fit.law.E)) / gamma;
}

// Of ln savings at `loss`, by brute force: every loss moved both ways and everything fitted again,
// under independent noise of one size; in units of that noise.
double variance_by_refits(std::vector<Point> baseline, std::vector<Point> candidate, double loss) {
  constexpr double kStep = 1e-4;
  double variance = 0;
  for (std::vector<Point>* moved : {&baseline, &candidate}) {
    for (Point& p : *moved) {
      const double here = p.loss;
      double side[2] = {0, 0};
      for (const int i : {0, 1}) {
        p.loss = here + (i == 0 ? kStep : -kStep);
        side[i] = log_compute(*fit_chinchilla(*moved), loss);
      }
      p.loss = here;
      variance += std::pow((side[0] - side[1]) / (2 * kStep), 2);
    }
  }
  return variance;
}

void expect_brought(const test::StudyLayout& layout, const PointTable& table,
                    const NextPlace& place, double loss) {
  std::vector<Point> baseline = trials_of(table, layout.laws[0].name);
  std::vector<Point> candidate = trials_of(table, layout.laws[1].name);
  const double before = variance_by_refits(baseline, candidate, loss);
  const bool of_candidate = place.architecture == layout.laws[1].name;
  std::vector<Point>& more = of_candidate ? candidate : baseline;
  more.push_back(more.front());
  more.back().parameters = place.parameters;
  more.back().tokens = place.tokens;
  more.back().flops = place.flops;
  more.back().loss = layout.laws[of_candidate ? 1 : 0].loss(place.parameters, place.tokens);
  const double after = variance_by_refits(baseline, candidate, loss);
  EXPECT_NEAR(1 - std::sqrt(after / before), place.shrinks, 0.002)
      << place.architecture << ' ' << place.parameters << ' ' << place.flops;
}

TEST(NextPlaces, BringWhatFitsAgainWithThemGain) {
  const test::StudyLayout layout = layout_of(1e-6);
  const PointTable table = test::simulate(layout, 1);
  const NextStudy next = plan(table, layout);
  ASSERT_FALSE(next.places.empty());
  const auto [least, most] = std::minmax_element(
      next.places.begin(), next.places.end(),
      [](const NextPlace& a, const NextPlace& b) { return a.shrinks < b.shrinks; });
  EXPECT_GT(most->shrinks, least->shrinks + 0.05);
  for (const NextPlace& place : {*least, *most, next.places.front()}) {
    expect_brought(layout, table, place, next.loss);
  }
}

TEST(NextPlaces, LieBetweenAndBeyondWhatWasTried) {
  const test::StudyLayout layout = layout_of(0.001);
  const PointTable table = test::simulate(layout, 1);
  double fewest = INFINITY, smallest = INFINITY, largest = 0;
  for (const Point& p : table.points) {
    fewest = std::min(fewest, p.tokens / p.parameters);
    smallest = std::min(smallest, p.parameters);
    largest = std::max(largest, p.parameters);
  }
  const std::vector<NextPlace> places = plan(table, layout).places;
  bool between = false, larger = false, dearer = false, tried = false;
  for (const NextPlace& place : places) {
    EXPECT_NEAR(place.flops / (6 * place.parameters * place.tokens), 1, 1e-9);
    EXPECT_EQ(place.evaluations, 1);
    EXPECT_GE(place.tokens / place.parameters, 0.5 * fewest);
    if (place.new_size && !place.beyond) {
      EXPECT_GT(place.parameters, smallest);
      EXPECT_LT(place.parameters, largest);
      between = true;
    }
    larger = larger || place.parameters > 1.5 * largest;
    dearer = dearer || place.flops > 1.5 * layout.budgets.back();
    tried = tried || (!place.new_size && !place.new_budget);
  }
  EXPECT_TRUE(between && larger && dearer && tried);
  for (std::size_t i = 1; i < places.size(); ++i) {
    EXPECT_GE(places[i - 1].shrinks_per_exaflop, places[i].shrinks_per_exaflop);
  }
}

// Runs that are measured at every budget they pass: so is one more.
TEST(NextPlaces, ARunIsMeasuredAtTheBudgetsItPasses) {
  test::StudyLayout layout = test::checkpoint_layout();
  layout.evaluation_noise = 0.001;
  const std::vector<NextPlace> places = plan(test::simulate(layout, 1), layout).places;
  ASSERT_FALSE(places.empty());
  for (const NextPlace& place : places) {
    if (place.flops > 1.01 * layout.budgets.back()) {
      EXPECT_GT(place.evaluations, 1) << place.flops;
    }
    if (place.flops < 0.99 * layout.budgets.front()) {
      EXPECT_EQ(place.evaluations, 1) << place.flops;
    }
  }
}

TEST(NextPlaces, NoneWhereNoLawCanBeFitted) {
  const test::StudyLayout layout = layout_of(0.001);
  PointTable table = test::simulate(layout, 1);
  for (Point& p : table.points) p.tokens = std::nan("");
  EXPECT_TRUE(plan(table, layout).places.empty());
}

}  // namespace
}  // namespace isoloss
