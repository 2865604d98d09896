// Where the solver starts: exponents on a grid, floor and coefficients solved by nonnegative least
// squares for each (variable projection: Golub & Pereyra 1973), a few rounds of reweighting towards
// the objective, and the best local minima of the grid by the exact objective.
#pragma once
#include <vector>

#include "analysis/law.h"
#include "analysis/law_objective.h"

namespace isoloss {

struct FloorChoice {
  enum Kind { Free, Zero, Value } kind = Free;
  double value = 0;
};

// At most `count` states, the best first.
std::vector<LawState> search_grid(const Law& law, const LawData& data, const Objective& objective,
                                  const FloorChoice& floor, std::size_t count);

// Coefficients below this share of the mean loss (at the regressors' centre) count as zero.
inline constexpr double kSmallestCoefficient = 1e-7;

}  // namespace isoloss
