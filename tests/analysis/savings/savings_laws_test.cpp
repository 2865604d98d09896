// Savings by laws: tests between their forms, floors, growth, the paper's absolute savings, a slope
// that is given.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "analysis/savings/parallel_lines.h"
#include "analysis/savings/savings.h"
#include "analysis/savings/savings_estimate.h"
#include "model/spec/error.h"
#include "tests/analysis/frontier_lines.h"
#include "tests/analysis/simulated_study.h"

namespace isoloss {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

FrontierPoint frontier_point(double flops, double loss) {
  FrontierPoint p;
  p.flops = flops;
  p.loss = loss;
  return p;
}

// ln C 0..3 and ln L as below; NumPy's least squares with a level each and one slope, the standard
// error of (a_b - a_c) / k by the delta method, t(5) = 2.57058; F(1, 4) of a slope each.
TEST(ParallelLines, ScatterGivesTheIntervalThatNumpyGives) {
  const double y[2][4] = {{1.00, .93, .79, .71}, {.92, .80, .72, .60}};
  std::vector<FrontierPoint> lines[2];
  for (const int i : {0, 1}) {
    for (int x = 0; x < 4; ++x) lines[i].push_back(frontier_point(std::exp(x), std::exp(y[i][x])));
  }
  const LinePair equal = fit_lines(lines[0], lines[1], 0, Slopes::Equal);
  const LinePair own = fit_lines(lines[0], lines[1], 0, Slopes::Own);
  EXPECT_NEAR(equal.savings(), 2.58886488731, 1e-9);
  const auto interval = lack_of_fit_interval(equal, 0.95);
  ASSERT_TRUE(interval);
  EXPECT_NEAR(interval->first, 1.91768554, 1e-6);
  EXPECT_NEAR(interval->second, 3.4949533, 1e-6);
  EXPECT_NEAR(restriction_p(equal, own), 0.796929450448, 1e-9);
}

// Ten sizes of one run each at twelve checkpoints, so that budgets share runs: the scatter of the
// trials knows that, the scatter of the frontiers' points about the lines does not and is flagged.
TEST(ParallelLines, ScatterOfTrialsKnowsThatBudgetsShareRuns) {
  PointTable table = test::simulate(test::curves_layout(), 1);
  SavingsOptions options = against("auto", 0);
  const Savings known = compute_savings(table, options);
  ASSERT_TRUE(known.parallel && known.parallel->lack_of_fit_interval);
  EXPECT_EQ(to_json(known)["parallel"]["lack_of_fit_of"], "trials");
  EXPECT_THAT(known.flags, Not(Contains(StartsWith("budgets_share_runs"))));
  for (Point& p : table.points) p.tokens = std::nan("");  // no chinchilla law
  const Savings unknown = compute_savings(table, options);
  ASSERT_TRUE(unknown.parallel && unknown.parallel->lack_of_fit_interval);
  EXPECT_EQ(to_json(unknown)["parallel"]["lack_of_fit_of"], "lines");
  EXPECT_THAT(unknown.flags, Contains(StartsWith("budgets_share_runs")));
  const auto width = [](const Savings& savings) {
    const Interval& interval = *savings.parallel->lack_of_fit_interval;
    return std::log(interval.second / interval.first);
  };
  EXPECT_GT(width(known), 2 * width(unknown));
}

// The worked example of marin's gate: 3.5422 and 3.52 at one compute, E = 1.6, k = .0941, 433986
// and 410000 tokens/s.
TEST(GivenSlope, TheGateExampleFromOnePointEach) {
  PointTable table = table_of({{"base", 0, 1, 3.5422}, {"other", 0, 1, 3.52}}, {1e18});
  table.points[0].wall_seconds = 1e9 / 433986;
  table.points[1].wall_seconds = 1e9 / 410000;
  SavingsOptions options = against("1.6");
  options.exponent = 0.0941;
  EXPECT_NEAR(compute_savings(table, options).parallel->savings, 1.129946, 5e-7);
  EXPECT_NEAR(compute_savings(table, options).at.front().savings, 1.129946, 5e-7);
  options.wall_clock = true;
  EXPECT_NEAR(compute_savings(table, options).parallel->savings, 1.067495, 5e-7);
}

// Five points of a baseline and one of a candidate, which has no frontier: the error says what
// would do, and the savings then say the interval of the scatter and nothing of a floor not
// identified.
TEST(GivenSlope, OnePointOfACandidateIsEnough) {
  PointTable table = table_of({{"base", 120, 0.0941, 1.6}}, budgets(5, 1e18, 3), 1, 0.005);
  const PointTable one = table_of({{"other", 110, 0.0941, 1.6}}, {1e19});
  table.points.push_back(one.points.front());
  SavingsOptions options = against("1.6");
  try {
    compute_savings(table, options);
    FAIL() << "one point is no frontier";
  } catch (const WorkError& error) {
    EXPECT_THAT(error.what(), HasSubstr("--exponent"));
  }
  options.exponent = 0.0941;
  const Savings savings = compute_savings(table, options);
  const Interval interval = savings.parallel->lack_of_fit_interval.value();
  EXPECT_THAT(savings.verdict,
              HasSubstr(fmt::format("(95 % interval {:.3g} to {:.3g} by the scatter alone;",
                                    interval.first, interval.second)));
  for (const std::string& flag : savings.flags) {
    EXPECT_NE(flag.substr(0, 20), "floor_not_identified");
  }
  options.floor = savings_floor_named("zero");
  EXPECT_THAT(compute_savings(table, options).flags, Contains(StartsWith("floor_not_identified")));
}

TEST(GivenSlope, AFloorThatIsFittedOrAnExponentThatIsNoneIsRefused) {
  const PointTable table = table_of({{"base", 0, 1, 3.5}, {"other", 0, 1, 3.4}}, {1e18});
  SavingsOptions options = against("shared");
  options.exponent = 0.1;
  EXPECT_THROW(compute_savings(table, options), InputError);
  options.floor = savings_floor_named("1.6");
  options.exponent = -0.1;
  EXPECT_THROW(compute_savings(table, options), InputError);
}

// So et al. 2021, appendix A.9: what is saved at loss l is s = C_b (1 - 1/b), and l falls as s^-k.
TEST(AbsoluteSavings, FollowThePapersPowerLaw) {
  const Line base{"base", 60, 0.1, 1.5};
  const Line other{"other", 60 * std::pow(3.0, -0.1), 0.1, 1.5};
  const Savings savings = compute_savings(table_of({base, other}, budgets(5)), against("1.5"));
  ASSERT_TRUE(savings.parallel);
  for (const double loss : {2.7, 2.9}) {
    const double c_base = std::pow((loss - 1.5) / 60, -10), c_other = c_base / 3;
    EXPECT_NEAR(
        savings.parallel->absolute_coefficient * std::pow(c_base - c_other, -savings.parallel->k),
        loss - 1.5, 1e-9);
  }
}

// Primer, figure 7: at the losses of 24, 64 and 128 hours of the baseline the digitised lines are
// 3.05, 2.84 and 2.71 apart. Two of the three give the power law that holds the third to its
// rounding, and a factor that shrinks by ln(2.71/3.05) / log10(128/24) a decade.
TEST(SavingsLaw, PrimersFigureSevenHasNoParallelLines) {
  PointTable table;
  table.source = "figure 7";
  const double drift = std::log(2.71 / 3.05) / std::log(128.0 / 24);
  for (const double hours : {24.0, 128.0}) {
    const double loss = 3.572 * std::pow(hours, -0.0205);
    for (const bool other : {false, true}) {
      Point p = table_of({{"base", 0, 1, loss}}, {hours}).points.front();
      if (other) {
        p.architecture = std::string("other");
        p.flops = p.budget = hours / (3.05 * std::pow(hours / 24, drift));
      }
      table.points.push_back(p);
    }
  }
  SavingsOptions options = against("zero");
  options.at = {3.572 * std::pow(64.0, -0.0205)};
  const Savings savings = compute_savings(table, options);
  EXPECT_NEAR(savings.at.front().savings, 2.84, 0.01);
  EXPECT_NEAR(savings.at.front().by_law, 2.84, 0.01);
  ASSERT_TRUE(savings.law);
  EXPECT_NEAR(savings.law->per_decade, std::pow(10.0, drift), 1e-6);
  EXPECT_NEAR(savings.growth->ratio, 2.71 / 3.05, 1e-6);
  EXPECT_EQ(to_json(savings)["growth"]["sign"], -1);
}

TEST(Floors, ThatDifferByTheDrawsAreFlaggedAndHaveNoOneLaw) {
  const Line base{"base", 300, 0.15, 1.9}, other{"other", 300, 0.15, 1.4};
  const Savings savings =
      compute_savings(table_of({base, other}, budgets(9, 1e15, 3), 2, 1e-5), against("auto"));
  EXPECT_THAT(savings.flags, Contains("floors_differ: base 1.9, other 1.4"));
  EXPECT_EQ(savings.floor.name, "free");
  EXPECT_EQ(to_json(savings)["floors"]["floor_test"], "draws");
  EXPECT_FALSE(savings.law);
  ASSERT_TRUE(savings.floors);
  EXPECT_LT(savings.floors->p, 1e-6);
  for (const SavingsAt& at : savings.at) {
    const double exact = std::pow((at.loss - 1.9) / (at.loss - 1.4), -1 / 0.15);
    EXPECT_NEAR(at.by_law / exact, 1, 1e-3) << at.loss;
  }
}

// Without draws the F test alone speaks, which rejects too often: it is said, and the floor that
// both share is kept.
TEST(Floors, ThatDifferByTheFTestAloneAreFlaggedAndShared) {
  const Line base{"base", 300, 0.15, 1.9}, other{"other", 300, 0.15, 1.4};
  const PointTable table = table_of({base, other}, budgets(9, 1e15, 3));
  const Savings savings = compute_savings(table, against("auto"));
  EXPECT_THAT(savings.flags,
              Contains(StartsWith("floors_differ: base 1.9, other 1.4 by the F test alone")));
  EXPECT_EQ(savings.floor.name, "shared");
  EXPECT_TRUE(savings.law);
  EXPECT_LT(savings.floors->p, 1e-6);
  EXPECT_EQ(to_json(savings)["floors"]["floor_test"], "F");
  EXPECT_EQ(to_json(savings)["parallel"]["slope_test"], "F");
}

// Two curves of one factor above a floor of 1.5, four budgets: at a zero floor their slopes look
// unequal, which says nothing. With the floor given they are tested, and are not.
TEST(Floors, AssumedForWantOfBudgetsDecideNothing) {
  const Line base{"base", 300, 0.15, 1.5};
  const Line other{"other", 300 * std::pow(2.0, -0.15), 0.15, 1.5};
  const PointTable table = table_of({base, other}, budgets(4, 1e15, 3), 3, 0.001);
  const Savings assumed = compute_savings(table, against("auto"));
  EXPECT_TRUE(assumed.floor_assumed);
  const nlohmann::json json = to_json(assumed);
  EXPECT_TRUE(json["parallel"]["slope_equality_p"].is_null());
  EXPECT_TRUE(json["parallel"]["slope_equality_bootstrap_p"].is_null());
  EXPECT_TRUE(json["parallel"]["slope_test"].is_null());
  EXPECT_TRUE(json["law"]["interval"].is_null());
  EXPECT_TRUE(json["law"]["per_decade_interval"].is_null());
  EXPECT_THAT(assumed.flags, Contains(StartsWith("slopes_not_tested")));
  EXPECT_THAT(assumed.flags, Not(Contains(StartsWith("slopes_differ"))));
  EXPECT_FALSE(assumed.growth_resolved);
  ASSERT_TRUE(assumed.parallel->interval);
  for (const SavingsAt& at : assumed.at) {
    EXPECT_TRUE(at.interval);
    EXPECT_FALSE(at.by_law_interval);
  }
  const Savings given = compute_savings(table, against("1.5"));
  EXPECT_FALSE(given.floor_assumed);
  EXPECT_GT(given.parallel->slope_equality_bootstrap_p, 0.05);
  EXPECT_TRUE(given.at.front().by_law_interval);
  EXPECT_THAT(given.flags, Not(Contains(StartsWith("slopes_not_tested"))));
  // Nothing else depends on which it is.
  for (std::size_t i = 0; i < given.at.size(); ++i) {
    EXPECT_EQ(given.at[i].interval, assumed.at[i].interval);
  }
}

// Both frontiers reach from 1.444 to 1.848: beyond, ends go on as they like, and the verdict is the
// law's.
TEST(Savings, BeyondTheCommonLossesHaveTheLawsIntervalAlone) {
  const PointTable table = two_lines(2, 0.002);
  SavingsOptions options = against("zero");
  options.at = {1.40};
  const Savings beyond = compute_savings(table, options);
  EXPECT_FALSE(beyond.at[0].interval);
  ASSERT_TRUE(beyond.at[0].by_law_interval);
  EXPECT_THAT(beyond.verdict, HasSubstr(fmt::format("{:.3g}x", beyond.at[0].by_law)));
  EXPECT_THAT(beyond.verdict,
              HasSubstr(fmt::format("{:.3g} by the law;", beyond.at[0].by_law_interval->second)));
  options.floor = savings_floor_named("auto");
  const Savings assumed = compute_savings(table, options);
  EXPECT_FALSE(assumed.at[0].interval);
  EXPECT_THAT(assumed.verdict, HasSubstr("no interval beyond the losses"));
  options.at = {1.48};
  EXPECT_TRUE(compute_savings(table, options).at[0].interval);
}

// A fitted floor of 1.5: no compute reaches it.
TEST(Floors, NoLossIsAskedForAtOrBelowTheFittedOne) {
  const Line base{"base", 300, 0.15, 1.5};
  const Line other{"other", 300 * std::pow(1.6, -0.15), 0.15, 1.5};
  const PointTable table = table_of({base, other}, budgets(9, 1e15, 3), 3, 0.002);
  SavingsOptions options = against("shared", 20);
  const double floor = compute_savings(table, options).parallel->floor;
  options.at = {floor - 0.1};
  try {
    compute_savings(table, options);
    FAIL();
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr("the floor that was fitted to both"));
  }
}

