// A lower bound of the objective over a cell of exponents for a law that is a power of two terms
// and has no floor: ln L = B + w (law_log_sum.h) is convex in B and the axes together. Where a
// prediction is too high its logarithm is taken as it is. Where it is too low, a plane per point
// stands for it that lies above it at every corner of the cell, and so everywhere in it. Rho of
// logarithms is convex, so the sum is, and its minimum is found as convex_descent.h has it. The
// cell is a box of delta and exponents. Exact but for rounding.
#pragma once
#include <Eigen/Core>
#include <vector>

#include "analysis/convex_descent.h"
#include "analysis/law.h"
#include "analysis/law_log_sum.h"
#include "analysis/law_objective.h"
#include "analysis/residual_bend.h"

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
  // Linear in the cell's axes: value + slope (place - middle).
  struct Planes {
    Eigen::VectorXd middle;
    double common = 0;
    Eigen::VectorXd common_slope;
    Eigen::VectorXd value;  // per point, above its ln L less the common part
    Eigen::MatrixXd slope;  // points x axes
  };
  // ln L but for B, at one point.
  LogSumLook shape_at(Eigen::Index point, const Eigen::VectorXd& place) const;
  double value_at(Eigen::Index point, const Eigen::VectorXd& place) const;
  Planes planes_of(const Cell& cell) const;
  ConvexLook look(const Eigen::VectorXd& x, double knee, const Planes& planes,
                  const ConvexProblem& box) const;

  const Law& law_;
  const LawData& data_;
  ResidualSide over_, under_;
  double known_;
  LogSumAxes axes_;
};

}  // namespace isoloss
