// Where the profile of a fitted law's objective over its two exponents (law_profile.h) stays low.
#pragma once
#include <Eigen/Core>
#include <vector>

#include "analysis/report/report_laws.h"

namespace isoloss {

// The best objective at fixed exponents, everything else fitted, over a grid of half as much again
// as the exponents' intervals.
struct ExponentProfile {
  std::vector<double> alpha, beta;  // grid
  Eigen::MatrixXd value;            // alpha by beta; infinity where no minimum was reached
  double minimum = 0;               // the fit's own value
};

// Of the points of `results` that `law` was fitted to.
ExponentProfile exponent_profile(const PointTable& results, const ArchitectureLaw& law);

// Where the profile stays below `limit`: at each alpha of the grid that has such betas, the least
// and the greatest, by linear interpolation.
struct ProfileBand {
  std::vector<double> alpha, low, high;
};
ProfileBand profile_band(const ExponentProfile& profile, double limit);

}  // namespace isoloss
