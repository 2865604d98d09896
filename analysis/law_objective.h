// What a fit minimises: the SUM over points of rho(residual), with exact gradient and curvature.
// Residuals are ln(predicted) - ln(loss) in log space, predicted - loss in linear space.
// huber: r^2/2 within delta, delta (|r| - delta/2) beyond (Hoffmann et al. 2022, eq. 4);
// squares: r^2; lad: |r|.
#pragma once
#include <Eigen/Core>

#include "analysis/law.h"

namespace isoloss {

enum class ObjectiveKind { Huber, Squares, Lad };
enum class FitSpace { Log, Linear };

struct Objective {
  ObjectiveKind kind = ObjectiveKind::Huber;
  double delta = 1e-3;
  FitSpace space = FitSpace::Log;
};

// The objective at `state`.
double objective_value(const LawData& data, const LawState& state, const Objective& objective);

// Coordinates: the terms' log coefficients, then their exponents, then the floor.
struct Expansion {
  double value = 0;
  Eigen::VectorXd gradient;
  Eigen::MatrixXd hessian;     // exact where rho is twice differentiable
  Eigen::MatrixXd reweighted;  // iteratively reweighted least squares: rho'(r)/r for rho''
};
// Lad has no curvature: throws std::logic_error for it.
Expansion expand(const LawData& data, const LawState& state, const Objective& objective);

}  // namespace isoloss
