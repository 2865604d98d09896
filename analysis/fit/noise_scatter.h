// What measured noise says of a fitted law. The losses' covariance S is known, so the objective's
// sandwich is computed instead of estimated from the residuals: covariance of the coordinates
// A^-1 B A^-1 with A = sum E[psi'] x x' and B = sum Cov(psi_i, psi_j) x_i x_j', x the residuals'
// derivatives (Huber & Ronchetti 2009, chapter 6; Liang & Zeger 1986 for points that belong
// together), expectations those of normal noise, Cov(psi_i, psi_j) by the correlation of the
// losses, which for a monotone psi is no smaller. The objective's rise per unit of chi squared is
// that of a composite likelihood, Cov_jj / (A^-1)_jj / 2 (Pace, Salvan & Sartori 2011).
#pragma once
#include "analysis/fit/loss_noise.h"
#include "analysis/solver/law_scatter.h"

namespace isoloss {

// `scatter` is the residuals' own (law_scatter.h) and stays as it is but for degrees, deviation,
// covariance and rise, which become the noise's; where the residuals scatter by more than the noise
// explains, the noise is scaled up to them and the degrees are the fewer of the two. Not for
// asymmetric_huber, whose optimum noise does not leave in place.
LawScatter noise_scatter(const Law& law, const LawData& data, const LawSolution& solution,
                         const Objective& objective, const FloorChoice& floor,
                         const LossNoise& noise, LawScatter scatter);

// By how much the coordinates (log coefficients, shape, floor) follow losses that move by `nats`:
// to first order, as least squares does. The law is not tied.
Eigen::VectorXd coordinates_moved(const Law& law, const LawData& data, const LawSolution& solution,
                                  FitSpace space, const FloorChoice& floor,
                                  const Eigen::VectorXd& nats);

}  // namespace isoloss
