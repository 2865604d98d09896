// What more measurements do to the variance of a target, to first order: unweighted least squares
// of measurements that are linear in the parameters, under noise of a known covariance (which need
// not be the one that equal weights would be best for).
#pragma once
#include <Eigen/Core>

namespace isoloss {

class LinearDesign {
 public:
  explicit LinearDesign(Eigen::Index parameters);

  // Measurements whose noise has nothing in common with those before: their gradients by the
  // parameters, a row each, and the covariance of their noise.
  void add(const Eigen::MatrixXd& rows, const Eigen::MatrixXd& covariance);

  // Of target . parameters; NaN where the measurements do not determine it.
  double variance(const Eigen::VectorXd& target) const;

 private:
  Eigen::MatrixXd normal_, middle_;  // J'J, J' covariance J
};

}  // namespace isoloss
