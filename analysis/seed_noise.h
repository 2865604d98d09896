// Noise that is measured (docs/comparison.md rules 4 and 5): what another seed would have changed,
// from replicates, and what other held-out sequences would have changed, from losses by sequence.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "analysis/points.h"

namespace isoloss {

struct SeedNoise {
  bool measured = false;
  double deviation = 0;  // nats, of one evaluation of one run
  int replicates = 0;    // groups of runs that differ in seed alone
  int degrees = 0;       // runs beyond the first of each group: budgets of one run are one draw
  double shared = 1;     // share of the variance that the budgets of one run have in common
  int fewest_seeds = 0;  // of the groups
};

// Pools the variance over groups of equal architecture, size, budget and learning rate with several
// seeds. `shared` is the covariance between budgets of one run over the variance, held between 1/2
// and 1: with few replicates it is poorly known, and one draw per run is the careful side.
SeedNoise measure_seed_noise(std::span<const Point> trials);

// Perturbed losses for draw after draw: each run is moved by seed noise once, with the part that
// its budgets do not share per evaluation, the deviation itself drawn from its sampling
// distribution (scaled inverse chi squared); the held-out sequences are resampled once a draw, the
// same ones for every trial. A pure function of (seed, draw).
class LossDraws {
 public:
  LossDraws(std::span<const Point> trials, const SeedNoise& noise, std::uint64_t seed);

  std::vector<double> losses(std::uint64_t draw) const;
  std::size_t sequences() const { return sequences_; }

 private:
  std::span<const Point> trials_;
  SeedNoise noise_;
  std::uint64_t seed_;
  std::size_t sequences_ = 0;     // 0 where a trial has none or another number
  std::vector<std::size_t> run_;  // of each trial
};

}  // namespace isoloss
