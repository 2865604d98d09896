// Newton's method with the exact curvature of the exact objective inside a damped, bounded step, to
// a criterion that does not depend on the objective's scale. Stopping on a small absolute change
// ends early, because objectives of 1e-3 summed over hundreds of points are normal (Besiroglu et
// al. 2024).
#pragma once
#include <Eigen/Core>
#include <vector>

#include "analysis/laws/law.h"
#include "analysis/solver/law_objective.h"

namespace isoloss {

// The state as one vector between bounds: log coefficients, shape, floor in units of the mean loss.
// Tied exponents are one coordinate. A coordinate whose bounds are equal does not move.
class LawBox {
 public:
  LawBox(const Law& law, const LawData& data, const FloorChoice& floor);

  Eigen::Index size() const { return low_.size(); }
  double unit() const { return unit_; }
  const Eigen::VectorXd& low() const { return low_; }
  const Eigen::VectorXd& high() const { return high_; }

  // Keeps coordinate j at `value`, the floor's in nats.
  void pin(Eigen::Index j, double value) {
    low_[j] = high_[j] = j + 1 == size() ? value / unit_ : value;
  }

  Eigen::VectorXd pack(const LawState& state) const;
  LawState unpack(const Eigen::VectorXd& x) const;
  Eigen::VectorXd inside(const Eigen::VectorXd& x) const;

  // From derivatives by the state's coordinates to those by the box's.
  void convert(Expansion& expansion) const;
  Eigen::MatrixXd convert(Eigen::MatrixXd jacobian) const;
  // The other way for a covariance: nats for the floor, and the tied pair moves together.
  Eigen::MatrixXd covariance_of_state(Eigen::MatrixXd covariance) const;

  // Coordinates that may move: not at a bound that the descent direction leads through.
  std::vector<Eigen::Index> free_at(const Eigen::VectorXd& x,
                                    const Eigen::VectorXd& gradient) const;

 private:
  Eigen::Index terms_ = 0, shape_ = 0;
  Eigen::Index follows_ = -1, leads_ = -1;  // the tied pair
  double unit_ = 1;
  Eigen::VectorXd low_, high_;
};

struct Refined {
  Eigen::VectorXd x;
  double value = 0;
  double gradient_norm = 0;  // sqrt(g' H^-1 g / value): half its square is the relative decrease
                             // that one more Newton step would promise
  double condition = 0;      // of the curvature scaled to a unit diagonal, free coordinates
  bool converged = false;
};

// From `x` to the local minimum. Lad is reached through Huber objectives of shrinking delta.
Refined refine(const Law& law, const LawBox& box, const LawData& data, const Objective& objective,
               Eigen::VectorXd x);

}  // namespace isoloss
