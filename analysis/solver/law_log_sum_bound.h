// A lower bound of the objective over a cell of exponents for a law that is a power of two terms
// and has no floor (LogSum of law.h): ln L = B + p ln(1 + e^(d/p)) - m1 z1, d = delta - m0 z0 + m1
// z1, with one coefficient beside the exponents, delta, that says how the terms share the loss.
// Being the perspective of ln(1 + e^x), that is convex in (B, delta, m0, m1, p) together: where a
// prediction is too high its logarithm is taken as it is. Where it is too low, a plane per point
// stands for it that lies above it at every corner of the cell, and so everywhere in it. Rho of
// logarithms is convex, so the sum is, and its minimum is found as convex_descent.h has it. The
// cell is a box of delta and exponents. Exact but for rounding.
#pragma once
#include <Eigen/Core>
#include <vector>

#include "analysis/laws/law.h"
#include "analysis/solver/convex_descent.h"
#include "analysis/solver/law_objective.h"
#include "analysis/solver/residual_bend.h"

namespace isoloss {

struct LogSumCell {
  Eigen::ArrayXd low, high;  // of delta, then of the exponents that differ
  double lower = 0;          // no coefficients give an objective below this
  Eigen::VectorXd place;     // the relaxed minimum: B, then delta and exponents
};

class LogSumBound {
 public:
  using Cell = LogSumCell;

  // Better fits than one whose objective is `value` are looked for. The law has log_sum, the
  // objective is of logarithms, and no floor is given.
  LogSumBound(const Law& law, const LawData& data, const Objective& objective, double value);

  // All exponents within the law's bounds, and every delta at which both terms count for something.
  Cell whole() const;
  // Raises `lower`, and stops early where it has reached `target` or cannot.
  void raise(Cell& cell, double target) const;
  // Halves along the axis over which predictions bend most.
  std::vector<Cell> halves(const Cell& cell) const;
  // The cell's relaxed minimum as a state of the law.
  LawState state_of(const Cell& cell) const;

 private:
  // ln L but for B, at one point, less what all points have in common over the cell.
  struct Shape {
    double value = 0, bend = 0;    // the curvature is bend x along along^T
    Eigen::VectorXd slope, along;  // by axis
  };
  // Linear in the cell's axes: value + slope (place - middle).
  struct Planes {
    Eigen::VectorXd middle;
    double common = 0;
    Eigen::VectorXd common_slope;
    Eigen::VectorXd value;  // per point, above its ln L less the common part
    Eigen::MatrixXd slope;  // points x axes
  };
  Shape shape_at(Eigen::Index point, const Eigen::VectorXd& axes) const;
  double value_at(Eigen::Index point, const Eigen::VectorXd& axes) const;
  Planes planes_of(const Cell& cell) const;
  ConvexLook look(const Eigen::VectorXd& x, double knee, const Planes& planes,
                  const ConvexProblem& box) const;

  const Law& law_;
  const LawData& data_;
  ResidualSide over_, under_;
  double known_;
  Eigen::Index first_, second_, power_;  // axes of m0, m1 and p
  Eigen::Index axes_;
};

}  // namespace isoloss
