#include "analysis/savings/savings.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "analysis/fit/frontier_curve.h"
#include "analysis/savings/parallel_lines.h"
#include "analysis/savings/savings_estimate.h"
#include "model/spec/counter_random.h"
#include "model/spec/error.h"

namespace isoloss {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;

// One architecture: L = E + a C^-k at its best size exp(.5 ln C - 4), kappa (ln N - best)^2 off it.
struct Truth {
  std::string name;
  double a, k, floor = 0;
};

struct Layout {
  std::vector<double> budgets = {4e11, 8e11, 1.6e12, 3.2e12};
  std::vector<int> seeds = {0};
  double run_noise = 0, evaluation_noise = 0;
  std::uint64_t draw = 0;
  double spacing = 0.5;  // of the sizes, in ln N
};

void add_points(const Truth& truth, const Layout& layout, PointTable& table) {
  for (int size = 0; size < 5; ++size) {
    const double log_n = 0.5 * std::log(1.13e12) - 4 + layout.spacing * (size - 2);
    for (const int seed : layout.seeds) {
      const std::uint64_t key = layout.draw * 1000 + static_cast<std::uint64_t>(size * 10 + seed) +
                                truth.name.size() * 100;
      for (std::size_t b = 0; b < layout.budgets.size(); ++b) {
        Point p;
        p.architecture = truth.name;
        p.size = fmt::format("s{}", size);
        p.parameters = std::exp(log_n);
        p.tokens = layout.budgets[b] / 6 / p.parameters;
        p.budget = p.flops = layout.budgets[b];
        p.seed = seed;
        p.has_seed = true;
        p.learning_rate = 0.05;
        p.wall_seconds = p.flops / 1e10;
        const double off = log_n - (0.5 * std::log(p.flops) - 4);
        p.loss = truth.floor + truth.a * std::pow(p.flops, -truth.k) + 0.03 * off * off +
                 layout.run_noise * random_normal(7, 1, key) +
                 layout.evaluation_noise * random_normal(7, 2, key * 10 + b);
        table.points.push_back(p);
      }
    }
  }
}

PointTable table_of(const Truth& baseline, const Truth& candidate, const Layout& layout) {
  PointTable table;
  table.source = "made";
  add_points(baseline, layout, table);
  add_points(candidate, layout, table);
  return table;
}

SavingsOptions against(const std::string& floor = "auto") {
  SavingsOptions options;
  options.baseline = "base";
  options.candidate = "other";
  options.floor = savings_floor_named(floor);
  options.bootstrap = 100;
  return options;
}

// The candidate reaches a C^-k with half the compute: a_other = a 2^-k.
const Truth kBase{"base", 30, 0.1};
const Truth kTwice{"other", 30 * std::pow(2.0, -0.1), 0.1};

class EveryFrontier : public testing::TestWithParam<FrontierKind> {};

// Truth known: 2x at every loss. Interpolation is exact on exact power laws, whose curves are
// straight in logarithms; the envelope alone reads sizes beside the optimum.
TEST_P(EveryFrontier, FindsAKnownFactorOfTwo) {
  SavingsOptions options = against("zero");
  options.frontier = GetParam();
  const Savings savings = compute_savings(table_of(kBase, kTwice, {}), options);
  const double tolerance = GetParam() == FrontierKind::Envelope ? 0.1 : 1e-6;
  ASSERT_EQ(savings.at.size(), 3u);
  for (const SavingsAt& at : savings.at) EXPECT_NEAR(at.savings, 2, tolerance) << at.loss;
  ASSERT_TRUE(savings.parallel);
  EXPECT_NEAR(savings.parallel->savings, 2, tolerance);
  EXPECT_EQ(savings.frontier,
            GetParam() == FrontierKind::Auto ? FrontierKind::Surface : GetParam());
}
INSTANTIATE_TEST_SUITE_P(Kinds, EveryFrontier,
                         testing::Values(FrontierKind::Auto, FrontierKind::Surface,
                                         FrontierKind::IsoFlop, FrontierKind::Envelope));

// C = (a/L)^(1/k), so S(L) = a_b^(1/k_b) a_o^(-1/k_o) L^(1/k_o - 1/k_b): with k .1 and .11 the
// exponent is -.90909; per decade of baseline compute the factor is 10^(1 - k_b/k_o) = 1.23285.
TEST(Savings, UnequalSlopesGiveThePowerLawOfLoss) {
  const Truth steeper{"other", 30 * std::pow(1e11, 0.01), 0.11};
  const Savings savings = compute_savings(table_of(kBase, steeper, {}), against("zero"));
  ASSERT_TRUE(savings.law);
  EXPECT_NEAR(savings.law->exponent, 1 / 0.11 - 10, 1e-6);
  EXPECT_NEAR(savings.law->per_decade, 1.2328467, 1e-6);
  for (const SavingsAt& at : savings.at) {
    EXPECT_NEAR(at.savings, savings.law->coefficient * std::pow(at.loss, savings.law->exponent),
                1e-5);
    const double base = std::pow(30 / at.loss, 10);
    const double other = std::pow(steeper.a / at.loss, 1 / 0.11);
    EXPECT_NEAR(at.savings, base / other, 1e-5);
  }
  EXPECT_LT(savings.parallel->slope_equality_p, 1e-6);
  // Without draws F alone says so.
  EXPECT_THAT(savings.flags,
              Contains(testing::MatchesRegex("slopes_differ: p = .* by the F test .rejected.")));
}

// Facts on fitting, worked example: 3.5422 and 3.52 at one compute, E = 1.6, k = .0941 -> 1.129946.
TEST(Savings, WorkedExampleWithAGivenFloor) {
  PointTable table;
  for (const double c : {1e18, 2e18, 4e18, 8e18}) {
    for (const auto& [name, loss] : {std::pair{"base", 3.5422}, std::pair{"other", 3.52}}) {
      Point p;
      p.architecture = name;
      p.parameters = p.tokens = p.budget = p.learning_rate = std::nan("");
      p.flops = c;
      p.loss = 1.6 + (loss - 1.6) * std::pow(c / 1e18, -0.0941);
      table.points.push_back(p);
    }
  }
  const Savings savings = compute_savings(table, against("1.6"));
  ASSERT_TRUE(savings.parallel);
  EXPECT_EQ(savings.frontier, FrontierKind::Points);
  EXPECT_NEAR(savings.parallel->k, 0.0941, 1e-9);
  EXPECT_NEAR(savings.parallel->savings, 1.129946, 5e-7);
  EXPECT_NEAR(savings.law->per_decade, 1, 1e-9);
  EXPECT_NEAR(savings.baseline_fit->parameter("E"), 1.6, 1e-12);
}

// S = ((L_worse - E) / (L_better - E))^(1/k) with the shared floor that made the data.
TEST(Savings, ASharedFloorIsFoundFromSixBudgets) {
  Layout layout;
  layout.budgets = {2e11, 4e11, 8e11, 1.6e12, 3.2e12, 6.4e12};
  layout.spacing = 0.7;  // wide enough that each budget's best size has neighbours
  const Truth base{"base", 300, 0.25, 1.5}, other{"other", 300 * std::pow(1.7, -0.25), 0.25, 1.5};
  SavingsOptions options = against();
  options.frontier = FrontierKind::Surface;
  PointTable table = table_of(base, other, layout);
  const Savings savings = compute_savings(table, options);
  ASSERT_EQ(savings.baseline_frontier.used().size(), 6u);
  ASSERT_EQ(savings.candidate_frontier.used().size(), 6u);
  EXPECT_EQ(savings.floor.name, "shared");
  const Savings shared = compute_savings(table, against("shared"));
  ASSERT_TRUE(shared.law);
  EXPECT_NEAR(shared.law->floor, 1.5, 1e-4);
  EXPECT_NEAR(shared.parallel->savings, 1.7, 1e-4);
}

TEST(Savings, FreeFloorsHaveNoLaw) {
  const Savings savings = compute_savings(table_of(kBase, kTwice, {}), against("free"));
  EXPECT_FALSE(savings.law);
  EXPECT_FALSE(savings.parallel);
  EXPECT_TRUE(to_json(savings)["law"].is_null());
}

TEST(Savings, WithoutReplicatesThereIsNoInterval) {
  const Savings savings = compute_savings(table_of(kBase, kTwice, {}), against());
  EXPECT_FALSE(savings.seed_noise.measured);
  for (const SavingsAt& at : savings.at) EXPECT_FALSE(at.interval);
  EXPECT_THAT(savings.flags, Contains("seed_noise_not_measured"));
  EXPECT_THAT(savings.verdict, HasSubstr("no interval: seed noise not measured"));
}

TEST(Savings, FewBudgetsIdentifyNoFloorAndShortRangesNoGrowth) {
  const Savings savings = compute_savings(table_of(kBase, kTwice, {}), against());
  EXPECT_EQ(savings.floor.name, "zero");
  EXPECT_THAT(savings.flags, Contains("floor_not_identified"));
  EXPECT_THAT(savings.flags, Contains(HasSubstr("floor_sensitivity")));
  EXPECT_THAT(savings.flags, Contains("growth_not_resolved"));
  EXPECT_THAT(savings.verdict, HasSubstr("growth not resolved"));
}

TEST(Savings, LossesThatDoNotOverlapAreRefused) {
  const Truth far{"other", 20, 0.1};
  EXPECT_THROW(compute_savings(table_of(kBase, far, {}), against()), WorkError);
}

// The candidate's rows of another convention than the baseline's; a third architecture's do not
// matter.
TEST(Savings, RowsOfTwoConventionsAreRefused) {
  for (const char* column : {"flops_convention", "tokenizer_hash", "held_out_hash"}) {
    PointTable table = table_of(kBase, kTwice, {});
    add_points({"third", 30, 0.1}, {}, table);
    table.other_columns = {column};
    for (Point& p : table.points) p.other = {p.architecture == "third" ? "two" : "one"};
    EXPECT_NO_THROW(compute_savings(table, against()));
    for (Point& p : table.points) p.other = {p.architecture == "other" ? "two" : "one"};
    try {
      compute_savings(table, against());
      FAIL() << column;
    } catch (const InputError& error) {
      EXPECT_THAT(error.what(), HasSubstr(std::string(column) + " is 'two' (row 1 has 'one'"));
    }
  }
}

// What savings would pass over in silence. Weights that are all the same say nothing.
TEST(Savings, RowsOfSeveralWeightsOrEvaluationSetsAreRefused) {
  for (const char* column : {"weight", "evaluation"}) {
    PointTable table = table_of(kBase, kTwice, {});
    table.other_columns = {column};
    for (Point& p : table.points) p.other = {"2"};
    table.points[3].other = {column == std::string("weight") ? "2.0" : "2"};
    EXPECT_NO_THROW(compute_savings(table, against()));
    for (const std::size_t row : {std::size_t{7}, table.points.size() - 1}) {
      PointTable mixed = table;
      mixed.points[row].other = {"3"};
      EXPECT_THROW(compute_savings(mixed, against()), InputError) << column << row;
    }
  }
}

// Losses of one seed on two sets, in a column that no analysis reads.
TEST(Savings, RowsOfOneSeedThatSayTwoLossesAreRefused) {
  PointTable table = table_of(kBase, kTwice, {});
  table.other_columns = {"dataset"};
  for (Point& p : table.points) p.other = {"c4"};
  table.points.push_back(table.points[2]);
  table.points.back().other = {"pile"};
  EXPECT_NO_THROW(compute_savings(table, against()));
  table.points.back().loss += 0.3;
  try {
    compute_savings(table, against());
    FAIL();
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr(fmt::format("rows 3 and {}", table.points.size())));
    EXPECT_THAT(error.what(), HasSubstr("column 'dataset', which nothing here reads, has 'c4' and "
                                        "'pile'"));
  }
}

