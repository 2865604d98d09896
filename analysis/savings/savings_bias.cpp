// What parabolas do to savings: both frontiers of the chinchilla laws that fit the trials, as the
// parabolas see them and as they are (frontier_bias.h).
#include <cmath>

#include "analysis/fit/frontier_bias.h"
#include "analysis/savings/savings_estimate.h"

namespace isoloss {
namespace {

void scale_draws(const std::vector<double>& seen, const std::vector<double>& exact,
                 std::vector<std::vector<double>>& by_place) {
  for (std::size_t i = 0; i < by_place.size(); ++i) {
    for (double& value : by_place[i]) value *= exact[i] / seen[i];
  }
}

double log_growth(const SavingsEstimate& estimate) {
  return std::log(estimate.curve.front() / estimate.curve.back());
}

void shift_draws(double by, std::vector<double>& draws) {
  for (double& value : draws) value += by;
}

}  // namespace

std::optional<SavingsBias> savings_bias(std::span<const Point> baseline,
                                        std::span<const Point> candidate,
                                        const SavingsOptions& options, const SavingsFloor& floor,
                                        const SavingsPlaces& places, const Savings& savings) {
  const bool parabolas =
      savings.frontier == FrontierKind::Surface || savings.frontier == FrontierKind::IsoFlop;
  // With the slope given nothing is interpolated.
  if (!parabolas || options.exponent) return std::nullopt;
  const FrontierOptions same = savings_frontier_options(options, savings.frontier);
  const auto b = smooth_frontier(baseline, savings.baseline_frontier, same);
  const auto c = smooth_frontier(candidate, savings.candidate_frontier, same);
  if (!b || !c) return std::nullopt;
  for (const auto* points : {&b->by_parabolas, &b->exact, &c->by_parabolas, &c->exact}) {
    if (!can_compare(*points, floor, 2)) return std::nullopt;
  }
  return SavingsBias{estimate_savings(b->by_parabolas, c->by_parabolas, floor, places),
                     estimate_savings(b->exact, c->exact, floor, places)};
}

void move_draws(const SavingsBias& bias, SavingsDraws& draws) {
  const SavingsEstimate &seen = bias.by_parabolas, &exact = bias.exact;
  scale_draws(seen.at, exact.at, draws.at);
  scale_draws(seen.at_by_law, exact.at_by_law, draws.at_by_law);
  scale_draws(seen.curve, exact.curve, draws.curve);
  scale_draws(seen.by_compute, exact.by_compute, draws.by_compute);
  if (!seen.curve.empty()) shift_draws(log_growth(exact) - log_growth(seen), draws.growth);
  if (seen.own_floors && exact.own_floors) {
    const auto difference = [](const LinePair& own) { return own.floor[0] - own.floor[1]; };
    shift_draws(difference(*exact.own_floors) - difference(*seen.own_floors),
                draws.floor_difference);
  }
  for (double& value : draws.equal) value *= exact.equal.savings() / seen.equal.savings();
  shift_draws(exact.own.exponent() - seen.own.exponent(), draws.exponent);
  for (double& value : draws.per_decade) value *= exact.own.per_decade() / seen.own.per_decade();
}

}  // namespace isoloss
