#include "analysis/savings/savings.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <span>

#include "analysis/fit/frontier_curve.h"
#include "analysis/fit/frontier_pair.h"
#include "analysis/numbers/statistics.h"
#include "analysis/points/comparable_rows.h"
#include "analysis/points/repeated_rows.h"
#include "analysis/savings/savings_estimate.h"
#include "analysis/savings/savings_flags.h"
#include "analysis/savings/savings_resolved.h"
#include "analysis/savings/savings_verdict.h"
#include "analysis/savings/savings_withheld.h"
#include "analysis/savings/slope_and_floor_tests.h"
#include "model/spec/error.h"

namespace isoloss {
namespace {

SavingsAt place_of(double loss, double savings_there, const FrontierCurve& b,
                   const FrontierCurve& c, const Savings& savings) {
  SavingsAt here;
  here.loss = loss;
  here.savings = savings_there;
  here.by_law = kNone;
  here.extrapolated = !(loss >= savings.overlap.first && loss <= savings.overlap.second);
  here.baseline_compute = b.valid() ? std::exp(b.log_compute(loss)) : kNone;
  here.candidate_compute = c.valid() ? std::exp(c.log_compute(loss)) : kNone;
  return here;
}

void set_parallel(const LinePair& equal, double slope_equality_p, double level, Savings& savings) {
  ParallelSavings parallel;
  parallel.k = equal.k[0];
  parallel.savings = equal.savings();
  parallel.lack_of_fit_interval = lack_of_fit_interval(equal, level);
  parallel.slope_equality_p = slope_equality_p;
  parallel.slope_equality_bootstrap_p = kNone;
  parallel.floor = equal.floor[0];
  const double saved = 1 - 1 / parallel.savings;
  parallel.absolute_coefficient =
      saved > 0 ? std::exp(equal.log_a[0] + equal.k[0] * std::log(saved)) : kNone;
  savings.parallel = parallel;
}

void set_point_estimates(const SavingsEstimate& estimate, const SavingsFloor& floor,
                         const SavingsPlaces& places, const SavingsOptions& options,
                         Savings& savings) {
  const FrontierCurve b(savings.baseline_frontier.used()), c(savings.candidate_frontier.used());
  for (std::size_t i = 0; i < places.at.size(); ++i) {
    savings.at.push_back(place_of(places.at[i], estimate.at[i], b, c, savings));
    savings.at.back().by_law = estimate.at_by_law[i];
  }
  for (std::size_t i = 0; i < places.curve.size(); ++i) {
    savings.curve.push_back(place_of(places.curve[i], estimate.curve[i], b, c, savings));
  }
  for (std::size_t i = 0; i < places.compute.size(); ++i) {
    const double loss = b.loss_at(std::log(places.compute[i]));
    savings.by_compute.push_back(place_of(loss, estimate.by_compute[i], b, c, savings));
  }
  if (!savings.curve.empty()) {
    savings.growth = SavingsGrowth{savings.curve.front().savings / savings.curve.back().savings,
                                   std::nullopt, kNone};
  }
  if (estimate.own_floors && floor.kind != SavingsFloor::Given) {
    const std::vector<FrontierPoint> used_b = savings.baseline_frontier.used();
    const std::vector<FrontierPoint> used_c = savings.candidate_frontier.used();
    const LinePair shared = fit_lines_shared_floor(used_b, used_c, Slopes::Own);
    savings.floors = FloorTest{estimate.own_floors->floor[0], estimate.own_floors->floor[1],
                               restriction_p(shared, *estimate.own_floors), kNone};
  }
  if (floor.kind == SavingsFloor::Free) return;
  const double p = options.exponent ? kNone : restriction_p(estimate.equal, estimate.own);
  set_parallel(estimate.equal, p, options.level, savings);
  if (options.exponent) return;
  const LinePair& own = estimate.own;
  savings.law = SavingsLaw{own.coefficient(), own.exponent(),   own.floor[0],
                           std::nullopt,      own.per_decade(), std::nullopt};
}

// Laws along the frontiers with the floor of the comparison, for show.
void fit_laws(const SavingsFloor& floor, Savings& savings) {
  FitOptions options;
  options.floor = {FloorChoice::Value, savings.law ? savings.law->floor : 0};
  if (floor.kind == SavingsFloor::Free) options.floor = {};
  const std::size_t needed = floor.kind == SavingsFloor::Free ? 3 : 2;
  if (!savings.law && floor.kind != SavingsFloor::Free) return;
  const auto fit = [&](const Frontier& frontier) -> std::optional<Fit> {
    const std::vector<FrontierPoint> used = frontier.used();
    if (used.size() < needed) return std::nullopt;
    Fit law = fit_frontier(used, options);
    law.frontier = frontier.kind;
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

// Loss over bits per byte is one number for one tokenizer and one text.
void require_one_text(const std::string& source, const std::vector<Point>& trials) {
  constexpr double kRounded = 0.01;
  const Point* first = nullptr;
  for (const Point& p : trials) {
    if (!(p.bits_per_byte > 0)) continue;
    if (!first) first = &p;
    const double ratio = (p.loss / p.bits_per_byte) / (first->loss / first->bits_per_byte);
    if (std::abs(ratio - 1) < kRounded) continue;
    throw InputError(fmt::format(
        "{}: '{}' and '{}' differ in nats per token over bits per byte ({:.4g} and {:.4g}: other "
        "tokenizers or texts, whose losses do not compare); analyse points of one at a time",
        source, first->architecture, p.architecture, first->loss / first->bits_per_byte,
        p.loss / p.bits_per_byte));
  }
}

// An exponent given goes with a floor that is known, not with one that is fitted.
SavingsFloorChoice floor_asked(const SavingsOptions& options, const PointTable& table) {
  if (!options.exponent || options.floor.kind != SavingsFloorChoice::Auto) return options.floor;
  return savings_floor_named(table.floor ? fmt::format("{}", *table.floor) : "zero");
}

// By the scatter of the trials, the baseline's first among them, and where seed noise is measured
// by draws of it. `equal`: the estimate's lines of one slope.
void add_intervals(const std::vector<Point>& trials, std::size_t baseline_count,
                   const SavingsOptions& options, const SavingsFloor& floor,
                   const SavingsPlaces& places, const LinePair& equal, Savings& savings) {
  const std::span<const Point> baseline = std::span(trials).first(baseline_count);
  const std::span<const Point> candidate = std::span(trials).subspan(baseline_count);
  SavingsOptions affordable = options;
  affordable.bootstrap = affordable_draws(options.bootstrap, trials.size());
  const bool drawn = savings.seed_noise.measured && affordable.bootstrap > 0;
  std::optional<SavingsBias> bias;
  if (drawn || std::max(baseline.size(), candidate.size()) <= kMostScattered) {
    bias = savings_bias(baseline, candidate, options, floor, places, savings);
  }
  if (savings.parallel) {
    const auto interval =
        trial_scatter_interval(baseline, candidate, options, floor, bias, equal, savings);
    if (interval) savings.parallel->lack_of_fit_interval = interval;
    savings.parallel->scatter_of_trials = interval.has_value();
  }
  if (!drawn) return;
  SavingsDraws draws = draw_savings(trials, baseline_count, affordable, floor, places, savings);
  if (bias) move_draws(*bias, draws);
  savings.moved = bias.has_value();
  set_intervals(draws, options.level, savings);
}

}  // namespace

FrontierOptions savings_frontier_options(const SavingsOptions& options, FrontierKind kind) {
  return {kind, options.wall_clock, options.embeddings, options.from_budget};
}

void check_options(const SavingsOptions& options) {
  FitOptions shared;
  shared.bootstrap = options.bootstrap;
  shared.level = options.level;
  shared.threads = options.threads;
  shared.from_budget = options.from_budget;
  check_options(shared);
  if (options.baseline == options.candidate) {
    throw InputError(
        fmt::format("baseline and candidate are both '{}' (nothing to compare); name two "
                    "architectures",
                    options.baseline));
  }
  if (options.exponent && !(*options.exponent > 0 && std::isfinite(*options.exponent))) {
    throw InputError(fmt::format("exponent {} (must be above zero: loss - E = a C^-k); correct it",
                                 *options.exponent));
  }
  if (options.exponent && (options.floor.kind == SavingsFloorChoice::Shared ||
                           options.floor.kind == SavingsFloorChoice::Free)) {
    throw InputError("floor '" + options.floor.text +
                     "' with an exponent given (one of them without the other has no meaning); "
                     "give the floor that the exponent goes with, or zero");
  }
  for (const double loss : options.at) {
    if (loss > 0 && std::isfinite(loss)) continue;
    throw InputError(
        fmt::format("loss {} (must be above zero); give a loss in nats per token", loss));
  }
}

Savings compute_savings(const PointTable& table, const SavingsOptions& options) {
  check_options(options);
  const FrontierOptions asked = savings_frontier_options(options, options.frontier);
  const std::vector<Point> baseline = frontier_trials(table, options.baseline, asked);
  const std::vector<Point> candidate = frontier_trials(table, options.candidate, asked);
  std::vector<Point> trials = baseline;
  trials.insert(trials.end(), candidate.begin(), candidate.end());
  const std::vector<std::size_t> rows =
      result_rows(table, {options.baseline, options.candidate}, options.from_budget);
  require_one_convention(table, rows);
  require_one_evaluation(table, rows, "a saving");
  require_equal_weights(table, rows, "a saving");
  require_one_text(table.source, trials);
  Savings begun;
  flag_repeated_rows(table, rows, begun.flags);
  begun.baseline = options.baseline;
  begun.candidate = options.candidate;
  begun.seed = options.seed;
  FrontierPair pair = frontiers_of_one_kind(baseline, candidate, asked);
  begun.frontier = pair.kind;
  begun.baseline_frontier = std::move(pair.baseline);
  begun.candidate_frontier = std::move(pair.candidate);
  begun.overlap = savings_overlap(table, options, begun);
  std::vector<Point> results;
  for (const Point& p : table.points) {
    if (is_result(p) && !(p.budget < options.from_budget)) results.push_back(p);
  }
  begun.seed_noise = measure_seed_noise(results);
  begun.held_out_error = paired_error(baseline, candidate);
  const SavingsPlaces places = savings_places(options, begun);

  const auto finished = [&](const SavingsFloor& floor) {
    Savings savings = begun;
    const std::vector<FrontierPoint> used_b = savings.baseline_frontier.used();
    const std::vector<FrontierPoint> used_c = savings.candidate_frontier.used();
    savings.floor = floor;
    savings.floor_assumed = is_floor_assumed(options, table, floor);
    const SavingsEstimate estimate =
        options.exponent
            ? estimate_savings_of_slope(used_b, used_c, floor.value, *options.exponent, places)
            : estimate_savings(used_b, used_c, floor, places);
    set_point_estimates(estimate, floor, places, options, savings);
    fit_laws(floor, savings);
    require_above_floor(table.source, options, savings);
    add_intervals(trials, baseline.size(), options, floor, places, estimate.equal, savings);
    withhold_unknown(options, savings);
    return savings;
  };
  const SavingsFloor floor =
      savings_floor(floor_asked(options, table), table.floor, begun.baseline_frontier.used(),
                    begun.candidate_frontier.used());
  Savings savings = finished(floor);
  // F alone rejects one floor in up to a sixth of the studies where it is true.
  const bool by_draws = savings.floors && floor_test(*savings.floors) == SavingsTest::FromDraws;
  if (options.floor.kind == SavingsFloorChoice::Auto && by_draws && floors_differ(savings)) {
    savings = finished({SavingsFloor::Free, 0, "free"});
  }
  savings.uncertainty = uncertainty_text(trials, savings);
  savings.growth_resolved = is_growth_resolved(trials, savings);
  add_savings_flags(table, options, trials, savings);
  savings.verdict = verdict_text(options, savings);
  return savings;
}

const SavingsAt& middle_loss(const Savings& savings) { return savings.at[savings.at.size() / 2]; }

}  // namespace isoloss
