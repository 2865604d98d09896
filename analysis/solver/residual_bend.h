// The rho of one residual, and convex functions of predicted over measured loss that nowhere lie
// above it. Below the measured loss rho is convex in that ratio; above it, in logarithms, its tail
// is concave, and its chord up to the largest ratio of interest stands for it.
#pragma once
#include <utility>

#include "analysis/solver/law_objective.h"

namespace isoloss {

// Residuals on one side of zero: rho is scale x Huber's, quadratic up to the knee.
struct ResidualSide {
  double scale = 1;
  double knee = 0;
};

// Both sides of an objective's rho, above zero first. lad has no knee: its sides are of a Huber's
// rho below |r|, with a knee small beside any residual (`mean_loss` is the unit of linear ones).
std::pair<ResidualSide, ResidualSide> residual_sides(const Objective& objective, double mean_loss);

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

// By the ratio. `weight` is slope / (ratio - 1), the curvature of reweighted least squares.
struct ResidualBend {
  double value = 0, slope = 0, curvature = 0, weight = 0;
};

// scale x Huber's rho: r^2/2 up to the knee, knee (|r| - knee/2) from there (Huber 1964).
double residual_rho(double r, const ResidualSide& side);

// Of a ratio of at least one: zero there, and never above rho up to a ratio of `reach`.
ResidualBend bend_above(const ResidualPlace& place, double ratio, double reach,
                        const ResidualSide& side);

// Of a ratio below one: rho itself; its tangent where next to nothing is left of the prediction.
ResidualBend bend_below(const ResidualPlace& place, double ratio, const ResidualSide& side);

}  // namespace isoloss
