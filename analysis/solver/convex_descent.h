// The minimum of a convex function in a box, by damped Newton steps cut off at the box, and a bound
// of it from below: a convex function lies above its tangents, so that the gradient at whatever
// place the iteration stopped says how low the minimum can be.
#pragma once
#include <Eigen/Core>
#include <functional>

namespace isoloss {

// Three terms of a law, each an amount and four axes, and a floor. A bound looks at a million
// places: what is so small has its room on the stack.
inline constexpr int kMostUnknowns = 3 * (1 + 4) + 1;
using ConvexVector = Eigen::Matrix<double, Eigen::Dynamic, 1, 0, kMostUnknowns, 1>;
using ConvexMatrix =
    Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, 0, kMostUnknowns, kMostUnknowns>;

// The function at a place. `bound`: no place of the box has a lower value. `weight`: a positive
// definite matrix that damps steps, as the curvature of reweighted least squares does.
struct ConvexLook {
  double value = 0, bound = 0;
  double lost = 0;  // about how much of what the function stands for it leaves out there
  ConvexVector gradient;
  ConvexMatrix curvature, weight;
};

struct ConvexProblem {
  // A rho of a larger knee with the same slope beyond it lies below, and is smoother: the last one
  // counts.
  std::function<ConvexLook(const Eigen::VectorXd&, double knee)> look;
  Eigen::VectorXd low, high;
  double first_knee = 0, last_knee = 0;
  double known = 0;  // a minimum that lies well below this needs no exact bound
};

// From `x` to the minimum. Raises `lower` to what is known to lie below it, and stops early where
// that has reached `target` or cannot.
Eigen::VectorXd convex_minimum(const ConvexProblem& problem, Eigen::VectorXd x, double target,
                               double& lower);

}  // namespace isoloss