TEST(Savings, RepeatedRowsWithoutASeedAreFlagged) {
  Layout layout;
  layout.seeds = {0, 1};
  PointTable table = table_of(kBase, kTwice, layout);
  const auto repeated = Contains(testing::StartsWith("near_duplicate_rows: rows "));
  EXPECT_THAT(compute_savings(table, against()).flags, Not(repeated));
  for (Point& p : table.points) {
    p.has_seed = false;
    p.seed = 0;
  }
  EXPECT_THAT(compute_savings(table, against()).flags, repeated);
}

TEST(Savings, AnUnknownArchitectureNamesTheNearest) {
  SavingsOptions options = against();
  options.candidate = "othr";
  try {
    compute_savings(table_of(kBase, kTwice, {}), options);
    FAIL();
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr("did you mean 'other'"));
  }
}

TEST(Savings, ALossOutsideTheOverlapIsMarked) {
  SavingsOptions options = against("zero");
  options.at = {1.5};
  const Savings savings = compute_savings(table_of(kBase, kTwice, {}), options);
  EXPECT_TRUE(savings.at[0].extrapolated);
  EXPECT_THAT(savings.flags, Contains("extrapolated: loss 1.5"));
  EXPECT_NEAR(savings.at[0].savings, 2, 1e-6);  // straight lines go on straight
}

