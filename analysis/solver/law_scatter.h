// What the scatter of the points about a fitted law says: residual deviation, covariance of the
// coordinates, leverage of each point, and how far the objective must rise for an interval. For an
// M-estimator with psi = rho' the covariance of the coordinates is tau^2 (J'WJ)^-1, tau^2 =
// mean(psi^2) n/(n-p) / mean(psi')^2, and the objective's rise over its minimum is chi squared
// times mean(psi^2) n/(n-p) / (2 mean(psi')) (Huber & Ronchetti 2009, chapters 6 and 13). psi' is
// taken as a difference over the residuals' scale, so that least absolute deviations have one too.
// With squares both are the usual least-squares formulas. Points of one run are not independent:
// with `runs` the middle of the sandwich sums psi over each run first (Liang & Zeger 1986), and the
// degrees are runs minus free parameters, at least one. Weights are relative: W is of weights over
// their mean, and a point of twice the mean weight is taken to scatter by 1/sqrt(2) of what one of
// the mean weight does. One weight for all points changes nothing but the objective and its rise.
#pragma once
#include <Eigen/Core>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "analysis/solver/law_solver.h"

namespace isoloss {

struct LawScatter {
  // Points minus free parameters; zero too where every parameter is at a bound, or squares of
  // derivatives are beyond what a double holds. At zero or below only `residual` is known.
  double degrees = 0;
  double deviation = 0;         // of a residual of mean weight about the law, over the degrees
  double robust_deviation = 0;  // 1.4826 x median absolute residual, over the same degrees
  Eigen::VectorXd rise;         // of the objective per unit of chi squared, by coordinate
  Eigen::MatrixXd covariance;  // of (log coefficients, shape, floor); zero where held or at a bound
  Eigen::VectorXd leverage;    // of each point, 0 to 1; they sum to the free parameters
  Eigen::ArrayXd residual;     // predicted minus measured, log or linear
  Eigen::ArrayXd weight;       // of each point over their mean
  // Of noise_scatter: variance of the residuals over that of the noise (never below one: the noise
  // was scaled up by it), and the chance of as much where the law is right.
  double misfit = 1, misfit_p = 1;
};

LawScatter scatter_of(const Law& law, const LawData& data, const LawSolution& solution,
                      const Objective& objective, const FloorChoice& floor,
                      const std::vector<std::vector<Eigen::Index>>& runs = {});

// Pseudo-inverse of J'WJ, scaled to a unit diagonal first, so that units do not decide what counts
// as singular. Empty where J has no column, or squares are beyond what a double holds.
std::optional<Eigen::MatrixXd> inverse_of_normal(const Eigen::MatrixXd& normal);

}  // namespace isoloss
