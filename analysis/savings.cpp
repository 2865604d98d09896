#include "analysis/savings.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "analysis/frontier_curve.h"
#include "analysis/frontier_pair.h"
#include "analysis/parallel_for.h"
#include "analysis/savings_estimate.h"
#include "model/spec/error.h"

namespace isoloss {
namespace {

constexpr int kCurvePoints = 41;

std::string unused_reasons(const Savings& savings) {
  std::string all;
  for (const Frontier* frontier : {&savings.baseline_frontier, &savings.candidate_frontier}) {
    for (const std::string& line : left_out(*frontier)) all += (all.empty() ? "" : "; ") + line;
  }
  return all.empty() ? "each frontier needs two points, the dearer one with the lower loss" : all;
}

Interval overlap_of(const PointTable& table, const Savings& savings) {
  const FrontierCurve b(savings.baseline_frontier.used()), c(savings.candidate_frontier.used());
  if (!b.valid() || !c.valid()) {
    throw WorkError(
        fmt::format("{}: no savings of '{}' over '{}' (too few budgets are left: {}); add "
                    "sizes or budgets, or choose another frontier",
                    table.source, savings.candidate, savings.baseline, unused_reasons(savings)));
  }
  const Interval overlap{std::max(b.losses().first, c.losses().first),
                         std::min(b.losses().second, c.losses().second)};
  if (!(overlap.first < overlap.second)) {
    throw WorkError(
        fmt::format("{}: no savings of '{}' over '{}' (the losses do not overlap: {:.4g} to {:.4g} "
                    "against {:.4g} "
                    "to {:.4g}); add budgets that reach common losses",
                    table.source, savings.candidate, savings.baseline, c.losses().first,
                    c.losses().second, b.losses().first, b.losses().second));
  }
  return overlap;
}

// Three losses inside the overlap, the lowest (most compute) first, rounded where that keeps them
// in.
std::vector<double> chosen_losses(const Interval& overlap) {
  std::vector<double> losses;
  const double width = overlap.second - overlap.first;
  const double unit = std::pow(10.0, std::floor(std::log10(width)) - 1);
  for (const double share : {0.1, 0.5, 0.9}) {
    const double exact = overlap.first + share * width;
    losses.push_back(std::round(exact / unit) * unit);
  }
  return losses;
}

std::vector<double> curve_losses(const Interval& overlap) {
  std::vector<double> losses;
  for (int i = 0; i < kCurvePoints; ++i) {
    const double share = i / (kCurvePoints - 1.0);
    losses.push_back(overlap.first * std::pow(overlap.second / overlap.first, share));
  }
  return losses;
}

struct Draws {
  std::vector<std::vector<double>> at, curve;       // by loss, by draw
  std::vector<double> equal, exponent, per_decade;  // by draw
};

Draws draw_through(const std::vector<Point>& trials, std::size_t baseline_count,
                   const SavingsOptions& options, const SavingsFloor& floor,
                   const std::vector<double>& at, const std::vector<double>& curve,
                   const Savings& savings) {
  const LossDraws noisy(trials, savings.seed_noise, options.seed);
  const auto count = static_cast<std::size_t>(options.bootstrap);
  const std::vector<double> none(count, std::nan(""));
  Draws draws{std::vector(at.size(), none), std::vector(curve.size(), none), none, none, none};
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
    if (used_b.size() < 2 || used_c.size() < 2) return;
    for (const auto* used : {&used_b, &used_c}) {
      for (const FrontierPoint& p : *used) {
        if (!(p.loss > (floor.kind == SavingsFloor::Given ? floor.value : 0))) return;
      }
    }
    const SavingsEstimate estimate = estimate_savings(used_b, used_c, floor, at, curve);
    for (std::size_t i = 0; i < at.size(); ++i) draws.at[i][r] = estimate.at[i];
    for (std::size_t i = 0; i < curve.size(); ++i) draws.curve[i][r] = estimate.curve[i];
    if (floor.kind == SavingsFloor::Free) return;
    draws.equal[r] =
        std::exp((estimate.equal.log_a[0] - estimate.equal.log_a[1]) / estimate.equal.k[0]);
    draws.exponent[r] = estimate.own.exponent();
    draws.per_decade[r] = estimate.own.per_decade();
  });
  return draws;
}

void set_point_estimates(const SavingsEstimate& estimate, const SavingsFloor& floor,
                         const std::vector<double>& at, const std::vector<double>& curve,
                         Savings& savings) {
  for (std::size_t i = 0; i < at.size(); ++i) {
    SavingsAt here{at[i], estimate.at[i], std::nullopt, false};
    here.extrapolated = at[i] < savings.overlap.first || at[i] > savings.overlap.second;
    savings.at.push_back(here);
  }
  for (std::size_t i = 0; i < curve.size(); ++i) {
    savings.curve.push_back({curve[i], estimate.curve[i], std::nullopt, false});
  }
  if (floor.kind == SavingsFloor::Free) return;
  const LinePair& equal = estimate.equal;
  savings.parallel =
      ParallelSavings{equal.k[0], std::exp((equal.log_a[0] - equal.log_a[1]) / equal.k[0]),
                      std::nullopt, slope_equality_p(equal, estimate.own)};
  const LinePair& own = estimate.own;
  savings.law = SavingsLaw{own.coefficient(), own.exponent(),   own.floor,
                           std::nullopt,      own.per_decade(), std::nullopt};
}