TEST(Savings, ABudgetBestAtTheGridsEdgeIsLeftOutByName) {
  Layout layout;
  layout.budgets = {1e10, 4e11, 8e11, 1.6e12, 3.2e12};
  const Savings savings = compute_savings(table_of(kBase, kTwice, layout), against());
  EXPECT_THAT(savings.flags,
              Contains("best_size_at_edge: base at budget 1e+10 (best at the smallest "
                       "size, s0)"));
  EXPECT_NEAR(savings.at[0].savings, 2, 1e-6);
  EXPECT_EQ(savings.baseline_frontier.used().size(), 4u);
}

// The candidate trains half as fast: what it saves in compute it loses in time.
TEST(Savings, WallClockComparesSeconds) {
  PointTable table = table_of(kBase, kTwice, {});
  for (Point& p : table.points) p.wall_seconds *= p.architecture == "other" ? 2 : 1;
  SavingsOptions options = against("zero");
  options.wall_clock = true;
  EXPECT_NEAR(compute_savings(table, options).at[0].savings, 1, 1e-6);
}

TEST(Savings, TheSameSeedGivesTheSameIntervalOnAnyThreads) {
  Layout layout;
  layout.seeds = {0, 1};
  layout.run_noise = 0.003;
  const PointTable table = table_of(kBase, kTwice, layout);
  SavingsOptions options = against("zero");
  const Savings one = compute_savings(table, options);
  options.threads = 3;
  const Savings three = compute_savings(table, options);
  ASSERT_TRUE(one.at[0].interval && three.at[0].interval);
  EXPECT_EQ(*one.at[0].interval, *three.at[0].interval);
  EXPECT_LT(one.at[0].interval->first, one.at[0].savings);
  EXPECT_GT(one.at[0].interval->second, one.at[0].savings);
}

