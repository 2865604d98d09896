// The rho of one residual, and convex functions of predicted over measured loss that nowhere lie
// above it. Below the measured loss rho is convex in that ratio; above it, in logarithms, its tail
// is concave, and its chord up to the largest ratio of interest stands for it.
#pragma once
#include <Eigen/Core>
#include <utility>
#include <vector>

#include "analysis/solver/law_objective.h"

namespace isoloss {

// Residuals on one side of zero: rho is scale x Huber's, quadratic up to the knee.
struct ResidualSide {
  double scale = 1;
  double knee = 0;
};

// Both sides of an objective's rho, above zero first. lad has no knee: its sides are of a Huber's
// rho below |r|, with a knee small beside `scatter`, the mean residual of a known fit, so that the
// sum lies a thousandth lower at most.
std::pair<ResidualSide, ResidualSide> residual_sides(const Objective& objective, double scatter);
// Residuals that count as none: 1e-5 of the loss.
double negligible_residual(const Objective& objective, const LawData& data);
// Of a fit whose objective is `value`, for lad; at least what counts as none.
double mean_residual(const Objective& objective, const LawData& data, double value);

// Of a larger knee and the same slope beyond it: nowhere above `side`'s.
ResidualSide loosened(const ResidualSide& side, double knee);

// The largest |r| whose rho is at most `cost`.
double residual_of_cost(double cost, const ResidualSide& side);

// Where a residual is measured from: its weight in the objective, its loss (the unit of a linear
// residual), and the space.
struct ResidualPlace {
  FitSpace space = FitSpace::Log;
  double weight = 1;
  double loss = 1;
};

// By the ratio. `weight` is slope / (ratio - 1), the curvature of reweighted least squares. `lost`:
// about how far rho lies above.
struct ResidualBend {
  double value = 0, slope = 0, curvature = 0, weight = 0, lost = 0;
};

// scale x Huber's rho: r^2/2 up to the knee, knee (|r| - knee/2) from there (Huber 1964).
double residual_rho(double r, const ResidualSide& side);

// Where a line takes over from a rho that is concave from there on: of logarithms alone, above one.
struct BendLine {
  double residual = 0, ratio = 1;
};

// The lines of points whose ratios are at most `reach`.
class BendLines {
 public:
  BendLines(FitSpace space, Eigen::ArrayXd reach);
  // Worked out anew where the knee is another one than before.
  const std::vector<BendLine>& of(const ResidualSide& side);

 private:
  FitSpace space_;
  Eigen::ArrayXd reach_, furthest_;
  std::vector<BendLine> lines_;
  double knee_ = -1;
};

// Of a ratio of at least one: zero there, and never above rho up to the reach that `line` is of.
ResidualBend bend_above(const ResidualPlace& place, double ratio, const BendLine& line,
                        const ResidualSide& side);

// Of a ratio below one: rho itself; its tangent where next to nothing is left of the prediction.
ResidualBend bend_below(const ResidualPlace& place, double ratio, const ResidualSide& side);

}  // namespace isoloss
