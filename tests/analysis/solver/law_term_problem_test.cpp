// The convex problem of a cell: its bound holds all over the cone, tilted or not.
#include "analysis/solver/law_term_problem.h"

#include <gtest/gtest.h>

#include <cmath>
#include <tuple>

#include "analysis/laws/law_cells.h"
#include "analysis/solver/law_reach.h"
#include "model/spec/counter_random.h"
#include "tests/analysis/made_law_points.h"

namespace isoloss {
namespace {

double uniform(std::uint64_t key, double low, double high) {
  return low + (high - low) * random_uniform(13, 3, key);
}

// A place of the cone: amounts up to their most, axes within the cell.
Eigen::VectorXd place(const LawTermProblem& problem, std::uint64_t key) {
  Eigen::VectorXd x(problem.above.cols());
  for (std::size_t t = 0; t < problem.law.terms.size(); ++t) {
    const Eigen::Index at = problem.amount[t];
    x[at] = problem.most[static_cast<Eigen::Index>(t)] * uniform(10 * key + t, 0.01, 1);
    for (std::size_t j = 1; j <= problem.law.terms[t].size(); ++j) {
      x[at + static_cast<Eigen::Index>(j)] = x[at] * uniform(7000 + 100 * key + 10 * t + j, -1, 1);
    }
  }
  x[x.size() - 1] = problem.most[problem.most.size() - 1] * uniform(90000 + key, 0, 1);
  return x;
}

TEST(LawTermProblem, BoundsHoldAllOverTheConeTiltedOrNot) {
  const Law& law = law_named("gamma");
  LawData data = exact_points(law, {24, 5, 3.3, 3.9, 1});
  data.loss *= (0.02 * Eigen::ArrayXd::LinSpaced(24, 1, 99).sin()).exp();
  data.log_loss = data.loss.log();
  LawTermPoints points{.data = data};
  points.free_floor = true;
  points.offset = Eigen::ArrayXd::Zero(24);
  points.floor = data.loss.inverse();
  points.objective.known = points.worth = 3e-4;
  std::tie(points.objective.over, points.objective.under) = residual_sides({}, 0.02);
  const Eigen::ArrayXd reach = reach_of_one(data, points.objective);
  CellBox box = law.cells->whole(law, data);
  const Eigen::ArrayXd middle = box.middle();
  box.low = box.low.max(middle - 0.3);
  box.high = box.high.min(middle + 0.3);
  const LawTermProblem problem = term_problem(law.cells->cell(law, data, box), points, reach);
  BendLines lines(FitSpace::Log, reach);
  for (std::uint64_t k = 0; k < 20; ++k) {
    const Eigen::VectorXd at = place(problem, 1000 + k);
    Tilt tilt;
    if (k % 2) {
      tilt.at = at;
      tilt.slope = Eigen::VectorXd::LinSpaced(at.size(), -1, 1) * (k % 4 == 1 ? 1e-3 : -1e-3);
    }
    const double knee = problem.cone.last_knee;
    const double bound = look_at(problem, points, lines, at, knee, tilt).bound;
    for (std::uint64_t i = 0; i < 50; ++i) {
      const Eigen::VectorXd x = place(problem, 5000 + 100 * k + i);
      const double tilted = k % 2 ? tilt.slope.dot(x - tilt.at) : 0;
      const double value = look_at(problem, points, lines, x, knee).value;
      EXPECT_GE(value - tilted, bound - 1e-12);
      EXPECT_NEAR(look_at(problem, points, lines, x, knee, tilt).value, value - tilted, 1e-15);
    }
  }
}

}  // namespace
}  // namespace isoloss
