// Noise that is measured (docs/comparison.md rules 4 and 5): what another seed would have changed,
// from replicates, and what other held-out sequences would have changed, from losses by sequence.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <tuple>
#include <vector>

#include "analysis/points/points.h"

namespace isoloss {

struct SeedNoise {
  bool measured = false;
  double deviation = 0;  // nats, of one evaluation of one run
  int replicates = 0;    // groups of runs that differ in seed alone
  int degrees = 0;       // runs beyond the first of each group: budgets of one run are one draw
  // Of `deviation`, which pools evaluations that share a part of their noise (Satterthwaite 1946):
  // `degrees` where they share all of it, their number where they share none.
  double deviation_degrees = 0;
  double shared = 1;     // share of the variance that the budgets of one run have in common
  int fewest_seeds = 0;  // of the groups
  // Covariance over budgets: factor factor^T, lower triangular, rows by `budgets` (ascending).
  // Empty for more than kMostBudgets.
  std::vector<double> budgets;
  std::vector<std::vector<double>> factor;
  double degrees_at_budget = 0;  // mean over budgets of runs beyond the first of each group there

  static constexpr std::size_t kMostBudgets = 32;
};

// Pools the variance over groups of equal architecture, size, budget and learning rate with several
// seeds, and the covariance between budgets. `shared` is the covariance between budgets of one run
// over the variance, held between 1/2 and 1: with few replicates it is poorly known, and one draw
// per run is the careful side for the level of a curve.
SeedNoise measure_seed_noise(std::span<const Point> trials);

// Covariance of the seed noise of two evaluations of one run, as LossDraws draws it before the
// division by chi squared; nats squared.
double seed_covariance(const SeedNoise& noise, const Point& a, const Point& b);

// Architecture, size, parameters and learning rate: runs that share them differ in seed alone. What
// a point has not is 0.
using SeedFamily = std::tuple<std::string, std::string, double, double>;
SeedFamily seed_family(const Point& p);
// The budget that a point was taken for; its FLOPs where none is named.
double budget_of(const Point& p);
// Whether two points are evaluations of one run.
bool same_run(const Point& a, const Point& b);

// Perturbed losses for draw after draw. Each run is moved by seed noise of its own. Where every
// trial's budget has replicates, its moves over budgets have the measured covariance, whatever its
// shape; otherwise a part that all budgets of the run share and a part per evaluation. Either is
// divided by the root of a scaled chi squared, once a draw, so that a contrast of runs spreads like
// Student's t of `degrees`, or of `degrees_at_budget` where a covariance by budget rests on fewer.
// The held-out sequences are resampled once a draw, the same ones for every trial. A pure function
// of (seed, draw).
class LossDraws {
 public:
  LossDraws(std::span<const Point> trials, const SeedNoise& noise, std::uint64_t seed);

  std::vector<double> losses(std::uint64_t draw) const;
  std::size_t sequences() const { return sequences_; }

 private:
  double seed_shift(std::size_t trial, std::uint64_t draw) const;

  std::span<const Point> trials_;
  SeedNoise noise_;
  std::uint64_t seed_;
  std::size_t sequences_ = 0;        // 0 where a trial has none or another number
  std::vector<std::size_t> run_;     // of each trial
  std::vector<std::size_t> budget_;  // of each trial, in the noise's; empty where one has none
};

}  // namespace isoloss
