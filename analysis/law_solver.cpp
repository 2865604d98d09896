#include "analysis/law_solver.h"

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>

namespace isoloss {
namespace {

// The state as one vector of free coordinates between bounds; the floor in units of the mean loss.
class Box {
 public:
  Box(const Law& law, const LawData& data, const FloorChoice& floor)
      : terms_(static_cast<Eigen::Index>(law.terms.size())), unit_(data.loss.mean()) {
    low_.resize(size());
    high_.resize(size());
    for (Eigen::Index t = 0; t < terms_; ++t) {
      low_[t] = std::log(kSmallestCoefficient * unit_);
      high_[t] = 700;
      low_[terms_ + t] = law.terms[static_cast<std::size_t>(t)].lowest;
      high_[terms_ + t] = law.terms[static_cast<std::size_t>(t)].highest;
    }
    low_[size() - 1] = 0;
    high_[size() - 1] = data.loss.maxCoeff() / unit_;
    if (floor.kind != FloorChoice::Free) {
      low_[size() - 1] = high_[size() - 1] =
          floor.kind == FloorChoice::Value ? floor.value / unit_ : 0;
    }
  }

  Eigen::Index size() const { return 2 * terms_ + 1; }
  double unit() const { return unit_; }
  const Eigen::VectorXd& low() const { return low_; }
  const Eigen::VectorXd& high() const { return high_; }

  Eigen::VectorXd pack(const LawState& state) const {
    Eigen::VectorXd x(size());
    x << state.log_coefficient.matrix(), state.exponent.matrix(), state.floor / unit_;
    return inside(x);
  }
  LawState unpack(const Eigen::VectorXd& x) const {
    return {x.head(terms_).array(), x.segment(terms_, terms_).array(), x[size() - 1] * unit_};
  }
  Eigen::VectorXd inside(const Eigen::VectorXd& x) const {
    return x.cwiseMax(low_).cwiseMin(high_);
  }

  // Coordinates that may move: not at a bound that the descent direction leads through.
  std::vector<Eigen::Index> free_at(const Eigen::VectorXd& x,
                                    const Eigen::VectorXd& gradient) const {
    std::vector<Eigen::Index> free;
    for (Eigen::Index j = 0; j < size(); ++j) {
      const bool held = low_[j] == high_[j] || (x[j] <= low_[j] && gradient[j] >= 0) ||
                        (x[j] >= high_[j] && gradient[j] <= 0);
      if (!held) free.push_back(j);
    }
    return free;
  }

