// A convex function of few unknowns that is a sum over points, each of its ratio, which is linear
// in the unknowns or has been made so at a place.
#pragma once
#include "analysis/solver/convex_descent.h"
#include "analysis/solver/residual_bend.h"

namespace isoloss {

// Adds a point whose ratio changes by `row` with the unknowns, to the upper triangles alone.
inline void add_point(ConvexLook& at, const ResidualBend& bend, const double* row) {
  at.value += bend.value;
  at.lost += bend.lost;
  for (Eigen::Index j = 0; j < at.gradient.size(); ++j) {
    at.gradient[j] += bend.slope * row[j];
    const double curve = bend.curvature * row[j], weigh = bend.weight * row[j];
    double* curvature = &at.curvature(0, j);
    double* weight = &at.weight(0, j);
    for (Eigen::Index k = 0; k <= j; ++k) {
      curvature[k] += curve * row[k];
      weight[k] += weigh * row[k];
    }
  }
}

// Taken from a function: slope (x - at). Or nothing.
struct Tilt {
  Eigen::VectorXd slope, at;
};

// After the last point: the lower triangles, and where the tangent meets the unknowns' zero. A
// convex function lies above its tangent, so its least where the unknowns may be is to be added.
inline void complete_sum(ConvexLook& at, const Eigen::VectorXd& x, const Tilt& tilt) {
  if (tilt.slope.size() > 0) {
    at.value -= tilt.slope.dot(x - tilt.at);
    at.gradient -= tilt.slope;
  }
  at.curvature = at.curvature.selfadjointView<Eigen::Upper>();
  at.weight = at.weight.selfadjointView<Eigen::Upper>();
  at.bound = at.value - at.gradient.dot(x);
}

}  // namespace isoloss
