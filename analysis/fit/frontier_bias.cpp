#include "analysis/fit/frontier_bias.h"

#include <cmath>

#include "analysis/fit/budget_groups.h"
#include "analysis/fit/chinchilla_fit.h"
#include "analysis/fit/fit_intervals.h"
#include "analysis/solver/law_solver.h"

namespace isoloss {

std::optional<SmoothFrontier> smooth_frontier(std::span<const Point> trials,
                                              const Frontier& frontier,
                                              const FrontierOptions& options) {
  const auto fitted = fit_chinchilla(trials);
  if (!fitted) return std::nullopt;
  const std::vector<double> losses(fitted->losses.begin(), fitted->losses.end());
  const auto by_parabolas = [&](bool wall_clock) {
    FrontierOptions in = options;
    in.wall_clock = wall_clock;
    return compute_frontier(trials, losses, in, &frontier);
  };
  const Frontier in_flops = by_parabolas(false);
  SmoothFrontier out;
  out.by_parabolas = options.wall_clock ? by_parabolas(true).used() : in_flops.used();
  if (out.by_parabolas.size() != frontier.used().size()) return std::nullopt;
  out.exact = out.by_parabolas;
  const std::vector<BudgetGroup> groups = budget_groups(trials, losses, true);
  std::size_t at = 0;
  for (std::size_t k = 0; k < in_flops.points.size(); ++k) {
    if (!in_flops.points[k].used) continue;
    const EfficientPoint best =
        efficient_point(fitted->law, in_flops.points[k].flops, fitted->product);
    FrontierPoint& point = out.exact[at++];
    point.loss = best.loss;
    if (options.wall_clock) point.flops = seconds_at(groups[k], std::log(best.parameters));
  }
  return out;
}

std::optional<FrontierBias> frontier_bias(std::span<const Point> trials, const Frontier& frontier,
                                          const FrontierOptions& options,
                                          const Objective& objective, const FloorChoice& floor) {
  const Law& power = law_named("power");
  const auto smooth = smooth_frontier(trials, frontier, options);
  if (!smooth || smooth->exact.size() < power.coordinates()) return std::nullopt;
  FrontierBias bias{{0, 0, 0},
                    Eigen::VectorXd::Zero(static_cast<Eigen::Index>(smooth->exact.size()))};
  for (const auto& [frontier_points, sign] :
       {std::pair{&smooth->by_parabolas, 1.0}, {&smooth->exact, -1.0}}) {
    const LawData points = frontier_data(*frontier_points);
    const LawSolution solution = solve_law(power, points, objective, floor);
    if (!solution.converged) return std::nullopt;
    const auto values = named_parameters(power, points, solution.state);
    for (std::size_t j = 0; j < values.size(); ++j) bias.parameters[j] += sign * values[j].second;
    bias.losses += sign * points.loss.matrix();
  }
  return bias;
}

}  // namespace isoloss
