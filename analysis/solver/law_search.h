// Where the solver starts: a grid over the shape parameters alone (and the floor, where an outer
// power hides it), coefficients and floor solved by nonnegative least squares for each (variable
// projection: Golub & Pereyra 1973) with a few rounds of reweighting towards the objective, and the
// best local minima of the grid by the exact objective.
#pragma once
#include <vector>

#include "analysis/laws/law.h"
#include "analysis/solver/law_objective.h"

namespace isoloss {

// At most `count` states, the best first.
std::vector<LawState> search_grid(const Law& law, const LawData& data, const Objective& objective,
                                  const FloorChoice& floor, std::size_t count);

// The linear part of `law` at given shape parameters: coefficients, and the floor where it is free.
// `objective_value` of the result is the profile that the search looks at.
LawState solve_linear(const Law& law, const LawData& data, const Objective& objective,
                      const FloorChoice& floor, const Eigen::ArrayXd& shape,
                      double floor_guess = 0);

// Every k-th point of more than 4000, all of fewer: starts are looked for among them.
LawData even_selection(const LawData& data);

// Coefficients below this share of the mean loss (at the regressors' centre) count as zero.
inline constexpr double kSmallestCoefficient = 1e-7;

// The least ln of a coefficient: that share, before the outer power.
double smallest_log_coefficient(const Law& law, const LawData& data);

}  // namespace isoloss
