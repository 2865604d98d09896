// A lower bound of the objective over a cell of exponents, for every coefficient and floor at once,
// from a convex problem that lies below it everywhere in the cell (branch and bound: Horst & Tuy
// 1996). Three things make it convex. A term c exp(d u), u the exponent's distance from the cell's
// middle, is convex in (c, c u), being the perspective of exp: where a prediction is too high it is
// taken as it is. Where it is too low, its chord over the cell stands for it, off by the square of
// the cell's width. Where rho of a logarithm is concave, above the measured loss, its chord up to
// the largest value replaces it that a fit no worse than the known one can have there. The minimum
// of that problem is approached from inside, through rhos of a shrinking knee, and bounded by its
// gradient, so that the bound holds wherever the iteration stopped. Exact but for rounding.
#pragma once
#include <Eigen/Core>
#include <optional>
#include <vector>

#include "analysis/laws/law.h"
#include "analysis/solver/law_objective.h"
#include "analysis/solver/law_relaxation.h"

namespace isoloss {

// Exponents from `low` to `high`, and what is known of the fits in there.
struct ExponentCell {
  Eigen::ArrayXd low, high;  // by axis: the exponents that differ (one where they are tied)
  double lower = 0;          // no coefficients and floor give an objective below this
  Eigen::ArrayXd reach;      // per point: predicted / measured of a better fit is at most this
  // The relaxed minimum: coefficients at the regressors' centre, each term's exponent, floor.
  Eigen::ArrayXd coefficient, exponent;
  double floor = 0;
};

class CellBound {
 public:
  using Cell = ExponentCell;

  // Better fits than one whose objective is `value` are looked for. The law has exponent_of_term.
  CellBound(const Law& law, const LawData& data, const Objective& objective,
            const FloorChoice& floor, double value);

  // All exponents within the law's bounds, not yet bounded.
  ExponentCell whole() const;
  // Raises `lower`, and stops early where it has reached `target` or cannot.
  void raise(ExponentCell& cell, double target) const;
  // Halves along the axis that moves predictions more.
  std::vector<ExponentCell> halves(const ExponentCell& cell) const;
  // The cell's relaxed minimum as a state of the law.
  LawState state_of(const ExponentCell& cell) const;

 private:
  CellColumns columns_of(const ExponentCell& cell) const;
  // True where its reach became less, so that another look says more.
  bool look(ExponentCell& cell, double target) const;
  void tighten(ExponentCell& cell, const CellColumns& columns, const Eigen::VectorXd& x) const;

  const Law& law_;
  const LawData& data_;
  RelaxedObjective objective_;
  TermRows terms_;
  double fixed_floor_;
  std::vector<Eigen::Index> axis_;  // of each term
};

}  // namespace isoloss
