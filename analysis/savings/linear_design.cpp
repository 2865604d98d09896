#include "analysis/savings/linear_design.h"

#include <Eigen/Dense>
#include <limits>

namespace isoloss {

LinearDesign::LinearDesign(Eigen::Index parameters)
    : normal_(Eigen::MatrixXd::Zero(parameters, parameters)),
      middle_(Eigen::MatrixXd::Zero(parameters, parameters)) {}

void LinearDesign::add(const Eigen::MatrixXd& rows, const Eigen::MatrixXd& covariance) {
  normal_ += rows.transpose() * rows;
  middle_ += rows.transpose() * covariance * rows;
}

double LinearDesign::variance(const Eigen::VectorXd& target) const {
  constexpr double kDetermined = 1e-6;
  // Parameters of other units: scaled to a unit diagonal before it is asked what is determined.
  const Eigen::VectorXd scale = normal_.diagonal().cwiseSqrt().cwiseMax(1e-300).cwiseInverse();
  const Eigen::MatrixXd scaled = scale.asDiagonal() * normal_ * scale.asDiagonal();
  const Eigen::VectorXd wanted = scale.cwiseProduct(target);
  const Eigen::VectorXd solved = scaled.completeOrthogonalDecomposition().solve(wanted);
  if (!((scaled * solved - wanted).norm() <= kDetermined * wanted.norm())) {
    return std::numeric_limits<double>::quiet_NaN();
  }
  const Eigen::VectorXd weight = scale.cwiseProduct(solved);
  return weight.dot(middle_ * weight);
}

}  // namespace isoloss
