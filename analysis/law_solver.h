// One solver for every law: starts from a grid (law_search.h), then Newton's method with the exact
// curvature of the exact objective inside a damped, bounded step, to a criterion that does not
// depend on the objective's scale. Stopping on a small absolute change ends early, because
// objectives of 1e-3 summed over hundreds of points are normal (Besiroglu et al. 2024).
#pragma once
#include <optional>
#include <vector>

#include "analysis/law.h"
#include "analysis/law_objective.h"
#include "analysis/law_search.h"

namespace isoloss {

struct LawSolution {
  LawState state;
  double value = 0;  // the objective at `state`
  bool converged = false;
  double gradient_norm = 0;      // sqrt(g' H^-1 g / value): half its square is the relative
                                 // decrease that one more Newton step would promise
  int starts = 0, agreeing = 0;  // refined starts, and those that ended at the same value
  bool floor_at_bound = false;   // the floor is free and ended at zero
  std::vector<bool> exponent_at_bound;
  std::vector<bool> coefficient_at_bound;
};

// The best optimum of `starts` grid starts and of `near`, where it is given.
LawSolution solve_law(const Law& law, const LawData& data, const Objective& objective,
                      const FloorChoice& floor, std::size_t starts = 5,
                      const std::optional<LawState>& near = std::nullopt);

}  // namespace isoloss
