// Intervals of the lines of an isoFLOP law, and what its predictions rest on.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "analysis/fit/fit.h"
#include "analysis/fit/isoflop_noise.h"

namespace isoloss {

// ln `what` of the used budgets' optima over ln compute, and the names of its parameters.
struct IsoflopLine {
  OptimumOf optimum;
  std::string what, slope, intercept;
  std::vector<double> compute, optima;
  LogLine line;
};

// Intervals by noise of the points' losses, of replicates or else their scatter about the
// parabolas, moved by what parabolas do to optima (isoflop_noise.h). Where neither is known, of
// more than kMostInLossNoise points and of several architectures by the scatter of the optima about
// the lines, as of budgets that are independent and alike, with a flag where runs are shared. `fit`
// has rows, and parameters of the lines, sizes first.
void add_isoflop_intervals(const std::vector<IsoflopLine>& lines, const PointTable& table,
                           std::span<const Point> points, const FitOptions& options, Fit& fit);

}  // namespace isoloss
