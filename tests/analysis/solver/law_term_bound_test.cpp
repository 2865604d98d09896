// Bounds of laws whose terms bend along several axes, against random places: no place of a cell has
// an objective below the cell's bound, and no parameters have one below the certificate's.
#include "analysis/solver/law_term_bound.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "analysis/laws/law_cells.h"
#include "analysis/solver/law_certificate.h"
#include "model/spec/counter_random.h"
#include "tests/analysis/made_law_points.h"
#include "tests/repeats.h"

namespace isoloss {
namespace {

double uniform(std::uint64_t key, double low, double high) {
  return low + (high - low) * random_uniform(11, 3, key);
}

// Points of the law with 2 % scatter; half of them on few unique tokens.
LawData scattered(const Law& law, int points = 24) {
  LawData data = exact_points(law, {points, 5, 3.3, points > 24 ? 1.6 : 3.9, 2});
  for (Eigen::Index i = 0; i < data.points(); ++i) {
    data.loss[i] *= std::exp(0.02 * random_normal(11, 1, static_cast<std::uint64_t>(i)));
  }
  data.log_loss = data.loss.log();
  return data;
}

struct Case {
  const char* law;
  bool tied;
  Objective objective;
  FloorChoice floor = {};
  int points = 24;  // of 60 on some are looked at first
};

const std::vector<Case> kCases = {
    {"gamma", false, {ObjectiveKind::Huber, 1e-3, FitSpace::Log}},
    {"gamma", true, {ObjectiveKind::Squares, 0, FitSpace::Log}},
    {"gamma", false, {ObjectiveKind::Squares, 0, FitSpace::Linear}},
    {"gamma", false, {ObjectiveKind::Lad, 0, FitSpace::Log}, {FloorChoice::Value, 1.5}},
    {"gamma", false, {ObjectiveKind::Huber, 0.03, FitSpace::Log}, {FloorChoice::Zero}},
    {"kaplan", false, {ObjectiveKind::Squares, 0, FitSpace::Linear}},
    {"kaplan", true, {ObjectiveKind::Huber, 0.01, FitSpace::Linear}},
    {"surface", false, {ObjectiveKind::Huber, 1e-3, FitSpace::Log}},
    {"surface", false, {ObjectiveKind::Squares, 0, FitSpace::Linear}},
    {"surface", false, {ObjectiveKind::AsymmetricHuber, 0.01, FitSpace::Log, 5}},
    {"data_constrained", false, {ObjectiveKind::Huber, 1e-3, FitSpace::Log}},
    {"data_constrained", true, {ObjectiveKind::Squares, 0, FitSpace::Log}},
    {"data_constrained", false, {ObjectiveKind::Huber, 0.03, FitSpace::Linear}},
    {"data_constrained", false, {ObjectiveKind::Squares, 0, FitSpace::Log}, {}, 72},
    {"gamma", false, {ObjectiveKind::Huber, 1e-3, FitSpace::Log}, {}, 72}};

Law law_of(const Case& c) { return c.tied ? tied(law_named(c.law)) : law_named(c.law); }

double middle_unique(const LawData& data) { return std::min(data.centre[2], data.centre[1]); }

// Where a state is among the axes of its law's cells, from what those are said to be.
Eigen::ArrayXd axes_of(const Law& law, const LawData& data, const LawState& state) {
  std::vector<double> at;
  const Eigen::ArrayXd& shape = state.shape;
  if (law.name == "surface") at = {shape[0], shape[1], shape[2]};
  if (law.name == "kaplan" || law.name == "gamma") {
    const double p = shape[law.log_sum->power], inner = law.log_sum->inner ? p : 1;
    at = {p * (state.log_coefficient[0] - state.log_coefficient[1]), inner * shape[0]};
    if (!law.tied) at.push_back(inner * shape[1]);
    if (law.name == "gamma") at.push_back(p);
  }
  if (law.name == "data_constrained") {
    // ln(alpha A / (beta B)) + beta ln U_D - alpha ln N at the means.
    const double ratio = state.log_coefficient[0] - state.log_coefficient[1];
    const double omega =
        ratio + std::log(shape[0] / shape[1]) + shape[1] * (middle_unique(data) - data.centre[1]);
    at = {shape[0]};
    if (!law.tied) at.push_back(shape[1]);
    at.insert(at.end(), {shape[2], shape[3], omega});
  }
  return Eigen::Map<Eigen::ArrayXd>(at.data(), static_cast<Eigen::Index>(at.size()));
}

// A state near `best`, every coordinate moved by about `far`.
LawState moved(const Law& law, const LawState& best, double far, std::uint64_t key) {
  LawState state = best;
  for (Eigen::Index s = 0; s < state.shape.size(); ++s) {
    const ShapeParameter& of = law.shape[static_cast<std::size_t>(s)];
    const double step = far * random_normal(11, 20 + static_cast<std::uint64_t>(s), key);
    state.shape[s] = std::clamp(state.shape[s] + step, of.lowest, of.highest);
  }
  if (law.tied) state.shape[law.may_tie->second] = state.shape[law.may_tie->first];
  for (Eigen::Index t = 0; t < state.log_coefficient.size(); ++t) {
    state.log_coefficient[t] += far * random_normal(11, 30 + static_cast<std::uint64_t>(t), key);
  }
  return state;
}

// Its floor and the scale of its terms by least squares, and a little off them.
void set_scale(const Law& law, const LawData& data, const FloorChoice& floor, std::uint64_t key,
               LawState& state) {
  const double fixed = floor.kind == FloorChoice::Value ? floor.value : 0;
  const bool free = law.has_floor && floor.kind == FloorChoice::Free;
  state.floor = fixed;
  const Eigen::ArrayXd g = law.math.excess(data, state) / data.loss, e = data.loss.inverse();
  const Eigen::ArrayXd rest = 1 - fixed * e;
  double scale = (g * rest).sum() / g.square().sum(), least = 0;
  if (free) {
    const double gg = g.square().sum(), ge = (g * e).sum(), ee = e.square().sum();
    const double gr = g.sum(), er = e.sum(), det = gg * ee - ge * ge;
    scale = (gr * ee - er * ge) / det;
    least = std::max(0.0, (er * gg - gr * ge) / det);
  }
  const double p = law.math.outer ? law.math.outer(state) : 1;
  const double more = 0.01 * random_normal(11, 40, key);
  state.log_coefficient += (std::log(std::max(scale, 1e-9)) + more) / p;
  if (free) state.floor = least * (1 + 0.003 * random_normal(11, 41, key));
}

TEST(LawTermBound, NoPlaceInACellLiesBelowItsBound) {
  for (std::size_t c = 0; c < kCases.size(); ++c) {
    SCOPED_TRACE(c);
    const Case& of = kCases[c];
    const Law law = law_of(of);
    const LawData data = scattered(law, of.points);
    const LawSolution best = solve_law(law, data, of.objective, of.floor);
    const double known = 2 * best.value;
    const LawTermBound bound(law, data, of.objective, of.floor, known);
    int sharp = 0, inside = 0;
    for (std::uint64_t k = 0; k < 40; ++k) {
      // About a state, wide enough for a good part of the states near it.
      const double far = std::pow(10.0, uniform(100 * c + k, -3.5, -0.7));
      const LawState centre = moved(law, best.state, far, 7000 * c + k);
      TermBoundCell cell = bound.whole();
      const Eigen::ArrayXd at = axes_of(law, data, centre);
      for (Eigen::Index a = 0; a < at.size(); ++a) {
        const double half =
            3 * far * uniform(900 * c + 10 * k + static_cast<std::uint64_t>(a), .3, 1.5);
        cell.box.low[a] = std::clamp(at[a] - half, cell.box.low[a], cell.box.high[a]);
        cell.box.high[a] = std::clamp(at[a] + half, cell.box.low[a], cell.box.high[a]);
      }
      const CellBox box = cell.box;
      bound.raise(cell, known);
      bound.raise(cell, known);  // with the reach that the first look left
      for (std::uint64_t i = 0; i < 200; ++i) {
        const std::uint64_t key = (c * 40 + k) * 1000 + i;
        LawState state = moved(law, centre, 0.7 * far, 50000 + key);
        set_scale(law, data, of.floor, key, state);
        const Eigen::ArrayXd place = axes_of(law, data, state);
        if ((place < box.low).any() || (place > box.high).any()) continue;
        ++inside;
        const double value = objective_value(law, data, state, of.objective);
        EXPECT_GE(value * (1 + 1e-9), std::min(cell.lower, known));
        sharp += cell.lower > 0.5 * best.value && value < known ? 1 : 0;
      }
    }
    EXPECT_GT(inside, 500);
    EXPECT_GT(sharp, 50);  // else the test says little
    RecordProperty("inside_" + std::to_string(c), inside);
    RecordProperty("sharp_" + std::to_string(c), sharp);
  }
}

// A term's function lies between what the cell says at places all over it, and its slopes are those
// of its values.
TEST(LawTermBound, TermsAreBelowTheirPlanesAndSlopesAreTheirs) {
  for (const char* name : {"gamma", "kaplan", "surface", "data_constrained"}) {
    const Law& law = law_named(name);
    const LawData data = scattered(law);
    const LawState best = solve_law(law, data, {ObjectiveKind::Squares}, {}).state;
    const Eigen::ArrayXd at = axes_of(law, data, best);
    for (std::uint64_t k = 0; k < 20; ++k) {
      const double half = std::pow(10.0, uniform(300 + k, -3, 0));
      CellBox box{at - half, at + half};
      const CellBox whole = law.cells->whole(law, data);
      box.low = box.low.max(whole.low);
      box.high = box.high.min(whole.high);
      for (const TermCell& term : law.cells->cell(law, data, box).terms) {
        double mean = 0;
        TermVector y = {};
        for (std::size_t j = 0; j < term.size(); ++j) y[j] = uniform(40 * k + j, -1, 1);
        for (Eigen::Index i = 0; i < data.points(); ++i) {
          const TermShape shape = shape_at(term, i, y);
          double above = term.above(i, 0);
          for (std::size_t j = 0; j < term.size(); ++j)
            above += term.above(i, static_cast<Eigen::Index>(j) + 1) * y[j];
          EXPECT_GE(above * (1 + 1e-9), shape.value) << name;
          mean += shape.value / static_cast<double>(data.points());
          for (std::size_t j = 0; j < term.size(); ++j) {
            TermVector up = y, down = y;
            up[j] += 1e-5;
            down[j] -= 1e-5;
            const double slope =
                (shape_at(term, i, up).value - shape_at(term, i, down).value) / 2e-5;
            EXPECT_NEAR(shape.slope[j], slope, 1e-6 * (std::abs(slope) + shape.value)) << name;
          }
        }
        EXPECT_GE(mean * (1 + 1e-9), term.least_mean) << name;
      }
    }
  }
}

// Some points are bounded for all: what a cell says of a point is the same whichever others there
// are, amounts among it.
TEST(LawTermBound, ACellOfSelectedPointsIsThatOfAll) {
  for (const char* name : {"gamma", "kaplan", "surface", "data_constrained"}) {
    SCOPED_TRACE(name);
    const Law& law = law_named(name);
    const LawData data = scattered(law);
    const std::vector<Eigen::Index> rows = {1, 2, 3, 5, 11, 17, 23};
    const LawData some = rows_of(data, rows);
    const LawState best = solve_law(law, data, {ObjectiveKind::Squares}, {}).state;
    const Eigen::ArrayXd at = axes_of(law, data, best);
    const LawCell of_all = law.cells->cell(law, data, {at - 0.01, at + 0.01});
    const LawCell of_some = law.cells->cell(law, some, {at - 0.01, at + 0.01});
    for (std::size_t t = 0; t < of_all.terms.size(); ++t) {
      const TermCell &all = of_all.terms[t], &few = of_some.terms[t];
      for (std::size_t i = 0; i < rows.size(); ++i) {
        const double whole = std::log(shape_at(all, rows[i], {}).value) + all.common[0];
        const double part =
            std::log(shape_at(few, static_cast<Eigen::Index>(i), {}).value) + few.common[0];
        EXPECT_NEAR(part, whole, 1e-9) << t << ' ' << i;
      }
    }
    if (of_all.terms.size() < 2) continue;
    const double apart = of_all.terms[0].common[0] - of_all.terms[1].common[0] -
                         of_some.terms[0].common[0] + of_some.terms[1].common[0];
    for (const auto limit : {&LawCell::least_log_ratio, &LawCell::most_log_ratio}) {
      if (!std::isfinite(of_all.*limit)) continue;
      EXPECT_NEAR(of_some.*limit + apart, of_all.*limit, 0.02);
    }
  }
}

// Data_constrained's own formula, anywhere in a cell: ln of a term is that of the cell's
// exponential or above it by no more than its slack.
TEST(LawTermBound, RepeatedDataAreWithinTheirSlack) {
  const Law& law = law_named("data_constrained");
  const LawData data = scattered(law);
  for (std::uint64_t k = 0; k < 300; ++k) {
    const double half = std::pow(10.0, uniform(600 + k, -3, 0));
    const auto of = [&](std::uint64_t j, double low, double high) {
      return uniform(10000 + 10 * k + j, low, high);
    };
    Eigen::ArrayXd at(5);
    at << of(0, 0.1, 1), of(1, 0.1, 1), of(2, -2, 8), of(3, -2, 8), of(4, -8, 8);
    CellBox box{at - half, at + half};
    box.low.head(2) = box.low.head(2).max(0.005);
    const LawCell cell = law.cells->cell(law, data, box);
    for (std::uint64_t trial = 0; trial < 10; ++trial) {
      Eigen::ArrayXd u(5);
      for (Eigen::Index a = 0; a < 5; ++a) {
        u[a] = uniform(90000 + 100 * k + 10 * trial + static_cast<std::uint64_t>(a), box.low[a],
                       box.high[a]);
      }
      // Amounts at the centre that make omega what it is.
      LawState state;
      state.shape = u.head(4);
      state.log_coefficient.resize(2);
      state.log_coefficient[1] = 0;
      state.log_coefficient[0] =
          u[4] - std::log(u[0] / u[1]) + u[1] * (data.centre[1] - middle_unique(data));
      const Eigen::ArrayXXd basis = law.math.basis(data, state);
      const Eigen::ArrayXd middle = box.middle(), width = box.half();
      double log_ratio = state.log_coefficient[0];
      for (std::size_t t = 0; t < 2; ++t) {
        const TermCell& term = cell.terms[t];
        TermVector y = {};
        for (std::size_t j = 0; j < term.size(); ++j) {
          const Eigen::Index a = term.axes[j];
          y[j] = (u[a] - middle[a]) / width[a];
          // Along a decay constant it is the exponent times the deviation.
          if (a == 2) y[j] *= u[0] / box.high[0];
          if (a == 3) y[j] *= u[1] / box.high[1];
        }
        double common = term.common[0];
        for (std::size_t j = 0; j < term.size(); ++j)
          common += term.common[static_cast<Eigen::Index>(j) + 1] * y[j];
        log_ratio += t == 0 ? common : -common;
        for (Eigen::Index i = 0; i < data.points(); ++i) {
          const double exact =
              std::log(basis(i, static_cast<Eigen::Index>(t)) / data.loss[i]) - common;
          const double least = std::log(shape_at(term, i, y).value);
          EXPECT_GE(exact, least - 1e-9) << t << ' ' << i;
          EXPECT_LE(exact, least + term.slack[i] + 1e-9) << t << ' ' << i;
        }
      }
      EXPECT_GE(log_ratio, cell.least_log_ratio - 1e-9);
      EXPECT_LE(log_ratio, cell.most_log_ratio + 1e-9);
    }
  }
}

// Two losses, y - s and y + s, at each of three places that Kaplan's law passes: squares are least
// where it passes the means, 2 s^2 a place.
TEST(LawTermBound, OfReplicatesAboutPointsOnTheLawItsOptimumIsKnown) {
  const Law& law = law_named("kaplan");
  std::vector<Point> points;
  double least = 0;
  for (int i = 0; i < 4; ++i) {
    Point p;
    p.architecture = "t";
    p.parameters = i % 2 ? 1e9 : 1e7;
    p.tokens = i / 2 ? 2e10 : 3e8;
    const double y = std::pow(std::pow(1e13 / p.parameters, .8) + 2e13 / p.tokens, .1);
    const double s = 0.02 + 0.01 * i;
    for (const double loss : {y - s, y + s}) {
      p.loss = loss;
      points.push_back(p);
    }
    least += 2 * s * s;
  }
  const LawData data = law_data(law, points);
  const Objective squares{ObjectiveKind::Squares, 0, FitSpace::Linear};
  const LawSolution best = solve_law(law, data, squares, {});
  EXPECT_NEAR(best.value / least, 1, 1e-9);
  const auto certificate = certify(law, data, squares, {}, best.value);
  ASSERT_TRUE(certificate);
  EXPECT_LE(certificate->lower_bound, least * (1 + 1e-9));
  EXPECT_GT(certificate->lower_bound, 0.9 * least);
}

// A dense random search near the optimum and far from it finds nothing below the bound.
TEST(LawTermBound, NoRandomParametersLieBelowTheCertificate) {
  for (const std::size_t c : {1, 2, 5, 6, 8, 11}) {  // the quick ones
    SCOPED_TRACE(c);
    const Case& of = kCases[c];
    const Law law = law_of(of);
    const LawData data = scattered(law);
    const LawSolution best = solve_law(law, data, of.objective, of.floor);
    const auto certificate = certify(law, data, of.objective, of.floor, best.value);
    ASSERT_TRUE(certificate);
    EXPECT_FALSE(certificate->better);
    EXPECT_LE(certificate->lower_bound, best.value);
    EXPECT_GT(certificate->lower_bound, 0);
    double least = best.value;
    for (std::uint64_t i = 0; i < test::repeats(10000, 1000); ++i) {
      const double far = std::pow(10.0, uniform(400000 + i, -4, 0));
      LawState state = moved(law, best.state, far, 600000 + i);
      set_scale(law, data, of.floor, i, state);
      const double value = objective_value(law, data, state, of.objective);
      if (value < least) least = value;
    }
    EXPECT_GE(least, certificate->lower_bound);
    RecordProperty("gap_" + std::to_string(c), std::to_string(certificate->relative_gap));
    RecordProperty("cells_" + std::to_string(c), std::to_string(certificate->cells));
  }
}

// Where seconds leave a wide gap, or none is known, going on closes it. (Should a better bound
// close this one at once, the test needs a harder one.)
TEST(LawTermBound, FullEffortGoesOnToWhatIsAimedAt) {
  if (test::kSanitized) GTEST_SKIP() << "takes minutes under sanitizers";
  const Case& of = kCases[0];
  const Law law = law_of(of);
  const LawData data = scattered(law);
  const double value = solve_law(law, data, of.objective, of.floor).value;
  const auto quick = certify(law, data, of.objective, of.floor, value);
  ASSERT_TRUE(quick);
  EXPECT_FALSE(quick->reached);
  const auto full =
      certify(law, data, of.objective, of.floor, value, {CertificateEffort::Full, 2, {}});
  EXPECT_TRUE(full->reached);
  EXPECT_LE(full->relative_gap, 0.05);
  EXPECT_GT(full->cells, quick->cells);
  EXPECT_LE(full->lower_bound, value);
}

// What is not the optimum is found out by a better place.
TEST(LawTermBound, APoorFitIsFoundOut) {
  const Law& law = law_named("surface");
  const LawData data = scattered(law);
  const Objective squares{ObjectiveKind::Squares, 0, FitSpace::Log};
  const LawSolution best = solve_law(law, data, squares, {});
  const auto certificate = certify(law, data, squares, {}, 1.5 * best.value);
  ASSERT_TRUE(certificate && certificate->better);
  EXPECT_LE(certificate->lower_bound, best.value);
  const LawSolution again = solve_law(law, data, squares, {}, 0, certificate->better);
  EXPECT_NEAR(again.value / best.value, 1, 1e-6);
}

}  // namespace
}  // namespace isoloss
