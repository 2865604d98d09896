// Savings from perturbed draws: the whole procedure again for each, and the intervals from them.
#include <algorithm>
#include <cmath>

#include "analysis/numbers/parallel_for.h"
#include "analysis/numbers/statistics.h"
#include "analysis/savings/savings_estimate.h"

namespace isoloss {
namespace {

void keep(const std::vector<double>& values, std::size_t draw,
          std::vector<std::vector<double>>& by_place) {
  for (std::size_t i = 0; i < values.size(); ++i) by_place[i][draw] = values[i];
}

}  // namespace

int affordable_draws(int asked, std::size_t trials) {
  constexpr std::size_t kTrialDraws = 20'000'000;
  constexpr int kFewest = 100;
  const auto most = static_cast<int>(kTrialDraws / trials);
  return most >= asked ? asked : most >= kFewest ? most : 0;
}

SavingsDraws draw_savings(const std::vector<Point>& trials, std::size_t baseline_count,
                          const SavingsOptions& options, const SavingsFloor& floor,
                          const SavingsPlaces& places, const Savings& savings) {
  const LossDraws noisy(trials, savings.seed_noise, options.seed);
  const auto count = static_cast<std::size_t>(options.bootstrap);
  const std::vector<double> none(count, kNone);
  SavingsDraws draws;
  draws.at.assign(places.at.size(), none);
  draws.at_by_law = draws.at;
  draws.curve.assign(places.curve.size(), none);
  draws.by_compute.assign(places.compute.size(), none);
  draws.equal = draws.exponent = draws.per_decade = draws.growth = draws.floor_difference = none;
  const FrontierOptions same = savings_frontier_options(options, savings.frontier);
  const std::span<const Point> all(trials);
  parallel_for(count, options.threads, [&](std::size_t r) {
    const std::vector<double> losses = noisy.losses(r);
    const std::span<const double> drawn(losses);
    const Frontier b = compute_frontier(all.first(baseline_count), drawn.first(baseline_count),
                                        same, &savings.baseline_frontier);
    const Frontier c = compute_frontier(all.subspan(baseline_count), drawn.subspan(baseline_count),
                                        same, &savings.candidate_frontier);
    const std::vector<FrontierPoint> used_b = b.used(), used_c = c.used();
    // A draw whose frontier breaks down has no savings; its values stay NaN and count as failed.
    const std::size_t fewest = options.exponent ? 1 : 2;
    if (!can_compare(used_b, floor, fewest) || !can_compare(used_c, floor, fewest)) return;
    const SavingsEstimate estimate =
        options.exponent
            ? estimate_savings_of_slope(used_b, used_c, floor.value, *options.exponent, places)
            : estimate_savings(used_b, used_c, floor, places);
    keep(estimate.at, r, draws.at);
    keep(estimate.at_by_law, r, draws.at_by_law);
    keep(estimate.curve, r, draws.curve);
    keep(estimate.by_compute, r, draws.by_compute);
    if (!estimate.curve.empty()) {
      draws.growth[r] = std::log(estimate.curve.front() / estimate.curve.back());
    }
    if (estimate.own_floors) {
      draws.floor_difference[r] = estimate.own_floors->floor[0] - estimate.own_floors->floor[1];
    }
    if (floor.kind == SavingsFloor::Free) return;
    draws.equal[r] = estimate.equal.savings();
    if (options.exponent) return;
    draws.exponent[r] = estimate.own.exponent();
    draws.per_decade[r] = estimate.own.per_decade();
  });
  return draws;
}

namespace {

// Draws that were moved need not lie about the estimate.
std::optional<Interval> interval_about(double estimate, const std::vector<double>& draws,
                                       double level) {
  auto interval = percentile_interval(draws, level);
  if (interval && std::isfinite(estimate)) {
    interval->first = std::min(interval->first, estimate);
    interval->second = std::max(interval->second, estimate);
  }
  return interval;
}

}  // namespace

void set_intervals(const SavingsDraws& draws, double level, Savings& savings) {
  for (std::size_t i = 0; i < savings.at.size(); ++i) {
    savings.at[i].interval = interval_about(savings.at[i].savings, draws.at[i], level);
    savings.at[i].by_law_interval = interval_about(savings.at[i].by_law, draws.at_by_law[i], level);
  }
  for (std::size_t i = 0; i < savings.curve.size(); ++i) {
    savings.curve[i].interval = interval_about(savings.curve[i].savings, draws.curve[i], level);
  }
  for (std::size_t i = 0; i < savings.by_compute.size(); ++i) {
    savings.by_compute[i].interval =
        interval_about(savings.by_compute[i].savings, draws.by_compute[i], level);
  }
  if (savings.parallel) {
    savings.parallel->interval = interval_about(savings.parallel->savings, draws.equal, level);
    savings.parallel->slope_equality_bootstrap_p = sign_p(draws.exponent);
  }
  if (savings.law) {
    savings.law->interval = interval_about(savings.law->exponent, draws.exponent, level);
    savings.law->per_decade_interval =
        interval_about(savings.law->per_decade, draws.per_decade, level);
  }
  if (savings.floors) savings.floors->bootstrap_p = sign_p(draws.floor_difference);
  if (savings.growth) {
    savings.growth->p = sign_p(draws.growth);
    if (const auto logarithms =
            interval_about(std::log(savings.growth->ratio), draws.growth, level)) {
      savings.growth->interval = {std::exp(logarithms->first), std::exp(logarithms->second)};
    }
  }
  const std::vector<double>& any = draws.at.front();
  savings.draws = static_cast<int>(any.size());
  savings.failed_draws = static_cast<int>(
      std::count_if(any.begin(), any.end(), [](double value) { return !std::isfinite(value); }));
}

}  // namespace isoloss
