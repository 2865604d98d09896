// The convex problem that lies below the objective everywhere in a cell of exponents, for laws that
// are a floor and a sum of powers (law_cell_bound.h).
#pragma once
#include <Eigen/Core>
#include <cmath>

#include "analysis/solver/cone_descent.h"
#include "analysis/solver/law_objective.h"
#include "analysis/solver/residual_bend.h"
#include "analysis/solver/residual_sum.h"

namespace isoloss {

// The law's terms at every point: amount x exp(at_zero + exponent x slope) is a term's part of the
// prediction.
struct TermRows {
  Eigen::ArrayXXd slope;    // points x terms: d ln(basis) / d exponent
  Eigen::ArrayXXd at_zero;  // ln(basis) at exponent zero
  Eigen::ArrayXd offset;    // what no coefficient moves, over the measured loss
  bool free_floor = false;
};

// Unknowns x: of each term its amount at either end of the cell (together its coefficient, apart
// its exponent), then the floor. Predicted over measured loss is between the tangents low x and the
// chords high x, and exactly the sum of basis x amount x exp(slope u).
struct CellColumns {
  using Rows = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  Rows low, high;
  Rows basis;             // points x terms, at the cell's middle
  Eigen::ArrayXd middle;  // of each term's exponent
  Eigen::ArrayXd half;    // of the cell's width, by term
  Eigen::ArrayXd most;    // of each term's pair together, then of the floor
  Eigen::ArrayXd scale;   // what one of x is of coefficient or floor
};

// Of the exponents from middle - half to middle + half, by term. `reach` [points]: predicted over
// measured loss is at most this.
CellColumns cell_columns(const TermRows& terms, const Eigen::ArrayXd& loss,
                         const Eigen::ArrayXd& middle, const Eigen::ArrayXd& half,
                         const Eigen::ArrayXd& reach);

// What the objective is, side by side.
struct RelaxedObjective {
  FitSpace space = FitSpace::Log;
  ResidualSide over, under;  // residuals above and below zero
  double known = 0;          // of a fit; a cell whose least is above it needs no more work

  // In the prediction, where that is above the measured loss.
  bool is_concave() const { return space == FitSpace::Log && std::isfinite(over.knee); }
};

// The mean size of the known fit's residuals, of a rho that has a knee.
double residual_size(const RelaxedObjective& objective, const LawData& data);

class LawRelaxation {
 public:
  // All outlive it.
  LawRelaxation(const TermRows& terms, const LawData& data, const RelaxedObjective& objective,
                const CellColumns& columns, const Eigen::ArrayXd& reach);

  // From `x` to the minimum. Raises `lower` to what is known to lie below it, and stops early where
  // that has reached `target` or cannot.
  Eigen::VectorXd minimum(Eigen::VectorXd x, double target, double& lower) const;
  // What looking about the minimum `x` makes of the reach (law_narrowing.h).
  Eigen::ArrayXd narrowed_reach_about(const Eigen::VectorXd& x) const;

 private:
  ConvexLook look(const Eigen::VectorXd& x, double knee, BendLines& lines, const Tilt& tilt) const;
  ConeProblem problem() const;

  const TermRows& terms_;
  const LawData& data_;
  const RelaxedObjective& objective_;
  const CellColumns& columns_;
  const Eigen::ArrayXd& reach_;
};

}  // namespace isoloss
