// How far above the measured losses the predictions of a fit can lie that is better than a known
// one: what the chords over a concave rho rest on (bend_above in residual_bend.h).
#pragma once
#include <Eigen/Core>

#include "analysis/laws/law.h"
#include "analysis/solver/law_relaxation.h"

namespace isoloss {

// Per point, predicted over measured loss at most: one residual alone may not cost more than the
// known fit.
Eigen::ArrayXd reach_of_one(const LawData& data, const RelaxedObjective& objective);

// In a cell: the sum of |residuals| of a better fit is known, and that of the ratios `ratio`; their
// difference lies, but for `rest` per point, in the span of a few columns, and no vector of that
// span has an entry larger than its leverages allow. `reach` where that says nothing, and for
// objectives without such a sum (squares, and residuals in nats).
Eigen::ArrayXd tightened_reach(const LawData& data, const RelaxedObjective& objective,
                               const Eigen::MatrixXd& span, const Eigen::ArrayXd& ratio,
                               const Eigen::ArrayXd& rest, const Eigen::ArrayXd& reach);

}  // namespace isoloss
