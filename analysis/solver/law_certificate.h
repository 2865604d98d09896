// How far a fit can be from the best one anywhere: branch and bound over all exponents within the
// law's bounds, with all coefficients and floors. The search of starts (law_search.h) finds the
// optimum; this bounds what is below it, and says by how much. 1 % is aimed at: for laws whose
// terms are powers of a regressor (power, chinchilla, overtraining; law_cell_bound.h); by
// logarithms (law_log_sum_bound.h) for kaplan, and for gamma where it is tied and has no floor; for
// every other law by its cells (law_term_bound.h), whose four and five axes may take minutes, and
// of which 5 % are enough where rho is concave in the prediction (of logarithms all but squares).
#pragma once
#include <cstddef>
#include <functional>
#include <optional>

#include "analysis/solver/law_solver.h"

namespace isoloss {

// None: a fit alone. Quick: what some seconds allow. Full: until the gap is as small as aimed at,
// a thousand times as many cells at most, and not more than two gigabytes of them at once.
enum class CertificateEffort { None, Quick, Full };

struct CertificateProgress {
  double relative_gap = 1;
  std::size_t cells = 0;
  bool ended = false;
};

struct CertificateSearch {
  CertificateEffort effort = CertificateEffort::Quick;
  int threads = 1;  // the certificate does not depend on it
  // Where given, told after each round of cells, and at the end, from this thread.
  std::function<void(const CertificateProgress&)> progress;
};

struct LawCertificate {
  double lower_bound = 0;   // no parameters within the bounds give an objective below this
  double relative_gap = 0;  // (value - lower_bound) / value; that of residuals of 1e-5 in the
                            // value's place where the points are fitted better than so
  double aim = 0;           // the gap that was looked for
  bool reached = false;     // or one of residuals that count as none
  std::size_t cells = 0;    // of exponents that were bounded
  // Met on the way: lower than the known fit. The search ends where it is so by a thousandth.
  std::optional<LawState> better;
};

// Empty for laws of accuracy, for more points than searched at once (even_selection), and for no
// effort.
std::optional<LawCertificate> certify(const Law& law, const LawData& data,
                                      const Objective& objective, const FloorChoice& floor,
                                      double value, const CertificateSearch& search = {});

struct CertifiedSolution {
  LawSolution solution;
  std::optional<LawCertificate> certificate;
};

// The best of solve_law and of what the certificate met on its way, a few searches long; the
// certificate is of this solution.
CertifiedSolution solve_certified(const Law& law, const LawData& data, const Objective& objective,
                                  const FloorChoice& floor, const CertificateSearch& search);

}  // namespace isoloss
