// A lower bound of the objective over a cell of shape parameters, for every coefficient and floor
// at once, from a convex problem that lies below it everywhere in the cell (branch and bound: Horst
// & Tuy 1996). Three things make it convex. A coefficient times a term that is convex in some axes
// of the cell is convex in the coefficient and its products with the axes, being the term's
// perspective: where a prediction is too high it is taken as it is. Where it is too low, mixtures
// of the term's values at the cell's corners stand for it, off by the square of the cell's width.
// Where rho of a logarithm is concave, above the measured loss, its chord up to the largest value
// replaces it that a fit no worse than the known one can have there. The minimum of that problem is
// approached by Newton's method, through rhos of a shrinking knee, and bounded by its gradient, so
// that the bound holds wherever the iteration stopped. Exact but for rounding.
#pragma once
#include <Eigen/Core>
#include <vector>

#include "analysis/cell_law.h"
#include "analysis/law.h"
#include "analysis/law_objective.h"
#include "analysis/law_relaxation.h"

namespace isoloss {

// Shape parameters from `low` to `high`, and what is known of the fits in there.
struct LawCell {
  CellBox box;
  double lower = 0;      // no coefficients and floor give an objective below this
  Eigen::ArrayXd reach;  // per point: predicted / measured of a better fit is at most this
  CellPlace place;       // the relaxed minimum
};

class CellBound {
 public:
  using Cell = LawCell;

  // Better fits than one whose objective is `value` are looked for. has_cell_law(law).
  CellBound(const Law& law, const LawData& data, const Objective& objective,
            const FloorChoice& floor, double value);

  // All shapes within the law's bounds, not yet bounded.
  LawCell whole() const;
  // Raises `lower`, and stops early where it has reached `target` or cannot.
  void raise(LawCell& cell, double target) const;
  // Halves along the axis whose width costs most.
  std::vector<LawCell> halves(const LawCell& cell) const;
  // The cell's relaxed minimum as a state of the law.
  LawState state_of(const LawCell& cell) const;

 private:
  void tighten(LawCell& cell, const CellColumns& columns, const Eigen::VectorXd& x) const;
  double looseness(const LawCell& cell, const CellBox& box) const;

  CellLaw law_;
  const LawData& data_;
  RelaxedObjective objective_;
  CellGround ground_;
  double fixed_floor_;
  Eigen::ArrayXd reach_;  // of every cell
};

}  // namespace isoloss