 private:
  Eigen::Index terms_;
  double unit_;
  Eigen::VectorXd low_, high_;
};

struct Refined {
  Eigen::VectorXd x;
  double value = 0;
  double gradient_norm = 0;
  bool converged = false;
};

constexpr double kConverged = 1e-7;  // of gradient_norm: 5e-15 of the objective
constexpr double kNearly = 1e-6;     // enough where a step gains no more than rounding
constexpr double kRounding = 1e-13;  // of the objective: squares of small residuals are no better
constexpr double kAtRounding = 1e-5;
constexpr int kReweightedSteps = 6;
constexpr int kMostSteps = 300;

Refined refine(const Box& box, const LawData& data, const Objective& objective, Eigen::VectorXd x) {
  Refined result;
  double damping = 1e-4;
  // An exact fit has objective zero: residuals of 1e-13 count as none.
  const double negligible = 1e-26 * data.weight.sum();
  for (int step = 0; step < kMostSteps; ++step) {
    Expansion e = expand(data, box.unpack(x), objective);
    const Eigen::Index last = box.size() - 1;
    for (auto* matrix : {&e.hessian, &e.reweighted}) {
      matrix->row(last) *= box.unit();
      matrix->col(last) *= box.unit();
    }
    e.gradient[last] *= box.unit();
    const std::vector<Eigen::Index> free = box.free_at(x, e.gradient);
    result = {x, e.value, 0, free.empty()};
    if (free.empty()) return result;
    const Eigen::VectorXd gradient = e.gradient(free);
    const Eigen::MatrixXd curvature =
        step < kReweightedSteps ? e.reweighted(free, free) : e.hessian(free, free);
    const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> eigen(curvature);
    // Along directions of negative curvature the step still goes downhill.
    const Eigen::ArrayXd bend = eigen.eigenvalues().array().abs();
    const double top = std::max(bend.maxCoeff(), 1e-300);
    const Eigen::ArrayXd along = (eigen.eigenvectors().transpose() * gradient).array();
    const double promise = (along.square() / bend.max(1e-13 * top)).sum();
    result.gradient_norm = std::sqrt(promise / (e.value + negligible));
    if (result.gradient_norm < kConverged || promise < negligible) {
      if (step >= kReweightedSteps || objective.kind == ObjectiveKind::Squares) {
        result.converged = true;
        return result;
      }
    }
    bool moved = false;
    for (int trial = 0; trial < 60 && !moved; ++trial) {
      const Eigen::VectorXd move =
          -(eigen.eigenvectors() * (along / (bend + damping * top)).matrix());
      Eigen::VectorXd next = x;
      next(free) += move.cwiseMax(-1.0).cwiseMin(1.0);
      next = box.inside(next);
      const double value = objective_value(data, box.unpack(next), objective);
      if (value < e.value) {
        if (result.gradient_norm < kNearly && e.value - value < kRounding * e.value) {
          result.converged = true;
          return result;
        }
        x = next;
        damping = std::max(damping * 0.1, 1e-14);
        moved = true;
      } else {
        damping = std::min(damping * 8, 1e12);
      }
    }
    if (!moved) {
      if (step < kReweightedSteps) {
        step = kReweightedSteps - 1;
        damping = 1e-4;
        continue;
      }
      // No decrease is left that double precision can show.
      result.converged = result.gradient_norm < kAtRounding;
      return result;
    }
  }
  result.converged = result.gradient_norm < kAtRounding;
  return result;
}

// Least absolute residuals as the limit of Huber's objective: each optimum starts the next.
Refined refine_lad(const Box& box, const LawData& data, FitSpace space, Eigen::VectorXd x) {
  const double unit = space == FitSpace::Log ? 1 : box.unit();
  Refined result;
  for (double delta = 1e-2; delta > 0.9e-11; delta *= 0.31622776601683794) {
    result = refine(box, data, {ObjectiveKind::Huber, delta * unit, space}, x);
    x = result.x;
  }
  result.value = objective_value(data, box.unpack(x), {ObjectiveKind::Lad, 0, space});
  return result;
}

}  // namespace

LawSolution solve_law(const Law& law, const LawData& data, const Objective& objective,
                      const FloorChoice& floor, std::size_t starts,
                      const std::optional<LawState>& near) {
  const Box box(law, data, floor);
  std::vector<LawState> from;
  if (starts > 0) from = search_grid(law, data, objective, floor, starts);
  if (near) from.push_back(*near);
  std::vector<Refined> ends;
  for (const LawState& start : from) {
    ends.push_back(objective.kind == ObjectiveKind::Lad
                       ? refine_lad(box, data, objective.space, box.pack(start))
                       : refine(box, data, objective, box.pack(start)));
  }
  LawSolution solution;
  solution.starts = static_cast<int>(ends.size());
  const auto best =
      std::min_element(ends.begin(), ends.end(),
                       [](const Refined& a, const Refined& b) { return a.value < b.value; });
  if (best == ends.end()) return solution;
  for (const Refined& end : ends) {
    if (end.value <= best->value * (1 + 1e-6) + 1e-20) ++solution.agreeing;
  }
  solution.state = box.unpack(best->x);
  solution.value = best->value;
  solution.converged = best->converged;
  solution.gradient_norm = best->gradient_norm;
  const auto terms = static_cast<Eigen::Index>(law.terms.size());
  for (Eigen::Index t = 0; t < terms; ++t) {
    solution.coefficient_at_bound.push_back(best->x[t] <= box.low()[t]);
    solution.exponent_at_bound.push_back(best->x[terms + t] <= box.low()[terms + t] ||
                                         best->x[terms + t] >= box.high()[terms + t]);
  }
  solution.floor_at_bound = floor.kind == FloorChoice::Free && solution.state.floor <= 0;
  return solution;
}

}  // namespace isoloss
