// How far above the measured losses the predictions of a better fit in a cell can lie, by looking:
// along any tilt t better fits are at most known - min(F(x) - t (x - at)) away, F being the cell's
// convex problem. That costs two minima per unknown, and leaves chords over a concave rho
// (bend_above in residual_bend.h) little to lose, which the sums of law_reach.h do not.
#pragma once
#include <Eigen/Core>
#include <functional>

#include "analysis/solver/cone_descent.h"
#include "analysis/solver/residual_sum.h"

namespace isoloss {

// Another look at a cell says more where its reach became less than this of what it was.
inline constexpr double kNarrowed = 0.9;
inline constexpr int kMostLooks = 4;

struct Narrowing {
  double worth = 0.25;   // of the gap that is left, what chords must cost
  ConeProblem cone;      // F's; its `look` is not used
  Eigen::VectorXd at;    // the relaxed minimum
  double scatter = 0;    // the size of residuals: what F's curvature is over such a step counts
  Eigen::MatrixXd rows;  // points x unknowns: predicted over measured loss is at most
  Eigen::ArrayXd ratio;  // ratio + rows (x - at)
  std::function<ConvexLook(const Eigen::VectorXd& x, double knee, const Tilt& tilt)> look;
};

// Per point, predicted over measured loss at most. `reach` where that is less, and where it is not
// worth it.
Eigen::ArrayXd narrowed_reach(const Narrowing& problem, const Eigen::ArrayXd& reach);

}  // namespace isoloss
