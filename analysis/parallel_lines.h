// Two frontiers as straight lines of ln(L - E) over ln C: one slope for both (savings are a
// constant) or a slope each (savings are a power law in L - E), and the test between them.
#pragma once
#include <vector>

#include "analysis/frontier.h"

namespace isoloss {

// L - E = a C^-k for the baseline and the candidate. Squares of residuals in ln L: those in ln(L -
// E) times (L - E) / L.
struct LinePair {
  double floor = 0;
  double log_a[2] = {0, 0};  // baseline, candidate
  double k[2] = {0, 0};
  double squares = 0;
  int points = 0;
  int free = 0;  // parameters fitted

  double savings_at(double loss) const;  // C_baseline / C_candidate; NaN at or below the floor
  double coefficient() const;            // savings(L) = coefficient (L - E)^exponent
  double exponent() const;               // 1/k_candidate - 1/k_baseline
  double per_decade() const;             // ratio of savings per decade of baseline compute
};

enum class Slopes { Equal, Own };

// Weighted least squares with the floor given; below every loss.
LinePair fit_lines(const std::vector<FrontierPoint>& baseline,
                   const std::vector<FrontierPoint>& candidate, double floor, Slopes slopes);

// The floor that both share, by least squares too.
LinePair fit_lines_shared_floor(const std::vector<FrontierPoint>& baseline,
                                const std::vector<FrontierPoint>& candidate, Slopes slopes);

// p of the F test of equal slopes; NaN where no degree of freedom is left.
double slope_equality_p(const LinePair& equal, const LinePair& own);

}  // namespace isoloss