TEST(Savings, AnIntervalAroundOneIsNotResolved) {
  Layout layout;
  layout.seeds = {0, 1};
  layout.run_noise = 0.01;
  const Truth same{"other", 30, 0.1};
  const Savings savings = compute_savings(table_of(kBase, same, layout), against("zero"));
  EXPECT_THAT(savings.verdict, HasSubstr("not resolved"));
  EXPECT_THAT(savings.flags, Contains("savings_not_resolved"));
}

// A candidate of another slope: the savings differ by loss, so each loss has a verdict of its own.
TEST(Savings, TheVerdictSpeaksOfTheMiddleLoss) {
  const Truth steeper{"other", 40, 0.11};
  SavingsOptions options = against("zero");
  options.at = {2.2, 2.0, 1.9};
  const Savings savings = compute_savings(table_of(kBase, steeper, {}), options);
  EXPECT_THAT(savings.verdict, HasSubstr("at loss 2 ("));
}

TEST(Savings, TheJsonHasTheHousesKeys) {
  const nlohmann::json json = to_json(compute_savings(table_of(kBase, kTwice, {}), against()));
  for (const char* key : {"baseline", "candidate", "floor", "frontier", "fits", "parallel", "law",
                          "at", "frontier_overlap", "flags"}) {
    EXPECT_TRUE(json.contains(key)) << key;
  }
  for (const char* key : {"k", "savings", "interval", "slope_equality_p"}) {
    EXPECT_TRUE(json["parallel"].contains(key)) << key;
  }
  for (const char* key : {"coefficient", "exponent", "interval", "per_decade"}) {
    EXPECT_TRUE(json["law"].contains(key)) << key;
  }
  for (const char* key : {"loss", "savings", "interval", "extrapolated"}) {
    EXPECT_TRUE(json["at"][0].contains(key)) << key;
  }
  EXPECT_TRUE(json["fits"].contains("base"));
  EXPECT_EQ(json["fits"]["base"]["law"], "power");
}

// Two hundred studies of known truth: with the interval's nominal 95 % between 88 and 99 % cover
// it.
TEST(Savings, IntervalsCoverTheTruth) {
  int covered = 0;
  const int studies = 200;
  for (int study = 0; study < studies; ++study) {
    Layout layout;
    layout.budgets = {4e11, 9e11, 2e12};
    layout.seeds = {0, 1};
    layout.spacing = 0.7;
    layout.run_noise = 0.006;
    layout.evaluation_noise = 0.004;
    layout.draw = static_cast<std::uint64_t>(study);
    SavingsOptions options = against("zero");
    options.frontier = FrontierKind::Surface;
    options.at = {1.83};
    options.bootstrap = 150;
    options.seed = static_cast<std::uint64_t>(study);
    const Savings savings = compute_savings(table_of(kBase, kTwice, layout), options);
    ASSERT_TRUE(savings.at[0].interval) << study;
    covered += savings.at[0].interval->first <= 2 && savings.at[0].interval->second >= 2;
  }
  RecordProperty("covered", covered);
  EXPECT_GE(covered, studies * 88 / 100);
  EXPECT_LE(covered, studies * 99 / 100);
}

