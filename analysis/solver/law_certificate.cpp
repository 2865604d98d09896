#include "analysis/solver/law_certificate.h"

#include <algorithm>
#include <cmath>
#include <queue>
#include <utility>
#include <vector>

#include "analysis/solver/law_cell_bound.h"
#include "analysis/solver/law_log_sum_bound.h"
#include "analysis/solver/law_term_bound.h"

namespace isoloss {
namespace {

// What is aimed at: chords over the concave part of rho cost some percent that cells cannot mend.
constexpr double kGap = 0.01, kGapOfConcave = 0.05;
constexpr double kNegligible = 1e-5;  // residuals of this size count as none
constexpr double kMostCellPoints = 1e5, kMostLogSumPoints = 1e6;  // cells x points
constexpr double kMostTermPoints = 3e7;                           // and x looks
constexpr std::size_t kFewestCells = 100;
constexpr std::size_t kMostAxes = 3;  // thousands of cells close three, and not four

bool is_concave_above(const Objective& objective) {
  return objective.space == FitSpace::Log && objective.kind != ObjectiveKind::Squares;
}

// What is aimed at.
struct Aim {
  double gap;
  double most_cell_points;  // cells x points
};

template <class Cell>
std::size_t points_looked_at(const Cell&, const LawData& data) {
  return static_cast<std::size_t>(data.points());
}

std::size_t points_looked_at(const TermBoundCell& cell, const LawData&) {
  return cell.points_looked_at;
}

// Best first: the open cell of the lowest bound is halved next.
template <class Bound>
LawCertificate branch_and_bound(const Bound& bound, const Law& law, const LawData& data,
                                const Objective& objective, double value, const Aim& aim) {
  using Cell = typename Bound::Cell;
  const double negligible = data.weight.sum() * rho(kNegligible, objective).value;
  const double target = value - std::max(aim.gap * value, negligible);
  LawCertificate out;
  const auto higher = [](const Cell& a, const Cell& b) { return a.lower > b.lower; };
  std::priority_queue<Cell, std::vector<Cell>, decltype(higher)> open(higher);
  double done = value;  // the least bound of cells that need no halving
  double best = value;
  std::size_t looked_at = 0;  // points, of all cells
  const auto look = [&](Cell cell) {
    bound.raise(cell, target);
    ++out.cells;
    looked_at += points_looked_at(cell, data);
    if (cell.lower >= target) {
      done = std::min(done, cell.lower);
      return;
    }
    const LawState state = bound.state_of(cell);
    const double here = objective_value(law, data, state, objective);
    if (here < best * (1 - 1e-9)) {
      best = here;
      out.better = state;
    }
    open.push(std::move(cell));
  };
  look(bound.whole());
  const auto points = static_cast<std::size_t>(data.points());
  const std::size_t most =
      points * std::max(kFewestCells, static_cast<std::size_t>(aim.most_cell_points) / points);
  while (!open.empty() && looked_at < most) {
    const Cell cell = open.top();
    open.pop();
    for (Cell& half : bound.halves(cell)) look(std::move(half));
  }
  out.lower_bound = value;
  const auto lower = [&](double least) {
    out.lower_bound = std::min(out.lower_bound, std::max(least, 0.0));
  };
  lower(done);
  if (!open.empty()) lower(open.top().lower);
  out.relative_gap = (value - out.lower_bound) / std::max(value, negligible);
  return out;
}

// Of logarithms, where nothing is added to the power of a sum.
bool has_log_sum_bound(const Law& law, const LawData& data, const Objective& objective,
                       const FloorChoice& floor) {
  if (!law.log_sum || objective.space != FitSpace::Log) return false;
  const bool zero = !law.has_floor || floor.kind == FloorChoice::Zero ||
                    (floor.kind == FloorChoice::Value && floor.value == 0);
  const std::size_t axes = law.shape.size() + (law.tied ? 0 : 1);  // delta and exponents
  return zero && !(data.offset != 0).any() && axes <= kMostAxes;
}

}  // namespace

std::optional<LawCertificate> certify(const Law& law, const LawData& data,
                                      const Objective& objective, const FloorChoice& floor,
                                      double value) {
  const bool searched_whole = even_selection(data).points() == data.points();
  if (!searched_whole || !(value >= 0)) return std::nullopt;
  const double gap_of_chords = is_concave_above(objective) ? kGapOfConcave : kGap;
  if (!law.exponent_of_term.empty()) {
    const Aim aim{gap_of_chords, kMostCellPoints};
    return branch_and_bound(CellBound(law, data, objective, floor, value), law, data, objective,
                            value, aim);
  }
  if (has_log_sum_bound(law, data, objective, floor)) {
    return branch_and_bound(LogSumBound(law, data, objective, value), law, data, objective, value,
                            {kGap, kMostLogSumPoints});
  }
  if (!law.cells) return std::nullopt;
  return branch_and_bound(LawTermBound(law, data, objective, floor, value), law, data, objective,
                          value, {gap_of_chords, kMostTermPoints});
}

CertifiedSolution solve_certified(const Law& law, const LawData& data, const Objective& objective,
                                  const FloorChoice& floor, bool asked) {
  CertifiedSolution out{solve_law(law, data, objective, floor), std::nullopt};
  if (!asked || !out.solution.converged) return out;
  out.certificate = certify(law, data, objective, floor, out.solution.value);
  if (!out.certificate || !out.certificate->better) return out;
  out.solution = solve_law(law, data, objective, floor, kStarts, out.certificate->better);
  out.certificate = certify(law, data, objective, floor, out.solution.value);
  return out;
}

}  // namespace isoloss
