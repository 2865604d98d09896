// Least squares with nonnegative unknowns, few of them.
#pragma once
#include <Eigen/Core>

namespace isoloss {

// Minimises x' normal x / 2 - right' x over x >= 0 by trying every set of active unknowns, so that
// the answer is the minimum and not a place where an iteration stopped. At most a handful unknowns.
Eigen::VectorXd nonnegative_least_squares(const Eigen::MatrixXd& normal,
                                          const Eigen::VectorXd& right);

}  // namespace isoloss
