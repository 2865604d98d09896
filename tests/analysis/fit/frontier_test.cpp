#include "analysis/fit/frontier.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "analysis/fit/budget_groups.h"
#include "analysis/fit/frontier_pair.h"
#include "model/spec/error.h"
#include "tests/analysis/surface_table.h"

namespace isoloss {
namespace {

TEST(Surface, RecoversTheSurfaceItWasMadeFrom) {
  const Frontier f =
      frontier_of(surface_table(0.04, 0.5, -4, kBudgets, kSizes), FrontierKind::Surface);
  EXPECT_NEAR(f.kappa, 0.04, 1e-10);
  EXPECT_NEAR(f.size_exponent, 0.5, 1e-8);
  EXPECT_NEAR(f.size_offset, -4, 1e-6);
  ASSERT_EQ(f.points.size(), 3u);
  EXPECT_NEAR(f.points[2].loss, 2.6, 1e-10);
  EXPECT_NEAR(std::log(f.points[2].optimal_parameters), 0.5 * std::log(1.6e12) - 4, 1e-7);
}

// kappa (ln N - ln N*)^2 is a thousandth of the loss 2.8 at ln N* +- sqrt(.0028 / .04) = .264575.
TEST(Frontier, SizesWithinAThousandthOfTheBestLoss) {
  for (const FrontierKind kind : {FrontierKind::Surface, FrontierKind::IsoFlop}) {
    const Frontier f = frontier_of(surface_table(0.04, 0.5, -4, kBudgets, kSizes), kind);
    const FrontierPoint& p = f.points[1];
    ASSERT_TRUE(p.near_optimal);
    EXPECT_NEAR(std::log(p.near_optimal->second / p.optimal_parameters), 0.264575, 1e-6);
    EXPECT_NEAR(std::log(p.near_optimal->first / p.optimal_parameters), -0.264575, 1e-6);
  }
  const Frontier best =
      frontier_of(surface_table(0.04, 0.5, -4, kBudgets, kSizes), FrontierKind::Envelope);
  EXPECT_FALSE(best.points[1].near_optimal);
}

TEST(FrontierTrials, RunsThatAnAxisTellsApartAreNotAveraged) {
  PointTable table = surface_table(0.04, 0.5, -4, kBudgets, kSizes);
  for (Point& p : table.points) p.run = std::string("a");
  EXPECT_NO_THROW(frontier_trials(table, "t", {}));
  Point other = table.points.front();  // the same size, budget, seed and rate
  other.run = std::string("b");
  table.points.push_back(other);
  EXPECT_THROW(frontier_trials(table, "t", {}), InputError);
  table.points.back().seed = 1;  // a replicate
  EXPECT_NO_THROW(frontier_trials(table, "t", {}));
}

TEST(IsoFlop, RecoversEachVertex) {
  const Frontier f =
      frontier_of(surface_table(0.04, 0.5, -4, kBudgets, kSizes), FrontierKind::IsoFlop);
  for (std::size_t b = 0; b < 3; ++b) {
    EXPECT_TRUE(f.points[b].used);
    EXPECT_NEAR(f.points[b].loss, 3 - 0.2 * static_cast<double>(b), 1e-10);
    EXPECT_NEAR(std::log(f.points[b].optimal_parameters), 0.5 * std::log(kBudgets[b]) - 4, 1e-7);
  }
}

TEST(IsoFlop, AParabolaOpenDownwardsIsRefused) {
  // Losses 2.0, 1.9, 1.95, 1.0-like dips cannot come from one convex parabola: a narrow dip between
  // high shoulders whose least-squares parabola opens downwards.
  PointTable table = surface_table(0.04, 0.5, -4, {4e11}, {8, 9, 10, 11, 12});
  const double losses[] = {2.0, 2.4, 1.9, 2.4, 2.0};
  for (std::size_t i = 0; i < 5; ++i) table.points[i].loss = losses[i];
  const Frontier f = frontier_of(table, FrontierKind::IsoFlop);
  EXPECT_FALSE(f.points[0].used);
  EXPECT_EQ(left_out(f).front().rfind("budget_left_out: t at budget 4e+11", 0), 0u);
}

TEST(Envelope, TakesTheBestSizeOfEachBudgetBySeedMeans) {
  PointTable table = surface_table(0.04, 0.5, -4, {4e11}, {8.5, 9.2, 9.8});
  // A lucky seed of another size does not win: its mean counts.
  Point lucky = table.points[2];
  lucky.seed = 1;
  lucky.has_seed = true;
  lucky.loss = 2.95;
  table.points.push_back(lucky);
  table.points[2].loss = 3.30;
  const Frontier f = frontier_of(table, FrontierKind::Envelope);
  EXPECT_NEAR(std::log(f.points[0].optimal_parameters), 9.2, 1e-12);
}

TEST(Envelope, WithoutCommonBudgetsIsTheLowerHull) {
  PointTable table;
  table.source = "made";
  const double rows[][3] = {{1, 8, 1}, {2, 5, 2}, {4, 4.8, 2}, {8, 2, 2}, {16, 1.9, 3}};
  for (const auto& row : rows) {
    Point p;
    p.architecture = std::string("t");
    p.flops = row[0];
    p.loss = row[1];
    p.parameters = row[2];
    p.tokens = p.learning_rate = p.budget = std::nan("");
    table.points.push_back(p);
  }
  const Frontier f = frontier_of(table, FrontierKind::Envelope);
  std::vector<double> flops;
  for (const FrontierPoint& p : f.points) flops.push_back(p.flops);
  // In (log2 C, ln L): (0, 2.08) (1, 1.61) (2, 1.57) (3, .69) (4, .64): by hand the chord from 0 to
  // 3 passes x=1 at 1.617, above 1.609, and x=2 at 1.155, below 1.57: the hull leaves out FLOPs 4.
  ASSERT_EQ(flops.size(), 4u);
  EXPECT_NEAR(flops[1], 2, 1e-12);
  EXPECT_NEAR(flops[2], 8, 1e-12);
  EXPECT_FALSE(f.points.front().used);
  EXPECT_FALSE(f.points.back().used);
}

TEST(Frontier, BudgetsBestAtTheEdgeAreLeftOut) {
  const Frontier f =
      frontier_of(surface_table(0.04, 0.5, -4, {1e9, 4e11, 8e11}, kSizes), FrontierKind::Surface);
  EXPECT_FALSE(f.points[0].used);
  EXPECT_EQ(left_out(f).front().rfind("best_size_at_edge: t at budget 1e+09", 0), 0u);
  EXPECT_NEAR(f.kappa, 0.04, 1e-8);  // the budgets left out do not bend the surface
}

// Losses moved by at most .004, so that the smallest size of the first budget, whose optimum is
// near the second, leads by .001: noise, and said so. A lead of .2 is none.
TEST(Frontier, ABestSizeAtTheEdgeByLessThanNoiseCounts) {
  PointTable table = surface_table(0.04, 0.5, -4, kBudgets, kSizes);
  for (std::size_t i = 0; i < table.points.size(); ++i)
    table.points[i].loss += i % 2 ? 0.004 : -0.004;
  table.points[0].loss = table.points[2].loss - 0.001;
  const Frontier counted = frontier_of(table, FrontierKind::Surface);
  EXPECT_TRUE(counted.points[0].used);
  ASSERT_EQ(left_out(counted).size(), 1u);
  EXPECT_EQ(left_out(counted).front().rfind("best_size_near_edge: t at budget 4e+11", 0), 0u);
  table.points[0].loss = table.points[2].loss - 0.2;
  EXPECT_FALSE(frontier_of(table, FrontierKind::Surface).points[0].used);
}

TEST(Frontier, AutoSaysWhatItTook) {
  EXPECT_EQ(frontier_of(surface_table(0.04, 0.5, -4, kBudgets, kSizes), FrontierKind::Auto).kind,
            FrontierKind::Surface);
  const Frontier one =
      frontier_of(surface_table(0.04, 0.5, -4, kBudgets, {9.8}), FrontierKind::Auto);
  EXPECT_EQ(one.kind, FrontierKind::Points);
  EXPECT_FALSE(one.reason.empty());
}

// Chinchilla losses (Hoffmann et al. 2022) of `sizes`, each for so many tokens a parameter.
PointTable ladder(const std::vector<double>& sizes, const std::vector<double>& ratios) {
  PointTable table;
  table.source = "made";
  for (const double size : sizes) {
    for (const double ratio : ratios) {
      Point p;
      p.architecture = std::string("t");
      p.parameters = size;
      p.tokens = ratio * size;
      p.flops = 6 * size * p.tokens;
      p.loss = 1.69 + 406.4 * std::pow(size, -.34) + 410.7 * std::pow(p.tokens, -.28);
      p.learning_rate = p.budget = std::nan("");
      table.points.push_back(p);
    }
  }
  return table;
}

// Sizes over FLOPs that overlap are no frontier as they stand, budgets of one trial each or none;
// nor are sizes over ranges that do not, nor those of which a few share FLOPs by chance (2^2 x .5
// is 2).
TEST(Frontier, AutoTakesTheHullOfSizesTrainedOverRanges) {
  PointTable table = ladder({190e6, 370e6, 760e6, 1.3e9}, {10, 20, 40, 100, 200});
  EXPECT_EQ(frontier_of(table, FrontierKind::Auto).kind, FrontierKind::Envelope);
  for (Point& p : table.points) p.budget = p.flops;
  EXPECT_EQ(frontier_of(table, FrontierKind::Auto).kind, FrontierKind::Envelope);
  const PointTable apart = ladder({1e8, 1e9, 1e10}, {10, 20, 40, 60});
  EXPECT_EQ(frontier_of(apart, FrontierKind::Auto).kind, FrontierKind::Envelope);
  const Frontier chance =
      frontier_of(ladder({1e8, 2e8, 4e8, 8e8}, {10, 20, 40, 100, 200}), FrontierKind::Auto);
  EXPECT_EQ(chance.kind, FrontierKind::Envelope);
  EXPECT_GE(chance.used().size(), 3u);
  for (const FrontierPoint& p : chance.used()) EXPECT_NE(p.why_not.substr(0, 8), "one size");
}

// Sizes that rise with FLOPs are a frontier, one at two neighbouring budgets too; so is one size
// alone, between which nothing chooses.
TEST(Frontier, AutoTakesPointsWhereSizesRiseWithFlops) {
  PointTable table = ladder({1e8, 2e8, 4e8, 8e8}, {20});
  EXPECT_EQ(frontier_of(table, FrontierKind::Auto).kind, FrontierKind::Points);
  table.points.push_back(ladder({2e8}, {30}).points.front());
  EXPECT_EQ(frontier_of(table, FrontierKind::Auto).kind, FrontierKind::Points);
  EXPECT_EQ(frontier_of(ladder({1e8}, {10, 20, 40}), FrontierKind::Auto).kind,
            FrontierKind::Points);
}

// Of two sizes none is inside: the hull of both counts, and says so.
TEST(Frontier, AHullOfTwoSizesCountsAndIsNamed) {
  const Frontier f = frontier_of(ladder({1e8, 2e8}, {10, 30, 50}), FrontierKind::Auto);
  EXPECT_EQ(f.kind, FrontierKind::Envelope);
  EXPECT_GE(f.used().size(), 2u);
  EXPECT_EQ(left_out(f).front().rfind("best_size_near_edge: t at budget", 0), 0u);
}

// Against sizes over ranges, a ladder of one run a size has its inner sizes: points of both would
// take every run of the first for a frontier point. Without sizes that is all there is.
TEST(FrontierPair, TakesTheEnvelopeOfBothWhereOneNeedsIt) {
  const std::vector<double> sizes = {1e8, 2e8, 4e8, 8e8, 1.6e9};
  const PointTable ranges = ladder(sizes, {10, 27, 70});
  PointTable rising = ladder(sizes, {20});
  EXPECT_EQ(frontiers_of_one_kind(ranges.points, rising.points, {}).kind, FrontierKind::Envelope);
  for (Point& p : rising.points) p.parameters = std::nan("");
  EXPECT_EQ(frontiers_of_one_kind(ranges.points, rising.points, {}).kind, FrontierKind::Points);
}

TEST(Frontier, OfSeveralLearningRatesTheBestMeanCounts) {
  PointTable table = surface_table(0.04, 0.5, -4, {4e11}, {8.5, 9.2, 9.8});
  for (Point& p : table.points) p.learning_rate = 0.03;
  Point better = table.points[1];
  better.learning_rate = 0.05;
  better.loss -= 0.01;
  table.points.push_back(better);
  const std::vector<Point> trials = frontier_trials(table, "t", {});
  ASSERT_EQ(trials.size(), 3u);
  EXPECT_EQ(trials.back().learning_rate, 0.05);
}

TEST(Frontier, LosersOfASearchDoNotCount) {
  PointTable table = surface_table(0.04, 0.5, -4, {4e11}, {8.5, 9.2, 9.8});
  table.points[1].role = "arm";
  EXPECT_EQ(frontier_trials(table, "t", {}).size(), 2u);
}

TEST(Frontier, WithoutEmbeddingsTheOptimalSizeIsSmaller) {
  PointTable table = surface_table(0.04, 0.5, -4, kBudgets, kSizes);
  for (Point& p : table.points) {
    p.parameters_embedding = p.parameters / 2;
  }
  FrontierOptions options;
  options.kind = FrontierKind::Surface;
  options.embeddings = false;
  const Frontier f = compute_frontier(frontier_trials(table, "t", options), options);
  EXPECT_NEAR(std::log(f.points[0].optimal_parameters), 0.5 * std::log(4e11) - 4 - std::log(2.0),
              1e-7);
}

TEST(Frontier, TheColumnThatALeftOutEmbeddingNeedsIsNamed) {
  PointTable table = surface_table(0.04, 0.5, -4, kBudgets, kSizes);
  for (Point& p : table.points) p.parameters_embedding = std::nan("");
  FrontierOptions options;
  options.kind = FrontierKind::Surface;
  options.embeddings = false;
  try {
    compute_frontier(frontier_trials(table, "t", options), options);
    FAIL() << "nothing was missed";
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("parameters_embedding"));
  }
}

TEST(Frontier, KindsReadBackByName) {
  for (const auto kind : {FrontierKind::Auto, FrontierKind::Points, FrontierKind::Surface,
                          FrontierKind::IsoFlop, FrontierKind::Envelope}) {
    EXPECT_EQ(frontier_kind(name_of(kind)), kind);
  }
  EXPECT_THROW(frontier_kind("hull"), InputError);
}

TEST(BudgetGroups, WithoutNominalBudgetsFlopsWithinFivePercentAreOne) {
  PointTable table = surface_table(0.04, 0.5, -4, {1e10, 1.02e10, 2e10}, {9});
  for (Point& p : table.points) p.budget = std::nan("");
  std::vector<double> losses;
  for (const Point& p : table.points) losses.push_back(p.loss);
  const auto groups = budget_groups(table.points, losses, true);
  ASSERT_EQ(groups.size(), 2u);
  EXPECT_EQ(groups[0].sizes.front().members.size(), 2u);
}

}  // namespace
}  // namespace isoloss
