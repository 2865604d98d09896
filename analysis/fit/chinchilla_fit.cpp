#include "analysis/fit/chinchilla_fit.h"

#include <algorithm>

#include "analysis/numbers/statistics.h"
#include "analysis/solver/law_solver.h"

namespace isoloss {

std::optional<ChinchillaFit> fit_chinchilla(std::span<const Point> trials) {
  const Law& chinchilla = law_named("chinchilla");
  const bool known = std::all_of(trials.begin(), trials.end(),
                                 [](const Point& p) { return p.parameters > 0 && p.tokens > 0; });
  if (!known || trials.size() <= chinchilla.coordinates()) return std::nullopt;
  const LawData data = law_data(chinchilla, trials);
  const LawSolution fitted =
      solve_law(chinchilla, data, {ObjectiveKind::Squares, 0, FitSpace::Log, 1}, {});
  const bool bounded =
      std::count(fitted.coefficient_at_bound.begin(), fitted.coefficient_at_bound.end(), true) > 0;
  if (!fitted.converged || bounded) return std::nullopt;
  return ChinchillaFit{chinchilla_law(named_parameters(chinchilla, data, fitted.state)),
                       quantile(flops_per_product(trials), 0.5),
                       predict(chinchilla, data, fitted.state)};
}

}  // namespace isoloss
