// What a fit minimises: the SUM over points of weight x rho(residual), with exact gradient and
// curvature. Residuals are ln(predicted) - ln(loss) in log space, predicted - loss in linear space.
// huber: r^2/2 within delta, delta (|r| - delta/2) beyond (Hoffmann et al. 2022, eq. 3);
// squares: r^2; lad: |r|; asymmetric_huber: huber, times `overestimate` where the law predicts more
// than was measured, because a rung that was tuned badly lies above what its size can reach.
#pragma once
#include <Eigen/Core>

#include "analysis/laws/law.h"

namespace isoloss {

enum class ObjectiveKind { Huber, Squares, Lad, AsymmetricHuber };
enum class FitSpace { Log, Linear };

struct Objective {
  ObjectiveKind kind = ObjectiveKind::Huber;
  double delta = 1e-3;
  FitSpace space = FitSpace::Log;
  double overestimate = 10;  // asymmetric_huber alone
};

struct Rho {
  double value, slope, curvature;
  double weight;  // slope / r: the curvature of the parabola above rho that touches it at r
};
Rho rho(double residual, const Objective& objective);

// Residual of each point.
Eigen::ArrayXd residuals(const Law& law, const LawData& data, const LawState& state,
                         FitSpace space);

// The objective at `state`.
double objective_value(const Law& law, const LawData& data, const LawState& state,
                       const Objective& objective);

// Coordinates: the terms' log coefficients, then the shape, then the floor.
struct Expansion {
  double value = 0;
  Eigen::VectorXd gradient;
  Eigen::MatrixXd curvature;
};
enum class Curvature {
  Exact,      // where rho is twice differentiable
  Reweighted  // iteratively reweighted least squares: rho'(r)/r for rho'', never negative
};
// Lad has no curvature: throws std::logic_error for it.
Expansion expand(const Law& law, const LawData& data, const LawState& state,
                 const Objective& objective, Curvature kind);

// d residual / d coordinates, points x coordinates.
Eigen::MatrixXd jacobian(const Law& law, const LawData& data, const LawState& state,
                         FitSpace space);

}  // namespace isoloss