TEST(BestBaseline, IsTheCheapestAtCommonLosses) {
  PointTable table = table_of(kBase, kTwice, {});
  add_points({"third", 30 * std::pow(1.3, -0.1), 0.1}, {}, table);
  EXPECT_EQ(best_baseline(table, "other"), "third");
  EXPECT_EQ(best_baseline(table, "third"), "other");
}

TEST(BestBaseline, NeedsAnotherArchitecture) {
  PointTable table;
  add_points(kBase, {}, table);
  EXPECT_THROW(best_baseline(table, "base"), InputError);
}

// Monotone cubic through y = x^3 at 0, 1, 2, 3, by hand: slope at 1 by Fritsch and Butland's
// harmonic mean of the secants 1 and 7 is 2/(1/1+1/7) = 7/4, at 2 of 7 and 19: 2/(1/7+1/19) =
// 133/13; so y(1.5) is (1+8)/2 + (7/4 - 133/13)/8 = 3.439903846.
TEST(MonotoneCurve, AgreesWithAHandComputedValue) {
  const MonotoneCurve curve({0, 1, 2, 3}, {0, 1, 8, 27});
  EXPECT_NEAR(curve(1.5), 3.439903846, 1e-9);
  EXPECT_DOUBLE_EQ(curve(2), 8);
}

TEST(FrontierCurve, APointThatSpendsMoreForNoLessLossIsOffTheCurve) {
  std::vector<FrontierPoint> points(3);
  const double made[][2] = {{1e10, 3.0}, {2e10, 3.1}, {4e10, 2.5}};
  for (std::size_t i = 0; i < 3; ++i) {
    points[i].flops = made[i][0];
    points[i].loss = made[i][1];
  }
  const FrontierCurve curve(points);
  EXPECT_FALSE(curve.monotone());
  ASSERT_TRUE(curve.valid());
  EXPECT_EQ(curve.losses(), (Interval{2.5, 3.0}));
  EXPECT_NEAR(curve.log_compute(2.5), std::log(4e10), 1e-12);
}

// NumPy 2: both lines by hand. ln L over ln C through (0, 2), (1, 1), (2, 1) and (0, 1), (1, 0),
// (2, 0) has slope -1/2 for both, equal slopes fit as well as own ones: p = 1.
TEST(ParallelLines, EqualSlopesAreNotRejectedWhereTheyAreEqual) {
  const auto points = [](double shift) {
    std::vector<FrontierPoint> made;
    const double y[] = {2, 1, 1};
    for (int i = 0; i < 3; ++i) {
      FrontierPoint p;
      p.flops = std::exp(i);
      p.loss = std::exp(y[i] - shift);
      made.push_back(p);
    }
    return made;
  };
  const LinePair own = fit_lines(points(0), points(1), 0, Slopes::Own);
  const LinePair equal = fit_lines(points(0), points(1), 0, Slopes::Equal);
  EXPECT_NEAR(own.k[0], 0.5, 1e-12);
  EXPECT_NEAR(equal.savings_at(1), std::exp(2), 1e-9);  // one nat lower at slope 1/2: two in ln C
  EXPECT_DOUBLE_EQ(restriction_p(equal, own), 1);
}

TEST(SavingsFloor, AWordThatIsNoFloorAndAFloorAboveTheLossesAreRefused) {
  FrontierPoint p;
  p.loss = 2;
  EXPECT_THROW(savings_floor(savings_floor_named("none"), std::nullopt, {p}, {p}), InputError);
  EXPECT_THROW(savings_floor(savings_floor_named("2.5"), std::nullopt, {p}, {p}), InputError);
  EXPECT_EQ(savings_floor(savings_floor_named("1.5"), std::nullopt, {p}, {p}).value, 1.5);
  EXPECT_EQ(savings_floor(savings_floor_named("auto"), 1.2, {p}, {p}).value, 1.2);
}

}  // namespace
}  // namespace isoloss
