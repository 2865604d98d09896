// The minimum of a convex function in a cone, by a primal-dual interior-point method (Boyd &
// Vandenberghe 2004, section 11.7), and a bound of it from below: as in convex_descent.h the
// gradient at whatever place the iteration stopped says how low the minimum can be.
#pragma once
#include <Eigen/Core>
#include <functional>
#include <vector>

#include "analysis/solver/convex_descent.h"

namespace isoloss {

// x[first] + factor x[second] >= 0; of x[first] alone where `second` is negative.
struct ConeSide {
  Eigen::Index first = 0, second = -1;
  double factor = 1;
};

struct ConeProblem {
  // As ConvexProblem's; `bound` is over the cone.
  std::function<ConvexLook(const Eigen::VectorXd&, double knee)> look;
  std::vector<ConeSide> sides;
  double first_knee = 0, last_knee = 0;
  double known = 0;  // a minimum that lies well below this needs no exact bound
};

// From `x`, inside every side, to the minimum. Raises `lower` to what is known to lie below it, and
// stops early where that has reached `target` or cannot.
Eigen::VectorXd cone_minimum(const ConeProblem& problem, Eigen::VectorXd x, double target,
                             double& lower);

}  // namespace isoloss
