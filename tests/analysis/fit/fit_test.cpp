#include "analysis/fit/fit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "analysis/fit/fit_intervals.h"
#include "analysis/numbers/parallel_for.h"
#include "analysis/numbers/statistics.h"
#include "model/spec/counter_random.h"
#include "model/spec/error.h"

namespace isoloss {
namespace {

using testing::Contains;
using testing::Not;

Point point(double flops, double loss) {
  Point p;
  p.architecture = std::string("t");
  p.flops = flops;
  p.loss = loss;
  p.parameters = p.tokens = p.budget = p.learning_rate = std::nan("");
  return p;
}

// L = 1.7 + 50 C^-.2 over eight budgets, with noise.
PointTable power_table(double noise, std::uint64_t draw = 0) {
  PointTable table;
  table.source = "made";
  for (int i = 0; i < 8; ++i) {
    const double c = 2e10 * std::pow(2.0, i);
    table.points.push_back(
        point(c, 1.7 + 50 * std::pow(c, -0.2) +
                     noise * random_normal(3, 5, draw * 8 + static_cast<std::uint64_t>(i))));
  }
  return table;
}

TEST(Fit, FindsTheLawOfExactPoints) {
  FitOptions options;
  options.bootstrap = 0;
  const Fit fit = fit_law(power_table(0), options);
  EXPECT_TRUE(fit.converged);
  EXPECT_NEAR(fit.parameter("E"), 1.7, 1e-5);
  EXPECT_NEAR(fit.parameter("b"), 0.2, 1e-5);
  EXPECT_NEAR(fit.parameter("a"), 50, 1e-2);
  EXPECT_EQ(fit.n, 8u);
}

// Points of a law of the parameters that are no embedding: Kaplan et al. 2020 count so, and Pearce
// and Song 2024 show what the other count does to exponents of small models.
TEST(Fit, CountsSizesWithoutEmbeddingsWhereAsked) {
  PointTable table;
  table.source = "made";
  for (int i = 0; i < 36; ++i) {
    const double inner = 2e5 * std::pow(2.0, i % 6), tokens = 1e7 * std::pow(2.0, i / 6);
    Point p = point(6 * inner * tokens,
                    1.8 + 480 * std::pow(inner, -.35) + 2100 * std::pow(tokens, -.37));
    p.parameters_embedding = 300 * std::sqrt(inner);
    p.parameters = inner + p.parameters_embedding;
    p.tokens = tokens;
    table.points.push_back(p);
  }
  FitOptions options;
  options.law = "chinchilla";
  options.bootstrap = 0;
  EXPECT_GT(std::abs(fit_law(table, options).parameter("alpha") - .35), .02);
  options.embeddings = false;
  const Fit fit = fit_law(table, options);
  EXPECT_NEAR(fit.parameter("alpha"), .35, 1e-5);
  EXPECT_NEAR(fit.parameter("beta"), .37, 1e-5);
  EXPECT_NEAR(fit.origin.ranges.at("parameters").first, 2e5, 1e-6);
  EXPECT_EQ(to_json(fit)["data"]["embeddings"], false);
  // The data are the same.
  options.embeddings = true;
  EXPECT_EQ(fit.origin.digest, fit_law(table, options).origin.digest);
  table.points[7].parameters_embedding = 0;
  options.embeddings = false;
  EXPECT_THROW(fit_law(table, options), InputError);
}

TEST(Fit, TheJsonHasTheHousesKeys) {
  FitOptions options;
  options.bootstrap = 30;
  const nlohmann::json json = to_json(fit_law(power_table(1e-3), options));
  for (const char* key :
       {"law", "n", "objective", "parameters", "intervals", "status", "flags", "bootstrap"}) {
    EXPECT_TRUE(json.contains(key)) << key;
  }
  EXPECT_EQ(json["objective"]["kind"], "huber");
  EXPECT_EQ(json["objective"]["delta"], 1e-3);
  EXPECT_EQ(json["objective"]["space"], "log");
  EXPECT_EQ(json["status"], "converged");
  EXPECT_EQ(json["bootstrap"]["resamples"], 30);
  EXPECT_EQ(json["bootstrap"]["kind"], "points");
  EXPECT_EQ(json["interval_kind"], "residual_scatter");
  EXPECT_EQ(json["intervals"]["b"].size(), 2u);
}

// Thirty points can be resampled, and thirty runs; eight runs cannot.
TEST(Fit, NamesTheKindOfItsIntervals) {
  PointTable table;
  for (std::uint64_t i = 0; i < 60; ++i) {
    table.points.push_back(point(2e10 * std::pow(1.1, static_cast<double>(i)), 0));
    Point& p = table.points.back();
    p.loss = 1.7 + 50 * std::pow(p.flops, -0.2) + 1e-3 * random_normal(3, 8, i);
  }
  FitOptions options;
  options.bootstrap = 20;
  Fit fit = fit_law(table, options);
  EXPECT_EQ(fit.interval_kind, IntervalKind::PointBootstrap);
  EXPECT_EQ(fit.draw_kind, DrawKind::Points);
  options.bootstrap = 19;
  EXPECT_THAT(fit_law(table, options).uncertainty, testing::HasSubstr("19 resamples"));
  options.bootstrap = 20;
  for (std::size_t i = 0; i < 60; ++i) table.points[i].run = std::to_string(i % 30);
  fit = fit_law(table, options);
  EXPECT_EQ(fit.interval_kind, IntervalKind::RunBootstrap);
  EXPECT_EQ(fit.draw_kind, DrawKind::Runs);
  for (std::size_t i = 0; i < 60; ++i) table.points[i].run = std::to_string(i % 8);
  options.bootstrap = 0;
  fit = fit_law(table, options);
  EXPECT_EQ(fit.interval_kind, IntervalKind::ResidualScatterByRun);
  EXPECT_EQ(fit.draw_kind, DrawKind::None);
}

TEST(Fit, BootstrapDoesNotDependOnThreads) {
  FitOptions options;
  options.bootstrap = 60;
  const Fit one = fit_law(power_table(2e-3), options);
  options.threads = 3;
  const Fit three = fit_law(power_table(2e-3), options);
  EXPECT_EQ(one.bootstrap_intervals, three.bootstrap_intervals);
  EXPECT_FALSE(one.bootstrap_intervals.empty());
  options.seed = 2;
  EXPECT_NE(one.bootstrap_intervals, fit_law(power_table(2e-3), options).bootstrap_intervals);
}

// Points of one run are resampled together: with every point twice in a run of its own pair the
// interval is that of eight draws, not of sixteen.
TEST(Fit, ResamplesWholeRuns) {
  PointTable twice = power_table(4e-3);
  for (std::size_t i = 0; i < 8; ++i) twice.points.push_back(twice.points[i]);
  FitOptions options;
  options.objective = ObjectiveKind::Squares;
  options.floor = {FloorChoice::Value, 1.7};
  options.bootstrap = 1000;
  const auto width = [&](const PointTable& table) {
    for (const auto& [name, interval] : fit_law(table, options).bootstrap_intervals) {
      if (name == "b") return interval.second - interval.first;
    }
    return 0.0;
  };
  const double independent = width(twice);
  for (std::size_t i = 0; i < 16; ++i) twice.points[i].run = std::to_string(i % 8);
  EXPECT_GT(width(twice), 1.15 * independent);  // about sqrt(2)
}

// Eight points are too few to resample: the intervals are those of the scatter, and it is said.
TEST(Fit, FewPointsGetStudentsIntervals) {
  FitOptions options;
  options.bootstrap = 60;
  const Fit fit = fit_law(power_table(2e-3), options);
  EXPECT_EQ(fit.intervals, fit.lack_of_fit);
  EXPECT_THAT(fit.uncertainty, testing::HasSubstr("8 points are too few to resample"));
  EXPECT_EQ(fit.resamples, 60);
}

TEST(Fit, FlagsWhatMakesItUntrustworthy) {
  PointTable table;
  for (const double c : {1e10, 2e10, 3e10, 4e10, 5e10}) {
    table.points.push_back(point(c, 60 * std::pow(c, -0.14) - 0.3));
  }
  FitOptions options;
  options.bootstrap = 0;
  const Fit fit = fit_law(table, options);
  EXPECT_THAT(fit.flags, Contains("E_at_bound"));
  EXPECT_THAT(fit.flags, Contains("narrow_range"));
  EXPECT_THAT(fit.flags, Contains("few_points"));
  EXPECT_EQ(fit.parameter("E"), 0);
}

TEST(Fit, AnExponentThatTheDataDoNotHoldIsFlagged) {
  PointTable table;
  table.source = "made";
  for (int i = 0; i < 24; ++i) {
    Point p = point(1, 0);
    p.parameters = 1e6 * std::pow(3.0, i % 4);
    p.tokens = 1e8 * std::pow(2.0, i / 4);
    p.flops = 6 * p.parameters * p.tokens;
    // No dependence on parameters at all.
    p.loss = 1.5 + 300 * std::pow(p.tokens, -0.3);
    table.points.push_back(p);
  }
  FitOptions options;
  options.law = "chinchilla";
  options.bootstrap = 0;
  const Fit fit = fit_law(table, options);
  EXPECT_THAT(fit.flags, Contains("alpha_unidentified"));
  EXPECT_THAT(fit.flags, Not(Contains("beta_unidentified")));
}

TEST(Fit, TooFewPointsAreAnInputError) {
  PointTable table;
  table.points = {point(1, 3), point(2, 2)};
  EXPECT_THROW(fit_law(table, {}), InputError);
}

// Losses over 301 decades, each run with a replicate: squares are beyond a double, and the law ends
// where no interval is known, or one with ends.
TEST(Fit, LossesBeyondAnyLawGiveNoWrongInterval) {
  PointTable table;
  table.source = "made";
  for (int i = 0; i < 16; ++i) {
    Point p = point(1e18 * std::pow(10.0, i / 2), std::pow(10.0, -43.0 * (i / 2)));
    p.loss *= 1 + 0.01 * (i % 2);
    p.parameters = 1e7 * std::pow(2.0, i / 2);
    p.tokens = p.flops / 6 / p.parameters;
    p.budget = p.flops;
    p.has_seed = true;
    p.seed = i % 2;
    table.points.push_back(p);
  }
  for (const char* law : {"power", "chinchilla"}) {
    FitOptions options;
    options.law = law;
    options.bootstrap = 20;
    options.calibrate = true;
    options.frontier = FrontierKind::Points;
    try {
      const Fit fit = fit_law(table, options);
      for (const auto& [name, ends] : fit.intervals) {
        EXPECT_FALSE(std::isnan(ends.first) || std::isnan(ends.second)) << law << ' ' << name;
      }
      EXPECT_TRUE(!fit.basis || fit.basis->covariance.allFinite()) << law;
    } catch (const WorkError&) {
      // Says that it did not converge.
    }
  }
}

// Twenty tokens a parameter at every size: what A says of N, B says of D.
TEST(Fit, SizesAndTokensThatRiseTogetherAreNamedWhereTheFitFails) {
  PointTable table;
  table.source = "made";
  for (int i = 0; i < 12; ++i) {
    Point p = point(0, 0);
    p.parameters = 1e6 * std::pow(10.0, i / 4.0);
    p.tokens = 20 * p.parameters;
    p.flops = 6 * p.parameters * p.tokens;
    p.loss = 1.7 + 406 * std::pow(p.parameters, -.34) + 410 * std::pow(p.tokens, -.28);
    table.points.push_back(p);
  }
  FitOptions options;
  options.law = "chinchilla";
  try {
    fit_law(table, options);
    FAIL() << "it converged";
  } catch (const WorkError& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("parameters and tokens follow one power law"));
    EXPECT_THAT(error.what(), testing::HasSubstr("--law power"));
  }
}

TEST(Fit, AnUnknownArchitectureNamesTheNearest) {
  FitOptions options;
  options.architecture = "tt";
  EXPECT_THROW(fit_law(power_table(0), options), InputError);
}

TEST(Fit, PointsBelowTheSmallestBudgetAreLeftOut) {
  PointTable table = power_table(0);
  for (Point& p : table.points) p.budget = p.flops;
  table.points[0].loss = 9;
  FitOptions options;
  options.bootstrap = 0;
  options.from_budget = 3e10;
  const Fit fit = fit_law(table, options);
  EXPECT_EQ(fit.n, 7u);
  EXPECT_NEAR(fit.parameter("E"), 1.7, 1e-5);
}

// Replicated study whose frontier holds an exact floor: the interval must hold it.
TEST(Fit, AlongAFrontierTheFloorsIntervalCoversTheTruth) {
  int covered = 0;
  for (std::uint64_t study = 0; study < 40; ++study) {
    PointTable table;
    table.source = "made";
    table.floor = 1.7;
    for (int size = 0; size < 7; ++size) {
      for (int seed = 0; seed < 2; ++seed) {
        const auto key =
            (study * 100 + static_cast<std::uint64_t>(size)) * 2 + static_cast<std::uint64_t>(seed);
        for (int b = 0; b < 8; ++b) {
          const double c = 2e10 * std::pow(1.64, b);
          Point p = point(c, 0);
          const double x = 0.5 * std::log(2e10) - 3 + 0.45 * (size - 1);
          p.parameters = std::exp(x);
          p.budget = c;
          p.seed = seed;
          p.has_seed = true;
          const double off = x - 0.5 * std::log(c) + 3;
          p.loss = 1.7 + 120 * std::pow(c, -0.25) + 0.02 * off * off +
                   0.001 * random_normal(11, 1, key) +
                   0.001 * random_normal(11, 2, key * 8 + static_cast<std::uint64_t>(b));
          table.points.push_back(p);
        }
      }
    }
    FitOptions options;
    options.frontier = FrontierKind::Surface;
    options.bootstrap = 60;
    options.seed = study;
    const Fit fit = fit_law(table, options);
    EXPECT_EQ(fit.frontier, FrontierKind::Surface);
    for (const auto& [name, interval] : fit.intervals) {
      if (name == "E") covered += interval.first <= 1.7 && interval.second >= 1.7;
    }
  }
  RecordProperty("covered", covered);
  EXPECT_GE(covered, 36);
}

// Squares in log space about a floor: exact points leave a point, scatter an interval that holds
// the truth.
TEST(FloorProfile, IsAPointForExactPointsAndWideForScatter) {
  PointTable table;
  for (int i = 0; i < 8; ++i) {
    const double c = 2e10 * std::pow(2.0, i);
    table.points.push_back(point(c, 1.7 + 50 * std::pow(c, -0.2)));
  }
  FitOptions options;
  options.objective = ObjectiveKind::Squares;
  options.bootstrap = 0;
  const auto floor = [&] {
    for (const auto& [name, interval] : fit_law(table, options).lack_of_fit) {
      if (name == "E") return interval;
    }
    return Interval{0, 0};
  };
  EXPECT_NEAR(floor().first, 1.7, 1e-3);
  EXPECT_NEAR(floor().second, 1.7, 1e-3);
  for (std::size_t i = 0; i < table.points.size(); ++i) {
    table.points[i].loss += i % 2 ? 0.004 : -0.004;
  }
  EXPECT_LT(floor().first, 1.68);
  EXPECT_GT(floor().second, 1.70);
}

// NumPy: np.quantile([1, 2, 4, 8], .25) = 1.75, .9: 6.8.
TEST(Statistics, QuantilesAreNumPys) {
  EXPECT_DOUBLE_EQ(quantile({8, 1, 4, 2}, 0.25), 1.75);
  EXPECT_DOUBLE_EQ(quantile({8, 1, 4, 2}, 0.9), 6.8);
}

// Tables: t(.975; 1) = 12.7062, chi2(.95; 2) = 5.99146, F(.05; 1, 10) at 4.9646.
TEST(Statistics, DistributionsAreTheTables) {
  EXPECT_NEAR(student_factor(1, 0.95), 12.7062, 1e-4);
  EXPECT_NEAR(scaled_chi_squared(2, 0.95), 5.99146 / 2, 1e-5);
  EXPECT_NEAR(f_tail(4.9646, 1, 10), 0.05, 1e-5);
}

TEST(Statistics, ManyFailedDrawsGiveNoInterval) {
  std::vector<double> values(100, 1.0);
  EXPECT_TRUE(percentile_interval(values, 0.95));
  for (std::size_t i = 0; i < 20; ++i) values[i] = std::nan("");
  EXPECT_FALSE(percentile_interval(values, 0.95));
}

TEST(ParallelFor, DoesEveryPieceOnceAndPassesErrorsOn) {
  std::vector<int> done(100, 0);
  parallel_for(done.size(), 4, [&](std::size_t i) { ++done[i]; });
  EXPECT_EQ(done, std::vector<int>(100, 1));
  EXPECT_THROW(parallel_for(10, 2,
                            [](std::size_t i) {
                              if (i == 3) throw WorkError("x");
                            }),
               WorkError);
}

}  // namespace
}  // namespace isoloss
