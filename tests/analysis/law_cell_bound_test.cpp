// Bounds over cells of laws whose terms are no powers of a regressor, against brute force: no
// random place of a cell has an objective below its bound.
#include "analysis/law_cell_bound.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "analysis/law_certificate.h"
#include "analysis/law_solver.h"
#include "model/spec/counter_random.h"

namespace isoloss {
namespace {

double between(std::uint64_t key, double low, double high) {
  return low + (high - low) * random_uniform(11, 3, key);
}

struct BoundCase {
  const char* law;
  bool tied;
  Objective objective;
  FloorChoice floor;
};

const std::map<std::string, std::map<std::string, double>> kTruth = {
    {"gamma", {{"A", 300}, {"B", 900}, {"E", 1.6}, {"alpha", .4}, {"beta", .45}, {"gamma", .7}}},
    {"kaplan", {{"lnNc", 30}, {"lnDc", 31}, {"alphaN", .08}, {"alphaD", .1}}},
    {"data_constrained",
     {{"A", 520},
      {"B", 1490},
      {"E", 1.87},
      {"alpha", .35},
      {"beta", .35},
      {"R_N", 5.3},
      {"R_D", 15}}},
    {"surface", {{"A", 90}, {"k", .1}, {"E", 1.6}, {"kappa", .03}, {"a", .5}, {"g", -3}}}};

const Objective kHuber{ObjectiveKind::Huber, 1e-3, FitSpace::Log};
const Objective kSquares{ObjectiveKind::Squares, 0, FitSpace::Log};
const Objective kNats{ObjectiveKind::Squares, 0, FitSpace::Linear};
const Objective kLadNats{ObjectiveKind::Lad, 0, FitSpace::Linear};
const FloorChoice kFree{}, kOfOne{FloorChoice::Value, 1.0};

const std::vector<BoundCase> kBoundCases = {{"surface", false, kHuber, kFree},
                                            {"surface", false, kNats, kFree},
                                            {"kaplan", false, kNats, kFree},
                                            {"kaplan", false, kLadNats, kFree},
                                            {"kaplan", true, kNats, kFree},
                                            {"gamma", true, kHuber, kFree},
                                            {"gamma", false, kSquares, kOfOne},
                                            {"gamma", false, kNats, kFree},
                                            {"data_constrained", true, kHuber, kFree},
                                            {"data_constrained", false, kSquares, kFree}};

Law law_of(const BoundCase& c) { return c.tied ? tied(law_named(c.law)) : law_named(c.law); }

// Thirty-six places of the law's truth, a quarter of them with few unique tokens, 1 % of scatter
// and an outlier.
LawData data_of(const Law& law) {
  PointTable table;
  table.source = "made";
  table.other_columns = {"unique_tokens"};
  for (int i = 0; i < 36; ++i) {
    Point p;
    p.architecture = "t";
    p.parameters = 2e6 * std::pow(2.3, i % 6);
    p.tokens = 3e7 * std::pow(2.9, i / 6);
    p.flops = 6 * p.parameters * p.tokens;
    p.other = {i % 4 ? "2e7" : "1e11"};
    p.loss = 1;
    table.points.push_back(p);
  }
  LawData data = law_data(law, table, table.points, {});
  LawData raw = data;
  raw.z.rowwise() += data.centre.transpose();
  raw.centre.setZero();
  data.loss = predict(law, raw, state_of(law, kTruth.at(law.name)));
  for (Eigen::Index i = 0; i < 36; ++i) {
    data.loss[i] *= std::exp(0.01 * random_normal(11, 1, static_cast<std::uint64_t>(i)));
  }
  data.loss[7] *= 1.1;
  data.log_loss = data.loss.log();
  return data;
}

// ln of U, D of each point where they are known, and the mean of the former.
double mean_unique(const LawData& data) {
  return (data.z.col(2) + data.centre[2]).min(data.z.col(1) + data.centre[1]).mean();
}

// The cell's coordinates of a state: the shape; delta, exponents and power of a power of a sum; the
// shape and ln U_N at the mean of ln U.
Eigen::ArrayXd axes_of(const Law& law, const LawData& data, const LawState& at) {
  std::vector<double> axes;
  if (law.log_sum) {
    const double p = at.shape[law.log_sum->power], unit = law.log_sum->inner ? p : 1;
    axes = {p * (at.log_coefficient[0] - at.log_coefficient[1]), unit * at.shape[0]};
    if (!law.tied) axes.push_back(unit * at.shape[1]);
    if (law.log_sum->inner) axes.push_back(p);
  } else {
    for (Eigen::Index s = 0; s < at.shape.size(); ++s) {
      if (!(law.tied && s == 1)) axes.push_back(at.shape[s]);
    }
  }
  if (law.repeats) {
    const double alpha = at.shape[0], beta = at.shape[1];
    const double log_a = at.log_coefficient[0] + alpha * data.centre[0];
    const double log_b = at.log_coefficient[1] + beta * data.centre[1];
    const double log_g = (std::log(alpha / beta) + log_a - log_b) / (alpha + beta);
    axes.push_back(beta / alpha * (log_g + mean_unique(data)) + log_g);
  }
  return Eigen::Map<Eigen::ArrayXd>(axes.data(), static_cast<Eigen::Index>(axes.size()));
}

double middle_of(Eigen::ArrayXd values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

// The law at a place of the axes, with the coefficients that leave a middling residual near zero
// and a floor near that of `best`.
LawState state_at(const Law& law, const LawData& data, const Objective& objective,
                  const FloorChoice& floor, const LawState& best, const Eigen::ArrayXd& axes,
                  std::uint64_t key) {
  LawState at = best;
  if (law.valley) return solve_linear(law, data, objective, floor, axes);
  if (floor.kind == FloorChoice::Free) at.floor *= 1 + 0.01 * random_normal(11, 5, key);
  const double p = law.log_sum ? axes[axes.size() - 1] : 1;
  if (law.log_sum) {
    const double unit = law.log_sum->inner ? p : 1;
    at.shape[0] = axes[1] / unit;
    at.shape[1] = (law.tied ? axes[1] : axes[2]) / unit;
    at.shape[law.log_sum->power] = p;
    at.log_coefficient << axes[0] / p, 0;
  } else {
    const Eigen::Index second = law.tied ? 0 : 1;
    const double alpha = axes[0], beta = axes[second];
    at.shape << alpha, beta, axes[second + 1], axes[second + 2];
    const double log_g = (axes[second + 3] - beta / alpha * mean_unique(data)) / (1 + beta / alpha);
    at.log_coefficient[1] = best.log_coefficient[1];
    at.log_coefficient[0] = at.log_coefficient[1] + beta * data.centre[1] - alpha * data.centre[0] +
                            std::log(beta / alpha) + (alpha + beta) * log_g;
  }
  const Eigen::ArrayXd excess = predict(law, data, at) - data.offset - at.floor;
  const double factor = middle_of((data.loss - data.offset - at.floor) / excess) *
                        (1 + 0.003 * random_normal(11, 6, key));
  at.log_coefficient += std::log(factor) / p;
  return at;
}

TEST(CellBound, NoPlaceInACellLiesBelowItsBound) {
  for (std::size_t c = 0; c < kBoundCases.size(); ++c) {
    SCOPED_TRACE(c);
    const Law law = law_of(kBoundCases[c]);
    const auto& [name, is_tied, objective, floor] = kBoundCases[c];
    const LawData data = data_of(law);
    const LawSolution best = solve_law(law, data, objective, floor);
    const double known = 2 * best.value;
    const CellBound bound(law, data, objective, floor, known);
    const Eigen::ArrayXd at_best = axes_of(law, data, best.state);
    const CellBox whole = bound.whole().box;
    ASSERT_EQ(whole.low.size(), at_best.size());
    EXPECT_TRUE((at_best >= whole.low && at_best <= whole.high).all());
    int sharp = 0;
    for (std::uint64_t k = 0; k < 12; ++k) {
      LawCell cell = bound.whole();
      for (Eigen::Index a = 0; a < at_best.size(); ++a) {
        const auto key = 100 * c + 10 * k + static_cast<std::uint64_t>(a);
        const double half = std::pow(10.0, between(1000 + key, -3.5, -1));
        const double centre = at_best[a] + half * between(5000 + key, -1.5, 1.5);
        cell.box.low[a] = std::max(whole.low[a], centre - half);
        cell.box.high[a] = std::min(whole.high[a], centre + half);
      }
      bound.raise(cell, known);
      bound.raise(cell, known);  // with the reach that the first look left
      for (std::uint64_t i = 0; i < 400; ++i) {
        Eigen::ArrayXd axes = at_best;
        for (Eigen::Index a = 0; a < axes.size(); ++a) {
          const auto key = (c * 12 + k) * 4000 + 8 * i + static_cast<std::uint64_t>(a);
          axes[a] = between(200000 + key, cell.box.low[a], cell.box.high[a]);
        }
        const LawState state = state_at(law, data, objective, floor, best.state, axes, 400 * k + i);
        EXPECT_LT((axes_of(law, data, state) - axes).abs().maxCoeff(), 1e-6);
        const double value = objective_value(law, data, state, objective);
        EXPECT_GE(value * (1 + 1e-9), std::min(cell.lower, known));
        sharp += cell.lower > 0.3 * best.value && value < known ? 1 : 0;
      }
    }
    EXPECT_GT(sharp, 50);  // else the test says little
  }
}

// Every law has a certificate. What it leaves is recorded, and small where few axes are left.
TEST(CellBound, TheCertificateHoldsTheOptimumOfEveryLaw) {
  for (std::size_t c = 0; c < kBoundCases.size(); ++c) {
    SCOPED_TRACE(c);
    const Law law = law_of(kBoundCases[c]);
    const auto& [name, is_tied, objective, floor] = kBoundCases[c];
    const LawData data = data_of(law);
    const LawSolution best = solve_law(law, data, objective, floor);
    const auto certificate = certify(law, data, objective, floor, best.value);
    ASSERT_TRUE(certificate);
    EXPECT_FALSE(certificate->better);
    EXPECT_LE(certificate->lower_bound, best.value);
    RecordProperty("gap_" + std::to_string(c), std::to_string(certificate->relative_gap));
    RecordProperty("cells_" + std::to_string(c), std::to_string(certificate->cells));
    printf("case %zu %s gap %.4f cells %zu\n", c, name, certificate->relative_gap,
           certificate->cells);
  }
}

}  // namespace
}  // namespace isoloss