void set_intervals(const Draws& draws, double level, Savings& savings) {
  for (std::size_t i = 0; i < savings.at.size(); ++i) {
    savings.at[i].interval = percentile_interval(draws.at[i], level);
  }
  for (std::size_t i = 0; i < savings.curve.size(); ++i) {
    savings.curve[i].interval = percentile_interval(draws.curve[i], level);
  }
  if (savings.parallel) savings.parallel->interval = percentile_interval(draws.equal, level);
  if (savings.law) {
    savings.law->interval = percentile_interval(draws.exponent, level);
    savings.law->per_decade_interval = percentile_interval(draws.per_decade, level);
  }
  savings.draws = static_cast<int>(draws.equal.size());
  const auto& any = draws.curve.front();
  savings.failed_draws = static_cast<int>(
      std::count_if(any.begin(), any.end(), [](double value) { return !std::isfinite(value); }));
}

// Laws along the frontiers with the floor of the comparison, for show.
void fit_laws(const SavingsFloor& floor, Savings& savings) {
  FitOptions options;
  options.floor = {FloorChoice::Value, savings.law ? savings.law->floor : 0};
  if (floor.kind == SavingsFloor::Free) options.floor = {};
  const std::size_t needed = floor.kind == SavingsFloor::Free ? 3 : 2;
  const auto fit = [&](const Frontier& frontier) -> std::optional<Fit> {
    const std::vector<FrontierPoint> used = frontier.used();
    if (used.size() < needed) return std::nullopt;
    Fit law = fit_frontier(used, options);
    law.frontier = name_of(frontier.kind);
    law.uncertainty = "see the savings' own intervals";
    return law;
  };
  savings.baseline_fit = fit(savings.baseline_frontier);
  savings.candidate_fit = fit(savings.candidate_frontier);
}

// Standard error of the mean difference between the best trials of both, by sequence.
double paired_error(const std::vector<Point>& baseline, const std::vector<Point>& candidate) {
  const auto better = [](const Point& a, const Point& b) { return a.loss < b.loss; };
  const auto& b = std::min_element(baseline.begin(), baseline.end(), better)->sequence_losses;
  const auto& c = std::min_element(candidate.begin(), candidate.end(), better)->sequence_losses;
  if (b.size() != c.size() || b.size() < 2) return 0;
  const auto n = static_cast<double>(b.size());
  double mean = 0, squares = 0;
  for (std::size_t s = 0; s < b.size(); ++s) mean += (double{b[s]} - double{c[s]}) / n;
  for (std::size_t s = 0; s < b.size(); ++s) {
    const double d = double{b[s]} - double{c[s]} - mean;
    squares += d * d;
  }
  return std::sqrt(squares / (n - 1) / n);
}

void check_options(const SavingsOptions& options) {
  if (options.bootstrap < 0 || !(options.level > 0 && options.level < 1)) {
    throw InputError(
        "savings options out of range (bootstrap below 0 or level outside 0 to 1); "
        "correct them");
  }
  if (options.baseline == options.candidate) {
    throw InputError(
        fmt::format("baseline and candidate are both '{}' (nothing to compare); name two "
                    "architectures",
                    options.baseline));
  }
  for (const double loss : options.at) {
    if (loss > 0 && std::isfinite(loss)) continue;
    throw InputError(
        fmt::format("loss {} (must be above zero); give a loss in nats per token", loss));
  }
}

}  // namespace

FrontierOptions savings_frontier_options(const SavingsOptions& options, FrontierKind kind) {
  return {kind, options.wall_clock, options.embeddings, options.from_budget};
}

Savings compute_savings(const PointTable& table, const SavingsOptions& options) {
  check_options(options);
  const FrontierOptions asked = savings_frontier_options(options, options.frontier);
  const std::vector<Point> baseline = frontier_trials(table, options.baseline, asked);
  const std::vector<Point> candidate = frontier_trials(table, options.candidate, asked);
  Savings savings;
  savings.baseline = options.baseline;
  savings.candidate = options.candidate;
  savings.seed = options.seed;
  FrontierPair pair = frontiers_of_one_kind(baseline, candidate, asked);
  savings.frontier = pair.kind;
  savings.baseline_frontier = std::move(pair.baseline);
  savings.candidate_frontier = std::move(pair.candidate);
  savings.overlap = overlap_of(table, savings);
  const std::vector<FrontierPoint> used_b = savings.baseline_frontier.used();
  const std::vector<FrontierPoint> used_c = savings.candidate_frontier.used();
  const SavingsFloor floor = savings_floor(options.floor, table.floor, used_b, used_c);
  savings.floor = floor.name;
  const std::vector<double> at = options.at.empty() ? chosen_losses(savings.overlap) : options.at;
  const std::vector<double> curve = curve_losses(savings.overlap);
  set_point_estimates(estimate_savings(used_b, used_c, floor, at, curve), floor, at, curve,
                      savings);
  fit_laws(floor, savings);
  std::vector<Point> results;
  for (const Point& p : table.points) {
    if (is_result(p) && !(p.budget < options.from_budget)) results.push_back(p);
  }
  savings.seed_noise = measure_seed_noise(results);
  savings.held_out_error = paired_error(baseline, candidate);
  std::vector<Point> trials = baseline;
  trials.insert(trials.end(), candidate.begin(), candidate.end());
  if (savings.seed_noise.measured && options.bootstrap > 0) {
    set_intervals(draw_through(trials, baseline.size(), options, floor, at, curve, savings),
                  options.level, savings);
  }
  add_savings_words(table, options, trials, savings);
  return savings;
}

}  // namespace isoloss
