// Branch and bound against brute force: no bound lies above an objective that a grid or a random
// place reaches.
#include "analysis/solver/law_certificate.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "analysis/solver/law_cell_bound.h"
#include "analysis/solver/law_log_sum_bound.h"
#include "model/spec/counter_random.h"
#include "tests/analysis/law_fixture.h"

namespace isoloss {
namespace {

double uniform(std::uint64_t key, double low, double high) {
  return low + (high - low) * random_uniform(7, 3, key);
}

// Five sizes and five token counts of a chinchilla law with 2 % scatter and one outlier.
std::vector<Point> scattered_points() {
  std::vector<Point> points;
  for (std::uint64_t i = 0; i < 25; ++i) {
    Point p;
    p.architecture = "t";
    p.parameters = 2e6 * std::pow(2.7, static_cast<double>(i % 5));
    p.tokens = 3e7 * std::pow(3.1, static_cast<double>(i / 5));
    p.flops = 6 * p.parameters * p.tokens;
    p.loss = (1.7 + 60 * std::pow(p.parameters, -.3) + 300 * std::pow(p.tokens, -.33)) *
             std::exp(0.02 * random_normal(7, 1, i));
    points.push_back(p);
  }
  points[7].loss *= 1.3;
  return points;
}

struct Case {
  const char* law;
  bool tied;
  Objective objective;
};

const std::vector<Case> kCases = {
    {"chinchilla", false, {ObjectiveKind::Huber, 1e-3, FitSpace::Log}},
    {"chinchilla", false, {ObjectiveKind::Huber, 0.03, FitSpace::Log}},
    {"chinchilla", false, {ObjectiveKind::Squares, 0, FitSpace::Log}},
    {"chinchilla", false, {ObjectiveKind::Lad, 0, FitSpace::Log}},
    {"chinchilla", false, {ObjectiveKind::Lad, 0, FitSpace::Linear}},
    {"chinchilla", false, {ObjectiveKind::AsymmetricHuber, 0.01, FitSpace::Log, 5}},
    {"chinchilla", true, {ObjectiveKind::Huber, 1e-3, FitSpace::Log}},
    {"chinchilla", false, {ObjectiveKind::Huber, 0.01, FitSpace::Linear}},
    {"power", false, {ObjectiveKind::Squares, 0, FitSpace::Log}},
    {"power", false, {ObjectiveKind::Huber, 1e-3, FitSpace::Log}},
    {"overtraining", false, {ObjectiveKind::Huber, 1e-3, FitSpace::Log}}};

// Of a power of two terms.
const std::vector<Case> kLogSumCases = {
    {"kaplan", false, {ObjectiveKind::Huber, 1e-3, FitSpace::Log}},
    {"kaplan", false, {ObjectiveKind::Squares, 0, FitSpace::Log}},
    {"kaplan", false, {ObjectiveKind::Lad, 0, FitSpace::Log}},
    {"kaplan", false, {ObjectiveKind::AsymmetricHuber, 0.01, FitSpace::Log, 5}},
    {"kaplan", true, {ObjectiveKind::Huber, 0.03, FitSpace::Log}}};

Law law_of(const Case& c) { return c.tied ? tied(law_named(c.law)) : law_named(c.law); }

// A cell's bound speaks of fits better than a known one, so a poor one is made known: then many
// places are better, and none of them may lie below the bound.
TEST(LawCertificate, NoPlaceInACellLiesBelowItsBound) {
  const std::vector<Point> points = scattered_points();
  for (std::size_t c = 0; c < kCases.size(); ++c) {
    SCOPED_TRACE(c);
    const Law law = law_of(kCases[c]);
    const Objective& objective = kCases[c].objective;
    const LawData data = law_data(law, points);
    const LawSolution best = solve_law(law, data, objective, {});
    const double known = 2 * best.value;
    const CellBound bound(law, data, objective, {}, known);
    int sharp = 0;
    for (std::uint64_t k = 0; k < 12; ++k) {
      ExponentCell cell = bound.whole();
      const auto axes = cell.low.size();
      for (Eigen::Index a = 0; a < axes; ++a) {
        const auto key = 100 * c + 10 * k + static_cast<std::uint64_t>(a);
        const double half = std::pow(10.0, uniform(1000 + key, -2.5, -0.5));
        const double centre = best.state.shape[a] + half * uniform(5000 + key, -1.5, 1.5);
        cell.low[a] = std::clamp(centre - half, 0.005, 2.9);
        cell.high[a] = std::max(cell.low[a] + 1e-3, centre + half);
      }
      bound.raise(cell, known);
      bound.raise(cell, known);  // with the reach that the first look left
      for (std::uint64_t i = 0; i < 400; ++i) {
        Eigen::ArrayXd shape = best.state.shape;
        for (Eigen::Index a = 0; a < axes; ++a) {
          const auto key = (c * 12 + k) * 1000 + 2 * i + static_cast<std::uint64_t>(a);
          shape[a] = uniform(200000 + key, cell.low[a], cell.high[a]);
        }
        if (law.tied) shape[1] = shape[0];
        LawState state = solve_linear(law, data, objective, {}, shape);
        const double value = objective_value(law, data, state, objective);
        EXPECT_GE(value * (1 + 1e-9), std::min(cell.lower, known));
        sharp += cell.lower > 0.5 * best.value && value < known ? 1 : 0;
        state.log_coefficient += 0.01 * random_normal(7, 9, i);
        state.floor *= 1 + 0.003 * random_normal(7, 10, i);
        EXPECT_GE(objective_value(law, data, state, objective) * (1 + 1e-9),
                  std::min(cell.lower, known));
      }
    }
    EXPECT_GT(sharp, 50);  // else the test says little
  }
}

// The same of cells of delta and exponents: delta = p (ln c0 - ln c1), and B = p ln c1 is free.
TEST(LawCertificate, NoPlaceInACellOfDeltaLiesBelowItsBound) {
  const std::vector<Point> points = scattered_points();
  for (std::size_t c = 0; c < kLogSumCases.size(); ++c) {
    SCOPED_TRACE(c);
    const Law law = law_of(kLogSumCases[c]);
    const Objective& objective = kLogSumCases[c].objective;
    const LawData data = law_data(law, points);
    const LawSolution best = solve_law(law, data, objective, {});
    const double known = 2 * best.value;
    const LogSumBound bound(law, data, objective, known);
    const double p = best.state.shape[1];
    const double delta = p * (best.state.log_coefficient[0] - best.state.log_coefficient[1]);
    int sharp = 0;
    for (std::uint64_t k = 0; k < 12; ++k) {
      LogSumCell cell = bound.whole();
      for (Eigen::Index a = 0; a < cell.low.size(); ++a) {
        const auto key = 100 * c + 10 * k + static_cast<std::uint64_t>(a);
        const double half = std::pow(10.0, uniform(1000 + key, -3, -1));
        const double best_here = a == 0 ? delta : best.state.shape[a - 1];
        const double centre = best_here + half * uniform(5000 + key, -1.5, 1.5);
        cell.low[a] = a == 0 ? centre - half : std::max(centre - half, 0.005);
        cell.high[a] = std::max(cell.low[a] + 1e-3, centre + half);
      }
      bound.raise(cell, known);
      for (std::uint64_t i = 0; i < 400; ++i) {
        Eigen::ArrayXd at(cell.low.size());
        for (Eigen::Index a = 0; a < at.size(); ++a) {
          const auto key = (c * 12 + k) * 2000 + 4 * i + static_cast<std::uint64_t>(a);
          at[a] = uniform(200000 + key, cell.low[a], cell.high[a]);
        }
        LawState state = best.state;
        state.shape << at[1], at[law.tied ? 1 : 2];
        state.log_coefficient << at[0] / state.shape[1], 0;
        // The offset that leaves a middling residual at zero, and a little off it.
        Eigen::ArrayXd r = residuals(law, data, state, FitSpace::Log);
        std::sort(r.begin(), r.end());
        const double offset = -r[r.size() / 2] + 0.003 * random_normal(7, 9, i);
        state.log_coefficient += offset / state.shape[1];
        const double value = objective_value(law, data, state, objective);
        EXPECT_GE(value * (1 + 1e-9), std::min(cell.lower, known));
        sharp += cell.lower > 0.5 * best.value && value < known ? 1 : 0;
      }
    }
    EXPECT_GT(sharp, 50);  // else the test says little
  }
}

// With scatter as wide as this, and an outlier; also of a power law whose points no curve of
// compute passes.
TEST(LawCertificate, TheGapIsAPercentForEveryLawOfPowers) {
  const std::vector<Point> points = scattered_points();
  for (std::size_t c = 0; c < kCases.size(); ++c) {
    SCOPED_TRACE(c);
    const Law law = law_of(kCases[c]);
    const LawData data = law_data(law, points);
    const LawSolution best = solve_law(law, data, kCases[c].objective, {});
    const auto certificate = certify(law, data, kCases[c].objective, {}, best.value);
    ASSERT_TRUE(certificate);
    EXPECT_FALSE(certificate->better);
    EXPECT_LE(certificate->lower_bound, best.value);
    EXPECT_LT(certificate->relative_gap, 0.0101);
    EXPECT_TRUE(certificate->reached);
    EXPECT_GT(certificate->cells, 1u);
    RecordProperty("gap_" + std::to_string(c), std::to_string(certificate->relative_gap));
    RecordProperty("cells_" + std::to_string(c), std::to_string(certificate->cells));
  }
}

// Squares in linear space about a given floor: for each exponent the best coefficient is sum(g y) /
// sum(g g), so that 100,000 exponents are the whole profile.
TEST(LawCertificate, BruteForceOverOneExponentAgrees) {
  std::vector<double> compute, loss;
  for (std::uint64_t i = 0; i < 9; ++i) {
    compute.push_back(std::pow(2.0, static_cast<double>(i)));
    loss.push_back(1.5 + 2 * std::pow(compute.back(), -0.4) + 0.03 * random_normal(7, 4, i));
  }
  double least = 1e300;
  for (int k = 0; k <= 100000; ++k) {
    const double b = 0.005 + k * (3 - 0.005) / 100000;
    double gy = 0, gg = 0, value = 0;
    for (std::size_t i = 0; i < loss.size(); ++i) {
      const double g = std::pow(compute[i], -b);
      gy += g * (loss[i] - 1.5);
      gg += g * g;
    }
    for (std::size_t i = 0; i < loss.size(); ++i) {
      const double r = 1.5 + gy / gg * std::pow(compute[i], -b) - loss[i];
      value += r * r;
    }
    least = std::min(least, value);
  }
  const Law& law = law_named("power");
  const LawData data = law_data(compute, loss);
  const Objective squares{ObjectiveKind::Squares, 0, FitSpace::Linear};
  const FloorChoice floor{FloorChoice::Value, 1.5};
  const LawSolution best = solve_law(law, data, squares, floor);
  EXPECT_NEAR(best.value / least, 1, 1e-6);
  const auto certificate = certify(law, data, squares, floor, best.value);
  EXPECT_LE(certificate->lower_bound, least);
  EXPECT_GE(certificate->lower_bound, 0.989 * least);
}

// To the last bit: cells are looked at in rounds that know nothing of threads.
TEST(LawCertificate, ThreadsChangeNothing) {
  const Law& law = law_named("chinchilla");
  const LawData data = law_data(law, scattered_points());
  const Objective lad{ObjectiveKind::Lad, 0, FitSpace::Log};
  const double value = solve_law(law, data, lad, {}).value;
  const auto one = certify(law, data, lad, {}, value, {CertificateEffort::Quick, 1, {}});
  const auto three = certify(law, data, lad, {}, value, {CertificateEffort::Quick, 3, {}});
  EXPECT_EQ(one->lower_bound, three->lower_bound);
  EXPECT_EQ(one->cells, three->cells);
}

TEST(LawCertificate, NoEffortHasNone) {
  const Law& law = law_named("chinchilla");
  const LawData data = law_data(law, scattered_points());
  EXPECT_FALSE(certify(law, data, {}, {}, 1, {CertificateEffort::None, 1, {}}));
}

// The gaps told on the way shrink to the one returned.
TEST(LawCertificate, ProgressIsTheGapSoFar) {
  const Law& law = law_named("chinchilla");
  const LawData data = law_data(law, scattered_points());
  const double value = solve_law(law, data, {}, {}).value;
  std::vector<CertificateProgress> told;
  const auto certificate = certify(
      law, data, {}, {}, value,
      {CertificateEffort::Quick, 1, [&](const CertificateProgress& at) { told.push_back(at); }});
  ASSERT_GT(told.size(), 5u);
  for (std::size_t i = 1; i < told.size(); ++i) {
    EXPECT_LE(told[i].relative_gap, told[i - 1].relative_gap);
    EXPECT_EQ(told[i].ended, i + 1 == told.size());
  }
  EXPECT_EQ(told.back().relative_gap, certificate->relative_gap);
  EXPECT_EQ(told.back().cells, certificate->cells);
}

// What is not the optimum is not certified: a better fit is met.
TEST(LawCertificate, APoorFitIsFoundOut) {
  const Law& law = law_named("chinchilla");
  const LawData data = law_data(law, scattered_points());
  const LawSolution best = solve_law(law, data, {}, {});
  const auto certificate = certify(law, data, {}, {}, 1.5 * best.value);
  ASSERT_TRUE(certificate && certificate->better);
  EXPECT_LE(certificate->lower_bound, best.value);
  const LawSolution again = solve_law(law, data, {}, {}, 0, certificate->better);
  EXPECT_NEAR(again.value / best.value, 1, 1e-9);
}

TEST(LawCertificate, ExactPointsLeaveNoGap) {
  std::vector<double> compute, loss;
  for (int i = 0; i < 9; ++i) {
    compute.push_back(1e11 * std::pow(2.0, i));
    loss.push_back(1.75 + 40 * std::pow(compute.back(), -0.2));
  }
  const Law& law = law_named("power");
  const LawData data = law_data(compute, loss);
  const Objective squares{ObjectiveKind::Squares, 0, FitSpace::Log};
  const double value = solve_law(law, data, squares, {}).value;
  EXPECT_LT(certify(law, data, squares, {}, value)->relative_gap, 1e-3);
}

// Of more points than are searched at once nothing is proven.
TEST(LawCertificate, ManyPointsHaveNone) {
  std::vector<Point> points;
  for (int i = 0; i < 200; ++i) {
    for (const Point& p : scattered_points()) points.push_back(p);
  }
  for (const char* name : {"chinchilla", "gamma", "surface"}) {
    const Law& law = law_named(name);
    EXPECT_FALSE(certify(law, law_data(law, points), {}, {}, 1)) << name;
  }
}

// Given no floor and one exponent, gamma's law is of that kind; chinchilla's points follow it.
TEST(LawCertificate, OfGammaTiedWithoutAFloor) {
  const Law law = tied(law_named("gamma"));
  const LawData data = law_data(law, scattered_points());
  const FloorChoice zero{FloorChoice::Zero};
  const LawSolution best = solve_law(law, data, {}, zero);
  const auto certificate = certify(law, data, {}, zero, best.value);
  ASSERT_TRUE(certificate);
  EXPECT_FALSE(certificate->better);
  EXPECT_LE(certificate->lower_bound, best.value);
  EXPECT_LT(certificate->relative_gap, 0.011);
}

TEST(LawCertificate, OfAPowerOfASumIsWithinAPercent) {
  const std::vector<Point> points = scattered_points();
  for (std::size_t c = 0; c < kLogSumCases.size(); ++c) {
    SCOPED_TRACE(c);
    const Law law = law_of(kLogSumCases[c]);
    const LawData data = law_data(law, points);
    const LawSolution best = solve_law(law, data, kLogSumCases[c].objective, {});
    const auto certificate = certify(law, data, kLogSumCases[c].objective, {}, best.value);
    ASSERT_TRUE(certificate);
    EXPECT_FALSE(certificate->better);
    EXPECT_LE(certificate->lower_bound, best.value);
    EXPECT_LT(certificate->relative_gap, 0.011);
    RecordProperty("cells_" + std::to_string(c), std::to_string(certificate->cells));
  }
}

// The published optimum (facts on fitting) cannot be undercut by more than the stated gap.
TEST(LawCertificate, OfEpochsPoints) {
  const Law& law = law_named("chinchilla");
  const LawData data = law_data(law, without_largest(epoch_points(), 5));
  const auto certificate = certify(law, data, {}, {}, 0.0010182740178006);
  ASSERT_TRUE(certificate);
  EXPECT_FALSE(certificate->better);
  EXPECT_LE(certificate->lower_bound, 0.0010182740178006);
  EXPECT_LT(certificate->relative_gap, 0.0101);
}

// Besiroglu et al.'s points by Kaplan's law: the optimum of the facts on fitting, to its nine
// digits.
TEST(LawCertificate, OfKaplansLawOnEpochsPoints) {
  const Law& law = law_named("kaplan");
  const LawData data = law_data(law, without_largest(epoch_points(), 5));
  const auto certificate = certify(law, data, {}, {}, 0.00266310149);
  ASSERT_TRUE(certificate);
  EXPECT_LE(certificate->lower_bound, 0.00266310149);
  EXPECT_LT(certificate->relative_gap, 0.011);
}

}  // namespace
}  // namespace isoloss
