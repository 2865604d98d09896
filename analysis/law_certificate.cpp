#include "analysis/law_certificate.h"

#include <algorithm>
#include <cmath>
#include <queue>

#include "analysis/law_cell_bound.h"

namespace isoloss {
namespace {

// What is aimed at: chords over the concave part of rho cost some percent that cells cannot mend.
constexpr double kGap = 0.01, kGapOfConcave = 0.05;
constexpr double kNegligible = 1e-5;     // residuals of this size count as none
constexpr double kMostCellPoints = 1e5;  // cells x points
constexpr std::size_t kFewestCells = 100;

bool is_concave_above(const Objective& objective) {
  return objective.space == FitSpace::Log && objective.kind != ObjectiveKind::Squares;
}

struct HigherBound {
  bool operator()(const ExponentCell& a, const ExponentCell& b) const { return a.lower > b.lower; }
};

}  // namespace

std::optional<LawCertificate> certify(const Law& law, const LawData& data,
                                      const Objective& objective, const FloorChoice& floor,
                                      double value) {
  const bool searched_whole = even_selection(data).points() == data.points();
  if (law.exponent_of_term.empty() || !searched_whole || !(value >= 0)) return std::nullopt;
  const CellBound bound(law, data, objective, floor, value);
  const double gap = is_concave_above(objective) ? kGapOfConcave : kGap;
  const double negligible = data.weight.sum() * rho(kNegligible, objective).value;
  const double target = value - std::max(gap * value, negligible);
  LawCertificate out;
  std::priority_queue<ExponentCell, std::vector<ExponentCell>, HigherBound> open;
  double done = value;  // the least bound of cells that need no halving
  double best = value;
  const auto look = [&](ExponentCell cell) {
    bound.raise(cell, target);
    ++out.cells;
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
  const auto most = std::max(
      kFewestCells, static_cast<std::size_t>(kMostCellPoints / static_cast<double>(data.points())));
  while (!open.empty() && out.cells < most) {
    const ExponentCell cell = open.top();
    open.pop();
    for (ExponentCell& half : bound.halves(cell)) look(std::move(half));
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
