// Two frontiers as straight lines of ln(L - E) over ln C: one slope for both (savings are a
// constant) or a slope each (savings are a power law in L - E), one floor for both or one each, and
// the tests between them.
#pragma once
#include <vector>

#include "analysis/fit/frontier.h"
#include "analysis/numbers/statistics.h"

namespace isoloss {

// L - E = a C^-k for the baseline and the candidate. Squares of residuals in ln L: those in ln(L -
// E) times (L - E) / L.
struct LinePair {
  double floor[2] = {0, 0};  // baseline, candidate
  double log_a[2] = {0, 0};
  double k[2] = {0, 0};
  double squares = 0;
  int points = 0;
  int free = 0;  // parameters fitted
  // One slope alone: standard error of ln savings from the scatter about the lines, floor taken as
  // known; NaN where no degree of freedom is left.
  double log_savings_error = 0;

  double savings_at(double loss) const;  // C_baseline / C_candidate; NaN at or below a floor
  double savings() const;                // of lines of one slope and floor: the same at every loss
  // Of lines of one floor:
  double coefficient() const;  // savings(L) = coefficient (L - E)^exponent
  double exponent() const;     // 1/k_candidate - 1/k_baseline
  double per_decade() const;   // ratio of savings per decade of baseline compute
};

enum class Slopes { Equal, Own };

// Least squares with the floor given, below every loss: of sum ((L - E) / L)^2 (ln(L - E) - ln a +
// k ln C)^2 over the points of both, the squares of ln L to first order.
LinePair fit_lines(const std::vector<FrontierPoint>& baseline,
                   const std::vector<FrontierPoint>& candidate, double floor, Slopes slopes);

// With floor and slope given: one point each is enough.
LinePair fit_lines_of_slope(const std::vector<FrontierPoint>& baseline,
                            const std::vector<FrontierPoint>& candidate, double floor, double k);

// The floor that both share, by least squares too.
LinePair fit_lines_shared_floor(const std::vector<FrontierPoint>& baseline,
                                const std::vector<FrontierPoint>& candidate, Slopes slopes);

// A slope and a floor each; three points each at least.
LinePair fit_lines_own_floors(const std::vector<FrontierPoint>& baseline,
                              const std::vector<FrontierPoint>& candidate);

// p of the F test of a model with one parameter less; NaN where no degree of freedom is left.
// equal against own slopes: of equal slopes; own slopes of a shared floor against own floors: of
// one floor. The points' scatter is taken as independent and of one size in ln L.
double restriction_p(const LinePair& restricted, const LinePair& full);

// Student-t interval of the savings of one slope from the scatter about the lines alone, level in
// (0, 1); empty where no degree of freedom is left.
std::optional<Interval> lack_of_fit_interval(const LinePair& equal, double level);

}  // namespace isoloss
