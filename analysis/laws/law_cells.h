// What a law is over a box of axes, for bounds of its objective there (law_term_bound.h): a floor
// and a sum of terms, each an amount times a function that lies between a convex one and a plane
// (term_cell.h). The axes are the law's shape parameters, or what the law bends less along; amounts
// and floor are no axes. One file of analysis/laws/ says it for a law (laws/cells.h).
#pragma once
#include <Eigen/Core>
#include <limits>
#include <vector>

#include "analysis/laws/law.h"
#include "analysis/laws/term_cell.h"

namespace isoloss {

struct CellBox {
  Eigen::ArrayXd low, high;

  Eigen::ArrayXd middle() const { return (low + high) / 2; }
  Eigen::ArrayXd half() const { return (high - low) / 2; }
};

// Of predicted over measured loss.
struct LawCell {
  std::vector<TermCell> terms;
  // Between these is ln of the first term's amount over the second's.
  double least_log_ratio = -std::numeric_limits<double>::infinity();
  double most_log_ratio = std::numeric_limits<double>::infinity();
};

struct LawCells {
  // All that the law's bounds allow, and that makes a difference.
  CellBox (*whole)(const Law&, const LawData&) = nullptr;
  // Takes away what another cell has or the bounds forbid; false where nothing is left.
  bool (*shrink)(const Law&, const LawData&, CellBox&) = nullptr;
  LawCell (*cell)(const Law&, const LawData&, const CellBox&) = nullptr;
  // Of a place among the axes, amounts as they are without what cells took out.
  LawState (*state)(const Law&, const Eigen::ArrayXd& place,
                    const Eigen::ArrayXd& log_amount) = nullptr;
};

}  // namespace isoloss
