// The convex problem that lies below a law's objective everywhere in a cell (law_term_bound.h): its
// unknowns, where they may be, and its value with derivatives.
#pragma once
#include <Eigen/Core>
#include <vector>

#include "analysis/laws/law.h"
#include "analysis/laws/law_cells.h"
#include "analysis/solver/cone_descent.h"
#include "analysis/solver/law_objective.h"
#include "analysis/solver/law_relaxation.h"
#include "analysis/solver/residual_sum.h"

namespace isoloss {

// What the problems of all cells share.
struct LawTermPoints {
  const LawData& data;
  RelaxedObjective objective = {};
  double worth = 0;  // the known value, or these points' share of it
  bool free_floor = false;
  Eigen::ArrayXd offset = {};  // what no unknown moves, over the measured loss
  Eigen::ArrayXd floor = {};   // of the floor's unknown, over the measured loss
};

// Unknowns: of each term its amount, and amount x y for each of its axes; then the floor.
struct LawTermProblem {
  LawCell law;
  TermCell::Rows above;              // by the unknowns
  Eigen::ArrayXd most;               // of each amount, then of the floor
  std::vector<Eigen::Index> amount;  // which unknown
  ConeProblem cone;                  // `look` is left to the caller
};
LawTermProblem term_problem(LawCell law, const LawTermPoints& points, const Eigen::ArrayXd& reach);

// A term's place among its axes, from its unknowns.
TermVector place_in(const TermCell& term, const double* x);

// The problem's value, gradient and bound at `x`, rho loosened to `knee`.
ConvexLook look_at(const LawTermProblem& problem, const LawTermPoints& points, BendLines& lines,
                   const Eigen::VectorXd& x, double knee, const Tilt& tilt = {});

}  // namespace isoloss
