// How far a fit can be from the best one anywhere: branch and bound over all exponents within the
// law's bounds, with all coefficients and floors. The search of starts (law_search.h) finds the
// optimum; this bounds what is below it, and says by how much. 5 % is aimed at where a bound of
// exponents has rho concave in the prediction (huber and lad of logarithms), 1 % elsewhere: for
// laws whose terms are powers of a regressor (power, chinchilla, overtraining; law_cell_bound.h);
// by logarithms (law_log_sum_bound.h) for kaplan, and for gamma where it is tied and has no floor;
// for every other law by its cells (law_term_bound.h), whose axes may be too many for a small gap.
#pragma once
#include <cstddef>
#include <optional>

#include "analysis/solver/law_solver.h"

namespace isoloss {

struct LawCertificate {
  double lower_bound = 0;   // no parameters within the bounds give an objective below this
  double relative_gap = 0;  // (value - lower_bound) / value; that of residuals of 1e-5 in the
                            // value's place where the points are fitted better than so
  std::size_t cells = 0;    // of exponents that were bounded
  std::optional<LawState> better;  // met on the way: lower than the known fit
};

// Empty for laws of accuracy, and for more points than searched at once (even_selection).
std::optional<LawCertificate> certify(const Law& law, const LawData& data,
                                      const Objective& objective, const FloorChoice& floor,
                                      double value);

struct CertifiedSolution {
  LawSolution solution;
  std::optional<LawCertificate> certificate;
};

// The best of solve_law and of what the certificate met on its way, where `asked` for one.
CertifiedSolution solve_certified(const Law& law, const LawData& data, const Objective& objective,
                                  const FloorChoice& floor, bool asked);

}  // namespace isoloss
