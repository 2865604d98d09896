// A lower bound of the objective over a cell of a law's axes, for every amount and floor at once,
// from a convex problem that lies below it everywhere in the cell. It is that of law_cell_bound.h
// for laws whose terms bend along several axes (law_cells.h): where a prediction is too high it is
// taken as it is, or as the convex function below it; where it is too low, a plane stands for each
// term; where rho of a logarithm is concave, its chord up to the largest value that a better fit
// can have. What a law's cells leave open (a relation between amounts and axes, say) is open, and
// the bound is one for that wider law. Of many points some are looked at first: what those cost,
// all cost. Exact but for rounding.
#pragma once
#include <Eigen/Core>
#include <limits>
#include <memory>
#include <vector>

#include "analysis/laws/law.h"
#include "analysis/laws/law_cells.h"
#include "analysis/solver/law_objective.h"
#include "analysis/solver/law_term_problem.h"

namespace isoloss {

struct TermBoundCell {
  CellBox box;
  double lower = 0;      // no amounts and floor give an objective below this
  Eigen::ArrayXd reach;  // per point: predicted / measured of a better fit is at most this
  // The relaxed minimum: a place among the axes, amounts without what cells take out, floor.
  Eigen::ArrayXd place, log_amount;
  double floor = 0;
  Eigen::ArrayXd sag;  // by axis: how far planes and functions are apart
  bool all = false;    // of the points were looked at, not some
  // What was left when the reach was last narrowed by looking (law_narrowing.h).
  double narrowed_gap = std::numeric_limits<double>::infinity();
  std::size_t points_looked_at = 0;  // the last time: points x looks
};

class LawTermBound {
 public:
  using Cell = TermBoundCell;

  // Better fits than one whose objective is `value` are looked for. The law has cells.
  LawTermBound(const Law& law, const LawData& data, const Objective& objective,
               const FloorChoice& floor, double value);

  // All that the law's bounds allow, not yet bounded.
  TermBoundCell whole() const;
  // Raises `lower`, and stops early where it has reached `target` or cannot.
  void raise(TermBoundCell& cell, double target) const;
  // Halves along the axis that keeps planes and functions furthest apart.
  std::vector<TermBoundCell> halves(const TermBoundCell& cell) const;
  // The cell's relaxed minimum as a state of the law.
  LawState state_of(const TermBoundCell& cell) const;

 private:
  struct Some;  // of the points, and their bound

  std::size_t points_of_look() const;
  void raise_all(TermBoundCell& cell, double target) const;
  // True where its reach became less, so that another look says more.
  bool look(TermBoundCell& cell, double target) const;
  Eigen::ArrayXd narrowed(TermBoundCell& cell, const LawTermProblem& problem,
                          const Eigen::VectorXd& x) const;
  Eigen::VectorXd start_of(const TermBoundCell& cell, const LawTermProblem& problem) const;
  void keep(TermBoundCell& cell, const LawTermProblem& problem, const Eigen::VectorXd& x) const;
  void tighten(TermBoundCell& cell, const LawTermProblem& problem, const Eigen::VectorXd& x) const;
  // Sets `sag`.
  void weigh_axes(TermBoundCell& cell, const LawTermProblem& problem, bool bounded) const;

  const Law& law_;
  LawTermPoints points_;
  double fixed_floor_;
  double floor_unit_;  // nats of the floor's unknown
  std::shared_ptr<const Some> some_;
};

}  // namespace isoloss
