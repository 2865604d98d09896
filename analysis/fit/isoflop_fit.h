// IsoFLOP law (Hoffmann et al. 2022, approach 2): a parabola of the loss over ln N, and one over ln
// D, for each budget; their vertices N*(C) and D*(C); straight lines of ln N* and ln D* over ln C:
// N* = G C^a, D* = H C^b. a and b are fitted apart: a + b = 1 only where C is exactly proportional
// to N D.
#pragma once
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "analysis/numbers/statistics.h"
#include "analysis/points/points.h"

namespace isoloss {

struct IsoflopRow {
  double budget = 0;  // nominal, or the mean FLOPs
  double flops = 0;   // mean
  std::size_t n = 0;  // points
  // Of the parabola loss + curvature (ln N - ln optimal_parameters)^2.
  double optimal_parameters = std::numeric_limits<double>::quiet_NaN();
  double loss = std::numeric_limits<double>::quiet_NaN();
  double curvature = std::numeric_limits<double>::quiet_NaN();
  Interval near_optimal{std::numeric_limits<double>::quiet_NaN(),
                        std::numeric_limits<double>::quiet_NaN()};  // N within 0.1 % of that loss
  double optimal_tokens = std::numeric_limits<double>::quiet_NaN();
  bool used = true;
  std::string why_not;               // no_interior_minimum, vertex_outside, too_few_sizes: ...
  std::vector<std::size_t> members;  // of the points
  // Loss less the parabola over ln N, of each member; by how much ln of the optimal parameters and
  // tokens follow its loss, per nat. Empty where there is no vertex.
  std::vector<double> residuals, parameters_per_nat, tokens_per_nat;
};

// ln y = intercept + slope ln x by least squares.
struct LogLine {
  double slope = 0, intercept = 0;
  double squares = 0;  // sum of squared residuals
  std::size_t n = 0;
  double centre = 0, spread = 0;  // mean of ln x, sum of its squared deviations

  double at(double log_x) const { return intercept + slope * log_x; }
};

// `weight` empty: ordinary least squares. At least two points of different x.
LogLine log_line(std::span<const double> x, std::span<const double> y,
                 std::span<const double> weight = {});

// One row per budget of one architecture's points, by compute, ascending.
std::vector<IsoflopRow> isoflop_rows(std::span<const Point> points);

}  // namespace isoloss