TEST(Floors, ThatAreOneAreNotFlagged) {
  const Line base{"base", 300, 0.15, 1.5};
  const Line other{"other", 300 * std::pow(1.6, -0.15), 0.15, 1.5};
  const Savings savings =
      compute_savings(table_of({base, other}, budgets(9, 1e15, 3), 3, 0.002), against("auto"));
  EXPECT_THAT(savings.flags, Not(Contains(StartsWith("floors_differ"))));
  EXPECT_EQ(savings.floor.name, "shared");
  EXPECT_TRUE(std::isfinite(savings.floors->bootstrap_p));
}

TEST(Growth, OfASteeperCandidateIsPositiveAndSure) {
  const Line base{"base", 60, 0.1, 0}, other{"other", 60 * std::pow(1e15, 0.02), 0.12, 0};
  const Savings savings =
      compute_savings(table_of({base, other}, budgets(6), 3, 0.001), against("zero"));
  ASSERT_TRUE(savings.growth);
  EXPECT_GT(savings.growth->ratio, 1);
  EXPECT_LT(savings.growth->p, 0.02);
  EXPECT_LT(savings.parallel->slope_equality_bootstrap_p, 0.02);
  EXPECT_EQ(to_json(savings)["parallel"]["slope_test"], "draws");
  EXPECT_THAT(savings.flags,
              Contains(testing::MatchesRegex(
                  "slopes_differ: p = .* by paired draws .rejected., p = .* by the F test .*")));
  EXPECT_EQ(to_json(savings)["growth"]["sign"], 1);
}

