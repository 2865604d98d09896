#include "analysis/numbers/nonnegative_least_squares.h"

#include <Eigen/Dense>
#include <vector>

namespace isoloss {

Eigen::VectorXd nonnegative_least_squares(const Eigen::MatrixXd& normal,
                                          const Eigen::VectorXd& right) {
  const Eigen::Index size = right.size();
  Eigen::VectorXd best = Eigen::VectorXd::Zero(size);
  double best_gain = 0;
  const unsigned every = (1u << size) - 1;
  for (unsigned set = every; set > 0; --set) {
    std::vector<Eigen::Index> active;
    for (Eigen::Index j = 0; j < size; ++j) {
      if (set >> j & 1u) active.push_back(j);
    }
    const Eigen::VectorXd b = right(active);
    const Eigen::VectorXd x = normal(active, active).ldlt().solve(b);
    if (!x.allFinite() || x.minCoeff() <= 0) continue;
    const double gain = x.dot(b);
    if (gain > best_gain) {
      best_gain = gain;
      best.setZero();
      best(active) = x;
    }
    if (set == every) break;  // feasible without constraints: no subset is better
  }
  return best;
}

}  // namespace isoloss
