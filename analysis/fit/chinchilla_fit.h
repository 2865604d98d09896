// The chinchilla law that fits one architecture's trials, as a smooth stand-in for them: what
// frontiers and planned runs are judged by without the trials' noise.
#pragma once
#include <optional>
#include <span>

#include "analysis/fit/chinchilla_law.h"
#include "analysis/laws/law.h"

namespace isoloss {

struct ChinchillaFit {
  ChinchillaLaw law;
  double product = 0;     // k of C = k N D: the median over trials
  Eigen::ArrayXd losses;  // of the trials, by the law
};

// Least squares of logarithms. Empty where the trials lack parameters or tokens, are too few, the
// fit does not converge or a coefficient is zero.
std::optional<ChinchillaFit> fit_chinchilla(std::span<const Point> trials);

}  // namespace isoloss