// A constant factor is the same at every loss and at every compute.
TEST(SavingsCurves, HoldAKnownFactorAgainstLossAndCompute) {
  const Line base{"base", 60, 0.1, 0}, other{"other", 60 * std::pow(1.8, -0.1), 0.1, 0};
  const Savings savings =
      compute_savings(table_of({base, other}, budgets(6), 2, 1e-4), against("zero"));
  for (const auto* curve : {&savings.curve, &savings.by_compute}) {
    for (const SavingsAt& at : *curve) {
      EXPECT_NEAR(at.savings, 1.8, 0.02);
      ASSERT_TRUE(at.interval);
      EXPECT_LT(at.interval->first, at.savings);
      EXPECT_GT(at.interval->second, at.savings);
    }
  }
  const SavingsAt& last = savings.by_compute.back();
  EXPECT_NEAR(last.baseline_compute / last.candidate_compute, last.savings, 1e-9);
}

TEST(Flags, FlopsCountedInTwoWaysAreNamed) {
  PointTable table = table_of({{"base", 60, 0.1, 0}, {"other", 55, 0.1, 0}}, budgets(4));
  for (Point& p : table.points) {
    p.parameters = 1e6;
    p.tokens = p.flops / 6 / p.parameters * (p.architecture == "base" ? 1 : 0.9);
  }
  SavingsOptions options = against("zero");
  options.frontier = FrontierKind::Points;
  EXPECT_THAT(compute_savings(table, options).flags,
              Contains("mixed_conventions: FLOPs of base are 6 N D, those of other are not"));
  for (Point& p : table.points) p.tokens *= 0.9;
  EXPECT_THAT(compute_savings(table, options).flags, Not(Contains(StartsWith("mixed"))));
}

