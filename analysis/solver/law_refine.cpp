#include "analysis/solver/law_refine.h"

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>

namespace isoloss {
namespace {

constexpr double kConverged = 1e-7;  // of gradient_norm: 5e-15 of the objective
constexpr double kNearly = 1e-6;     // enough where a step gains no more than rounding
constexpr double kRounding = 1e-13;  // of the objective: squares of small residuals are no better
constexpr double kAtRounding = 1e-5;
constexpr int kReweightedSteps = 6;
constexpr int kMostSteps = 300;

double condition_of(const Eigen::MatrixXd& curvature) {
  const Eigen::VectorXd scale = curvature.diagonal().cwiseAbs().cwiseSqrt();
  if (!(scale.minCoeff() > 0)) return std::numeric_limits<double>::infinity();
  const Eigen::VectorXd inverse = scale.cwiseInverse();
  const Eigen::MatrixXd unit = inverse.asDiagonal() * curvature * inverse.asDiagonal();
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> eigen(unit, Eigen::EigenvaluesOnly);
  const Eigen::ArrayXd sizes = eigen.eigenvalues().array().abs();
  return sizes.maxCoeff() / sizes.minCoeff();
}

Refined refine_smooth(const Law& law, const LawBox& box, const LawData& data,
                      const Objective& objective, Eigen::VectorXd x) {
  Refined result;
  double damping = 1e-4;
  // An exact fit has objective zero: residuals of 1e-13 count as none.
  const double negligible = 1e-26 * data.weight.sum();
  for (int step = 0; step < kMostSteps; ++step) {
    const bool reweighted = step < kReweightedSteps;
    Expansion e = expand(law, data, box.unpack(x), objective,
                         reweighted ? Curvature::Reweighted : Curvature::Exact);
    box.convert(e);
    const std::vector<Eigen::Index> free = box.free_at(x, e.gradient);
    result = {x, e.value, 0, 1, free.empty()};
    if (free.empty()) return result;
    const Eigen::VectorXd gradient = e.gradient(free);
    const Eigen::MatrixXd curvature = e.curvature(free, free);
    const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> eigen(curvature);
    // Along directions of negative curvature the step still goes downhill.
    const Eigen::ArrayXd bend = eigen.eigenvalues().array().abs();
    const double top = std::max(bend.maxCoeff(), 1e-300);
    const Eigen::ArrayXd along = (eigen.eigenvectors().transpose() * gradient).array();
    const double promise = (along.square() / bend.max(1e-13 * top)).sum();
    result.gradient_norm = std::sqrt(promise / (e.value + negligible));
    if (!std::isfinite(result.gradient_norm)) return result;
    const auto converged = [&] {
      // One full step more squares what error is left; the objective itself is too flat to see it.
      Eigen::VectorXd last = x;
      last(free) -= eigen.eigenvectors() * (along / bend.max(1e-13 * top)).matrix();
      last = box.inside(last);
      const double value = objective_value(law, data, box.unpack(last), objective);
      if (value <= e.value * (1 + kRounding)) {
        result.x = last;
        result.value = std::min(value, e.value);
      }
      result.condition = condition_of(curvature);
      result.converged = true;
      return result;
    };
    if (result.gradient_norm < kConverged || promise < negligible) {
      if (!reweighted || objective.kind == ObjectiveKind::Squares) return converged();
    }
    bool moved = false;
    for (int trial = 0; trial < 60 && !moved; ++trial) {
      const Eigen::VectorXd move =
          -(eigen.eigenvectors() * (along / (bend + damping * top)).matrix());
      Eigen::VectorXd next = x;
      next(free) += move.cwiseMax(-1.0).cwiseMin(1.0);
      next = box.inside(next);
      const double value = objective_value(law, data, box.unpack(next), objective);
      if (value < e.value) {
        if (result.gradient_norm < kNearly && e.value - value < kRounding * e.value) {
          return converged();
        }
        x = next;
        damping = std::max(damping * 0.1, 1e-14);
        moved = true;
      } else {
        damping = std::min(damping * 8, 1e12);
      }
    }
    if (moved) continue;
    if (reweighted) {
      step = kReweightedSteps - 1;
      damping = 1e-4;
      continue;
    }
    // No decrease is left that double precision can show.
    if (result.gradient_norm < kAtRounding) return converged();
    return result;
  }
  result.converged = result.gradient_norm < kAtRounding;
  return result;
}

// Least absolute residuals as the limit of Huber's objective: each optimum starts the next.
Refined refine_lad(const Law& law, const LawBox& box, const LawData& data, FitSpace space,
                   Eigen::VectorXd x) {
  const double unit = space == FitSpace::Log ? 1 : box.unit();
  Refined result;
  for (double delta = 1e-2; delta > 0.9e-11; delta *= 0.31622776601683794) {
    Objective smooth{ObjectiveKind::Huber, delta * unit, space};
    result = refine_smooth(law, box, data, smooth, x);
    x = result.x;
  }
  result.value = objective_value(law, data, box.unpack(x), {ObjectiveKind::Lad, 0, space});
  return result;
}

}  // namespace

Refined refine(const Law& law, const LawBox& box, const LawData& data, const Objective& objective,
               Eigen::VectorXd x) {
  x = box.inside(x);
  return objective.kind == ObjectiveKind::Lad
             ? refine_lad(law, box, data, objective.space, std::move(x))
             : refine_smooth(law, box, data, objective, std::move(x));
}

}  // namespace isoloss
