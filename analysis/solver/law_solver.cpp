#include "analysis/solver/law_solver.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace isoloss {

LawSolution solve_law(const Law& law, const LawData& data, const Objective& objective,
                      const FloorChoice& floor, std::size_t starts,
                      const std::optional<LawState>& near) {
  const LawBox box(law, data, floor);
  std::vector<LawState> from;
  const LawData few = even_selection(data);
  if (starts > 0) from = search_grid(law, few, objective, floor, starts);
  if (near) from.push_back(*near);
  std::vector<Refined> ends;
  for (const LawState& start : from) {
    ends.push_back(refine(law, box, few, objective, box.pack(start)));
    if (std::isnan(ends.back().value)) {
      ends.back().value = std::numeric_limits<double>::infinity();
    }
  }
  LawSolution solution;
  solution.starts = static_cast<int>(ends.size());
  const auto best =
      std::min_element(ends.begin(), ends.end(),
                       [](const Refined& a, const Refined& b) { return a.value < b.value; });
  if (best == ends.end()) return solution;
  for (const Refined& end : ends) {
    if (end.value <= best->value * (1 + 1e-6) + 1e-20) ++solution.agreeing;
  }
  if (few.points() < data.points()) *best = refine(law, box, data, objective, best->x);
  solution.state = box.unpack(best->x);
  solution.value = best->value;
  solution.converged = best->converged;
  solution.gradient_norm = best->gradient_norm;
  solution.condition = best->condition;
  const auto terms = static_cast<Eigen::Index>(law.terms.size());
  const auto shape = static_cast<Eigen::Index>(law.shape.size());
  for (Eigen::Index t = 0; t < terms; ++t) {
    solution.coefficient_at_bound.push_back(best->x[t] <= box.low()[t]);
  }
  for (Eigen::Index s = terms; s < terms + shape; ++s) {
    solution.shape_at_bound.push_back(best->x[s] <= box.low()[s] || best->x[s] >= box.high()[s]);
  }
  solution.floor_at_bound =
      law.has_floor && floor.kind == FloorChoice::Free && solution.state.floor <= 0;
  return solution;
}

}  // namespace isoloss