TEST(Flags, NoiseThatIsKnownPoorlyOrNotAtAll) {
  PointTable table = two_lines(2, 0.002);
  EXPECT_THAT(compute_savings(table, against("zero", 20)).flags, Not(Contains("few_replicates")));
  EXPECT_THAT(compute_savings(table, against("zero", 20)).flags,
              Contains("held_out_noise_not_measured"));
  for (Point& p : table.points) p.sequence_losses.assign(8, static_cast<float>(p.loss));
  EXPECT_THAT(compute_savings(table, against("zero", 20)).flags,
              Not(Contains("held_out_noise_not_measured")));
  std::erase_if(table.points, [](const Point& p) { return p.architecture == "other" && p.seed; });
  EXPECT_THAT(compute_savings(table, against("zero", 20)).flags, Contains("few_replicates"));
}

// 20,000,000 trials times draws, by hand; fewer than a hundred draws are none.
TEST(Flags, DrawsThatTheTrialsDoNotAllow) {
  EXPECT_EQ(affordable_draws(1000, 20'000), 1000);
  EXPECT_EQ(affordable_draws(1000, 20'001), 999);
  EXPECT_EQ(affordable_draws(1000, 200'000), 100);
  EXPECT_EQ(affordable_draws(1000, 200'001), 0);
  EXPECT_EQ(affordable_draws(50, 200'000), 50);
  const Savings many = compute_savings(two_lines(20'001, 0.01), against("zero", 100));
  EXPECT_THAT(many.flags, Contains("draws_reduced: 0 of 100 for 200010 trials"));
  EXPECT_FALSE(many.parallel->interval);
  EXPECT_THAT(compute_savings(two_lines(2, 0.01), against("zero", 100)).flags,
              Not(Contains(StartsWith("draws_reduced"))));
}

TEST(Flags, DrawsThatAreTooFewForPercentilesAreSaid) {
  const PointTable table = two_lines(2, 0.01);
  EXPECT_EQ(compute_savings(table, against("zero", 19)).uncertainty,
            "none: 19 draws, fewer than 20");
  EXPECT_THAT(compute_savings(table, against("zero", 20)).uncertainty, HasSubstr(", 20 draws"));
}

// A floor just below the lowest loss: about half of the draws fall below it.
TEST(Flags, DrawsThatGiveNoFrontier) {
  const PointTable table = two_lines(2, 0.01);
  double lowest = INFINITY;
  for (const FrontierPoint& p :
       compute_savings(table, against("zero", 0)).candidate_frontier.points)
    lowest = std::min(lowest, p.loss);
  const Savings savings = compute_savings(table, against(std::to_string(lowest - 1e-4), 200));
  EXPECT_THAT(savings.flags, Contains(StartsWith("draws_failed: ")));
  EXPECT_GT(savings.failed_draws, 20);
  EXPECT_THAT(compute_savings(table, against("zero", 200)).flags,
              Not(Contains(StartsWith("draws_failed"))));
}

TEST(Flags, AFrontierThatRises) {
  PointTable table = two_lines(1, 0);
  EXPECT_THAT(compute_savings(table, against("zero")).flags,
              Not(Contains(StartsWith("frontier_not_monotone"))));
  table.points[2].loss = table.points[1].loss + 0.01;
  EXPECT_THAT(compute_savings(table, against("zero")).flags,
              Contains("frontier_not_monotone: base"));
}

TEST(Flags, HowTheStudyWasRun) {
  PointTable table = two_lines(1, 0);
  for (const char* name : {"base", "third"}) {
    Decision decision;
    decision.architecture = name;
    decision.size = std::string("s");
    decision.learning_rate = 0.09;
    decision.at_edge = true;
    table.decisions.push_back(decision);
    RunRecord run;
    run.header.architecture = name;
    run.header.training_tokens = 1e9;
    run.evaluations.emplace_back().tokens = name == std::string("base") ? 2.5e9 : 7e9;
    table.runs.push_back(run);
  }
  SavingsOptions options = against("zero");
  const Savings savings = compute_savings(table, options);
  EXPECT_THAT(savings.flags, Contains("learning_rate_at_edge: base s at 0.09"));
  EXPECT_THAT(savings.flags, Contains("text_repeats: up to 2.5 epochs"));
  EXPECT_THAT(savings.flags, Not(Contains(HasSubstr("third"))));
  EXPECT_THAT(savings.flags, Not(Contains(StartsWith("wall_clock"))));
  for (Point& p : table.points) p.wall_seconds = p.flops / 1e12;
  options.wall_clock = true;
  EXPECT_THAT(compute_savings(table, options).flags,
              Contains(StartsWith("wall_clock_as_measured")));
}

// Parabolas cannot follow a kink of .2 nats; seeds that differ by .001 do not explain it.
TEST(Flags, SizesThatNoParabolaDescribesAreNamed) {
  SavingsOptions options = against("zero", 20);
  options.frontier = FrontierKind::Surface;
  EXPECT_THAT(compute_savings(kinked_surface(0.2), options).flags,
              Contains(StartsWith("surface_misfit: base")));
}

// Sizes over two decades: parabolas put both frontiers off, each by its own amount, which looks
// like growth. Without noise every draw is the same, so that the end of the interval is what is
// left when that is taken out: the growth of the laws themselves, in closed form (none).
TEST(Savings, IntervalsAreMovedByWhatParabolasDo) {
  test::StudyLayout layout = test::wide_layout();
  layout.evaluation_noise = 0;
  const test::TrueLaw &b = layout.laws[0], &c = layout.laws[1];
  SavingsOptions options = against("auto", 20);
  options.frontier = FrontierKind::Surface;
  const Savings savings = compute_savings(test::simulate(layout, 1), options);
  EXPECT_TRUE(savings.moved);
  ASSERT_TRUE(savings.growth && savings.growth->interval);
  const auto saved = [&](double loss) { return b.compute_at(loss) / c.compute_at(loss); };
  const double truth = saved(savings.overlap.first) / saved(savings.overlap.second);
  const SavingsGrowth& growth = *savings.growth;
  // The other end is the estimate.
  const double end = growth.ratio < truth ? growth.interval->second : growth.interval->first;
  EXPECT_GT(std::abs(growth.ratio / truth - 1), 1e-2);
  EXPECT_LT(std::abs(end / truth - 1), 0.2 * std::abs(growth.ratio / truth - 1));
}

// The same in seconds, where larger models train faster by a power of their size, the candidate's
// at two thirds of the baseline's speed: seconds at equal loss follow from the best sizes of the
// laws.
TEST(Savings, IntervalsInSecondsAreMovedByWhatParabolasDo) {
  test::StudyLayout layout = test::wide_layout();
  layout.evaluation_noise = 0;
  const test::TrueLaw &b = layout.laws[0], &c = layout.laws[1];
  const auto seconds = [](const std::string& name, double flops, double parameters) {
    return (name == "other" ? 1.5e-10 : 1e-10) * flops * std::pow(parameters / 1e8, -0.2);
  };
  PointTable table = test::simulate(layout, 1);
  for (Point& p : table.points) p.wall_seconds = seconds(p.architecture, p.flops, p.parameters);
  SavingsOptions options = against("auto", 20);
  options.frontier = FrontierKind::Surface;
  options.wall_clock = true;
  const Savings savings = compute_savings(table, options);
  EXPECT_TRUE(savings.moved);
  const auto at = [&](const test::TrueLaw& law, double loss) {
    const double flops = law.compute_at(loss);
    return seconds(law.name, flops, law.optimal_parameters(flops));
  };
  for (const SavingsAt& here : {savings.curve.front(), savings.curve.back()}) {
    const double truth = at(b, here.loss) / at(c, here.loss);
    ASSERT_TRUE(here.interval);
    const double end =
        here.savings < truth ? here.interval->second : here.interval->first;  // the other: estimate
    EXPECT_GT(std::abs(here.savings / truth - 1), 1e-3) << here.loss;
    EXPECT_LT(std::abs(end / truth - 1), 0.2 * std::abs(here.savings / truth - 1)) << here.loss;
  }
}

}  // namespace
}  // namespace isoloss
