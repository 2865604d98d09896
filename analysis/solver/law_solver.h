// One solver for every law: starts from a search of the shape parameters (law_search.h), each
// refined by Newton's method (law_refine.h); the best end counts.
#pragma once
#include <optional>
#include <vector>

#include "analysis/laws/law.h"
#include "analysis/solver/law_objective.h"
#include "analysis/solver/law_refine.h"
#include "analysis/solver/law_search.h"

namespace isoloss {

struct LawSolution {
  LawState state;
  double value = 0;  // the objective at `state`
  bool converged = false;
  double gradient_norm = 0;      // Refined's
  double condition = 0;          // Refined's
  int starts = 0, agreeing = 0;  // refined starts, and those that ended at the same value
  bool floor_at_bound = false;   // the floor is free and ended at zero
  std::vector<bool> shape_at_bound;
  std::vector<bool> coefficient_at_bound;
};

inline constexpr std::size_t kStarts = 5;

// The best optimum of `starts` grid starts and of `near`, where it is given.
LawSolution solve_law(const Law& law, const LawData& data, const Objective& objective,
                      const FloorChoice& floor, std::size_t starts = kStarts,
                      const std::optional<LawState>& near = std::nullopt);

}  // namespace isoloss
