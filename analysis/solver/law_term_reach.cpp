// How far above the measured losses the predictions of a better fit in a cell of terms can lie.
#include <cmath>

#include "analysis/solver/law_narrowing.h"
#include "analysis/solver/law_reach.h"
#include "analysis/solver/law_term_bound.h"

namespace isoloss {
namespace {

constexpr double kChordsWorth = 0.75;  // two minima per unknown cost as much as many cells

}  // namespace

void LawTermBound::tighten(TermBoundCell& cell, const LawTermProblem& problem,
                           const Eigen::VectorXd& x) const {
  Eigen::MatrixXd below = problem.above;  // tangents at the cell's middle
  Eigen::ArrayXd rest = Eigen::ArrayXd::Zero(points_.data.points());
  for (std::size_t t = 0; t < problem.law.terms.size(); ++t) {
    const TermCell& term = problem.law.terms[t];
    const Eigen::Index at = problem.amount[t];
    const double most = problem.most[static_cast<Eigen::Index>(t)];
    for (Eigen::Index i = 0; i < points_.data.points(); ++i) {
      const TermShape shape = shape_at(term, i, {});
      double gap = problem.above(i, at) - shape.value;
      below(i, at) = shape.value;
      for (std::size_t j = 0; j < term.size(); ++j) {
        const Eigen::Index column = at + static_cast<Eigen::Index>(j) + 1;
        gap += std::abs(problem.above(i, column) - shape.slope[j]);
        below(i, column) = shape.slope[j];
      }
      rest[i] += most * gap / 2;
    }
  }
  Eigen::MatrixXd span = (problem.above + below) / 2;
  const Eigen::ArrayXd ratio = points_.offset + (span * x).array();
  span.colwise().normalize();
  cell.reach = tightened_reach(points_.data, points_.objective, span, ratio, rest, cell.reach);
}

Eigen::ArrayXd LawTermBound::narrowed(TermBoundCell& cell, const LawTermProblem& problem,
                                      const Eigen::VectorXd& x) const {
  BendLines lines(points_.objective.space, cell.reach);
  Narrowing narrowing;
  narrowing.worth = kChordsWorth;
  narrowing.cone = problem.cone;
  narrowing.at = x;
  narrowing.scatter = residual_size(points_.objective, points_.data);
  narrowing.rows = problem.above;
  narrowing.ratio = points_.offset + (problem.above * x).array();
  narrowing.look = [&](const Eigen::VectorXd& at, double knee, const Tilt& tilt) {
    cell.points_looked_at += points_of_look();
    return look_at(problem, points_, lines, at, knee, tilt);
  };
  return narrowed_reach(narrowing, cell.reach);
}

}  // namespace isoloss
