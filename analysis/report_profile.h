// The profile of a fitted law's objective over its two exponents.
#pragma once
#include <vector>

#include "analysis/report_laws.h"

namespace isoloss {

// The best objective at fixed exponents, everything else fitted, over a grid.
struct ExponentProfile {
  std::vector<double> alpha, beta;         // grid
  std::vector<std::vector<double>> value;  // by alpha, by beta
  double minimum = 0;                      // the fit's own value
};
ExponentProfile exponent_profile(const ArchitectureLaw& law);

// Where the profile stays below `limit`: at each alpha of the grid that has such betas, the least
// and the greatest, by linear interpolation.
struct ProfileBand {
  std::vector<double> alpha, low, high;
};
ProfileBand profile_band(const ExponentProfile& profile, double limit);

}  // namespace isoloss
