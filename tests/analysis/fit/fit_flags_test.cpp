// Each flag and each refusal of a fit, one by one.
#include "analysis/fit/fit_flags.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "analysis/fit/fit_intervals.h"
#include "model/spec/counter_random.h"
#include "model/spec/error.h"
#include "tests/analysis/good_table.h"

namespace isoloss {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

TEST(Flags, AGoodTableHasNone) { EXPECT_THAT(fitted(good_table()).flags, testing::IsEmpty()); }

TEST(Flags, NarrowRangeOfParameters) {
  PointTable table = good_table();
  for (Point& p : table.points) p.parameters = 1e7 * std::pow(p.parameters / 1e7, 0.3);
  EXPECT_THAT(fitted(table).flags, Contains(StartsWith("narrow_range_of_parameters: 0.62")));
}

TEST(Flags, NarrowRangeOfTokens) {
  PointTable table = good_table();
  for (Point& p : table.points) p.tokens = 1e9 * std::pow(p.tokens / 1e9, 0.3);
  EXPECT_THAT(fitted(table).flags, Contains(StartsWith("narrow_range_of_tokens:")));
}

TEST(Flags, NarrowRangeOfTokensPerParameter) {
  PointTable table = good_table();
  for (int i = 0; i < 30; ++i) {
    Point& p = table.points[static_cast<std::size_t>(i)];
    p.tokens = p.parameters * (15 + i % 7);
    p.loss = 1.8 + 480 * std::pow(p.parameters, -0.35) + 2100 * std::pow(p.tokens, -0.37);
  }
  const Fit fit = fitted(table);
  EXPECT_THAT(fit.flags, Contains(StartsWith("narrow_range_of_tokens_per_parameter")));
  EXPECT_THAT(fit.flags, Contains("narrow_range"));
  EXPECT_THAT(fit.flags, Not(Contains(StartsWith("narrow_range_of_parameters"))));
}

TEST(Flags, FewPoints) {
  PointTable table = good_table();
  table.points.erase(table.points.begin() + 7, table.points.end());
  EXPECT_THAT(fitted(table).flags, Contains("few_points"));
}

// Five parameters: six runs are flagged, seven are not; below thirty the scatter gives the
// intervals.
TEST(Flags, FewRuns) {
  const Fit six = fit_of_runs(6);
  EXPECT_THAT(six.flags, Contains("few_runs"));
  EXPECT_THAT(six.uncertainty, HasSubstr("6 runs are too few to resample"));
  EXPECT_EQ(six.intervals, six.lack_of_fit);
  const Fit seven = fit_of_runs(7);
  EXPECT_THAT(seven.flags, Not(Contains("few_runs")));
  EXPECT_THAT(seven.uncertainty, HasSubstr("7 runs are too few to resample"));
}

TEST(Flags, OneRunCannotBeResampled) {
  const Fit fit = fit_of_runs(1);
  EXPECT_THAT(fit.flags, Contains("one_run"));
  EXPECT_EQ(fit.resamples, 0);
}

// Points whose term is a little negative, which no coefficient is.
TEST(Flags, CoefficientsAtTheirBound) {
  const auto at_bound = [](double a, double b) {
    PointTable table = good_table();
    for (Point& p : table.points) {
      const double m = p.tokens / p.parameters, eta = 0.13;
      p.loss = 1.4 + (a * std::pow(m, eta) + b * std::pow(m, -eta)) * std::pow(p.flops, -eta);
    }
    return fitted(table, "overtraining").flags;
  };
  EXPECT_THAT(at_bound(70, 55), Not(Contains(testing::EndsWith("_at_bound"))));
  EXPECT_THAT(at_bound(-5, 155), Contains("a_at_bound"));
  EXPECT_THAT(at_bound(155, -5), Contains("b_at_bound"));
}

// Losses that are highest where the valley should be, over sizes that lie alike on both sides of
// it: no valley fits better than none.
TEST(Flags, AValleyThatIsARidgeHasItsCurvatureAtItsBound) {
  const auto with_curvature = [](double kappa) {
    PointTable table = good_table();
    for (int i = 0; i < 30; ++i) {
      Point& p = table.points[static_cast<std::size_t>(i)];
      const double off = 0.5 * (i % 6 - 2.5);
      p.flops = 1e18 * std::pow(10.0, i / 6);
      p.parameters = std::exp(0.5 * std::log(p.flops) + off);
      p.tokens = p.flops / 6 / p.parameters;
      p.loss = 1.8 + 60 * std::pow(p.flops, -0.1) + kappa * off * off;
    }
    return fitted(table, "surface").flags;
  };
  EXPECT_THAT(with_curvature(0.02), Not(Contains("kappa_at_bound")));
  EXPECT_THAT(with_curvature(-0.02), Contains("kappa_at_bound"));
}

// A fifth of the draws failed; a tenth may.
TEST(Flags, ABootstrapOfWhichManyFailed) {
  const auto with_failures = [](int failures) {
    Fit fit;
    fit.parameters = {{"b", 0.1}};
    ParameterDraws draws(10, {0.1});
    for (int r = 0; r < failures; ++r) draws[static_cast<std::size_t>(r)] = {kFailed};
    add_percentiles(draws, {}, 0.95, fit);
    EXPECT_EQ(fit.failed_resamples, failures);
    return fit.flags;
  };
  EXPECT_THAT(with_failures(1), testing::IsEmpty());
  EXPECT_THAT(with_failures(2), testing::ElementsAre("bootstrap_failed"));
}

TEST(Flags, FewerPointsThanParametersAreRefused) {
  PointTable table = good_table();
  table.points.resize(4);
  EXPECT_THROW(fitted(table), InputError);
}

TEST(Flags, FloorAtItsBound) {
  PointTable table = good_table();
  for (Point& p : table.points) {
    p.loss = 480 * std::pow(p.parameters, -0.35) + 2100 * std::pow(p.tokens, -0.37) - 0.15;
  }
  EXPECT_THAT(fitted(table).flags, Contains("E_at_bound"));
}

TEST(Flags, AnExponentThatScatterHides) {
  PointTable table = good_table();
  for (int i = 0; i < 30; ++i) {
    Point& p = table.points[static_cast<std::size_t>(i)];
    p.loss = (1.8 + 0.02 * std::pow(p.parameters / 1e7, -0.35) + 2100 * std::pow(p.tokens, -0.37)) *
             std::exp(0.01 * random_normal(5, 6, static_cast<std::uint64_t>(i)));
  }
  const Fit fit = fitted(table);
  EXPECT_THAT(fit.flags, Contains("alpha_unidentified"));
  EXPECT_THAT(fit.flags, Not(Contains("beta_unidentified")));
}

TEST(Flags, AnOutlierIsNamedByItsRowWithItsLeverage) {
  PointTable table = good_table();
  table.points[12].loss *= 1.05;
  const Fit fit = fitted(table);
  ASSERT_THAT(fit.flags, Contains(StartsWith("outlier: row 13 ")));
  for (const std::string& flag : fit.flags) {
    if (!flag.starts_with("outlier")) continue;
    EXPECT_THAT(flag, HasSubstr("above the law, leverage 0."));
    EXPECT_THAT(flag, StartsWith("outlier: row 13 "));
  }
}

TEST(Flags, ARowThatAloneDecidesIsNamed) {
  PointTable table = good_table();
  for (std::uint64_t i = 0; i < 30; ++i) {
    table.points[i].flops = 1e18 * (1 + 0.01 * random_uniform(1, 2, i));
    table.points[i].loss = 3 + 0.01 * random_normal(1, 3, i);
  }
  table.points[7].flops = 1e21;
  table.points[7].loss = 2.2;
  FitOptions options;
  options.bootstrap = 0;
  options.floor = {FloorChoice::Zero, 0};
  EXPECT_THAT(fit_law(table, options).flags, Contains(StartsWith("high_leverage: row 8 ")));
}

TEST(Flags, NearDuplicateRowsAreNamed) {
  PointTable table = good_table();
  table.points.push_back(table.points[4]);
  table.points.back().loss *= 1.0001;
  EXPECT_THAT(fitted(table).flags, Contains("near_duplicate_rows: rows 5 and 31"));
  // Another seed is a replicate.
  table.points[4].has_seed = table.points.back().has_seed = true;
  table.points.back().seed = 1;
  EXPECT_THAT(fitted(table).flags, Not(Contains(StartsWith("near_duplicate_rows"))));
}

TEST(Flags, SeveralEvaluationSetsUnderOneFloor) {
  PointTable table = good_table();
  table.other_columns = {"evaluation"};
  for (Point& point : table.points) point.other = {"books"};
  EXPECT_THAT(fitted(table).flags, Not(Contains(StartsWith("several_evaluation_sets"))));
  table.points[3].other = {"news"};
  EXPECT_THAT(fitted(table).flags, Contains("several_evaluation_sets: 2 in one law"));
  FitOptions options;
  options.law = "chinchilla";
  options.bootstrap = 0;
  options.floor.kind = FloorChoice::Pinned;
  options.floor.by_evaluation = {{"books", 1.0}, {"news", 1.0}};
  EXPECT_THAT(fit_law(table, options).flags, Not(Contains(StartsWith("several_evaluation_sets"))));
}

TEST(Flags, SeveralArchitecturesInOneLaw) {
  PointTable table = good_table();
  table.points[3].architecture = "u";
  EXPECT_THAT(fitted(table).flags, Contains("several_architectures: 2 in one law"));
  FitOptions options;
  options.law = "chinchilla";
  options.bootstrap = 0;
  options.architecture = "t";
  EXPECT_THAT(fit_law(table, options).flags, Not(Contains(StartsWith("several"))));
}

TEST(Flags, MixedConventionsAreRefused) {
  for (const char* column : {"flops_convention", "tokenizer_hash", "held_out_hash"}) {
    PointTable table = good_table();
    table.other_columns = {column};
    for (Point& p : table.points) p.other = {"one"};
    EXPECT_NO_THROW(fitted(table));
    table.points[3].other = {"two"};
    try {
      fitted(table);
      FAIL() << column;
    } catch (const InputError& error) {
      EXPECT_THAT(error.what(), HasSubstr(column));
    }
  }
}

TEST(Flags, ACoefficientThatNothingDetermines) {
  EXPECT_FALSE(is_undetermined({1, 1e6}));
  EXPECT_TRUE(is_undetermined({1, 1.01e6}));
  EXPECT_TRUE(is_undetermined({0, 1}));
  EXPECT_TRUE(is_undetermined({0, INFINITY}));
  Fit fit;
  flag_wide_intervals(law_named("chinchilla"), {{"A", {0, INFINITY}}, {"B", {100, 1e5}}}, fit);
  EXPECT_THAT(fit.flags, testing::ElementsAre("A_undetermined"));
}

TEST(Flags, OptionsOutOfRangeAreNamed) {
  const auto refusal = [](const auto& change) {
    FitOptions options;
    change(options);
    try {
      fit_law(good_table(), options);
    } catch (const InputError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_THAT(refusal([](FitOptions& o) { o.bootstrap = -1; }), StartsWith("bootstrap -1 (must"));
  EXPECT_THAT(refusal([](FitOptions& o) { o.level = NAN; }), StartsWith("level nan (must"));
  EXPECT_THAT(refusal([](FitOptions& o) { o.delta = INFINITY; }), StartsWith("delta inf (must"));
  EXPECT_THAT(refusal([](FitOptions& o) { o.threads = 0; }), StartsWith("threads 0 (must"));
  EXPECT_THAT(refusal([](FitOptions& o) { o.from_budget = NAN; }), StartsWith("from-budget nan"));
}

}  // namespace
}  // namespace isoloss
