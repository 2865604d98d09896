// `isoloss savings`: how much compute a candidate saves over a baseline at equal loss, each on its
// own compute-optimal frontier (docs/comparison.md rules 4 to 8).
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "analysis/fit/fit.h"
#include "analysis/fit/frontier.h"
#include "analysis/fit/seed_noise.h"
#include "analysis/numbers/statistics.h"
#include "analysis/points/points.h"
#include "analysis/savings/savings_floor.h"

namespace isoloss {

struct SavingsOptions {
  std::string baseline;
  std::string candidate;
  SavingsFloorChoice floor;
  std::optional<double> exponent;  // k of both, given: one point of each is enough
  FrontierKind frontier = FrontierKind::Auto;
  std::vector<double> at;  // losses; empty: two or three inside the overlap
  int bootstrap = 1000;    // draws through the whole procedure
  double level = 0.95;
  std::uint64_t seed = 1;
  bool wall_clock = false;  // compute in seconds instead of FLOPs
  bool embeddings = true;   // sizes counted with embeddings
  double from_budget = 0;   // points of smaller nominal budgets are left out
  int threads = 1;
};

struct SavingsAt {
  double loss = 0;
  double savings = 0;  // the curves' crossing, by monotone interpolation; along their ends beyond
  std::optional<Interval> interval;  // none beyond the overlap, where ends go on as they like
  bool extrapolated = false;
  double by_law = 0;  // of `law`, or of floors and slopes of their own; NaN where there is none
  std::optional<Interval> by_law_interval = std::nullopt;
  double baseline_compute = 0, candidate_compute = 0;  // FLOPs (or seconds) at this loss
};

struct ParallelSavings {  // one exponent for both: savings is a constant
  double k = 0;
  double savings = 0;
  std::optional<Interval> interval;
  std::optional<Interval> lack_of_fit_interval;  // Student's t from scatter alone
  // Of the trials about their chinchilla laws, else of the frontiers' points about the lines.
  bool scatter_of_trials = false;
  double slope_equality_p = 0;            // F test; NaN where no degree of freedom is left
  double slope_equality_bootstrap_p = 0;  // from the draws; NaN where there are none
  // So et al. 2021, appendix A.9: l - E = absolute_coefficient s^-k, s = FLOPs saved at loss l.
  double absolute_coefficient = 0;  // NaN where nothing is saved
  double floor = 0;                 // E of these lines
};

struct SavingsLaw {  // savings(L) = coefficient (L - E)^exponent
  double coefficient = 0;
  double exponent = 0;
  double floor = 0;
  std::optional<Interval> interval;  // of the exponent
  double per_decade = 0;             // ratio of savings per decade of baseline compute
  std::optional<Interval> per_decade_interval;
};

// Whether the saving grows with scale, without a law: savings at the lowest common loss over those
// at the highest.
struct SavingsGrowth {
  double ratio = 0;
  std::optional<Interval> interval;
  double p = 0;  // that its sign is chance, from the draws; NaN where there are none
};

// Whether one floor serves both: a floor each against a shared one, slopes their own. Only where
// both frontiers have the budgets that a floor needs.
struct FloorTest {
  double baseline = 0, candidate = 0;  // floors of their own
  double p = 0;                        // F test
  double bootstrap_p = 0;              // from the draws; NaN where there are none
};

struct Savings {
  std::string baseline, candidate;
  SavingsFloor floor;  // what was used
  // Zero is the floor for want of budgets that say another. Above a floor ln L is curved, and equal
  // factors look like unequal slopes: equal slopes are not tested, and what rests on slopes of
  // their own (`law`, by_law) has no interval.
  bool floor_assumed = false;
  FrontierKind frontier = FrontierKind::Auto;  // what auto took
  Frontier baseline_frontier, candidate_frontier;
  std::optional<Fit> baseline_fit, candidate_fit;  // laws along the frontiers
  std::optional<ParallelSavings> parallel;
  std::optional<SavingsLaw> law;
  std::optional<FloorTest> floors;
  std::optional<SavingsGrowth> growth;
  std::vector<SavingsAt> at;
  std::vector<SavingsAt> curve;  // dense over the overlap, by loss, for the plot, with the band
  std::vector<SavingsAt> by_compute;  // dense too, by baseline compute: the band at a compute
  Interval overlap{0, 0};             // losses both frontiers reach; NaN where none
  SeedNoise seed_noise;
  double held_out_error = 0;  // paired standard error of the difference, nats; 0: not known
  std::vector<std::string> flags;
  int draws = 0, failed_draws = 0;  // through the whole procedure, for the intervals
  bool moved = false;  // the draws, by what parabolas do to the frontiers (frontier_bias.h)
  std::uint64_t seed = 0;
  std::string uncertainty;       // what the intervals rest on, in words
  bool growth_resolved = false;  // rule 8
  std::string verdict;           // one line for people
};

// InputError naming the option that is out of range or without meaning.
void check_options(const SavingsOptions& options);

// Throws InputError: an architecture that is not there (nearest named), points of several
// tokenizers, rows that contradict each other, a loss at or below the floor of the result;
// WorkError: the losses do not overlap, or no budget has an inner optimum.
Savings compute_savings(const PointTable& table, const SavingsOptions& options);

// savings_in_seconds.cpp. The same in seconds at the losses of `savings`, those of `options` in
// FLOPs; empty where a point does not say its seconds, and where they have no frontiers or those do
// not overlap, which `savings` is flagged with.
std::optional<Savings> savings_in_seconds(const PointTable& table, SavingsOptions options,
                                          Savings& savings);

// Where verdict, headline and next study look: the middle of the losses at which savings are given.
const SavingsAt& middle_loss(const Savings& savings);

// How the frontiers of such a comparison are made.
FrontierOptions savings_frontier_options(const SavingsOptions& options, FrontierKind kind);

// The architecture of the table that reaches the overlap's losses cheapest, `except` left out: the
// best baseline of rule 1.
std::string best_baseline(const PointTable& table, const std::string& except,
                          double from_budget = 0);

nlohmann::json to_json(const Savings& savings);

}  // namespace isoloss
