#include "analysis/seed_noise.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <tuple>

#include "analysis/statistics.h"
#include "model/spec/counter_random.h"

namespace isoloss {
namespace {

double or_zero(double value) { return std::isnan(value) ? 0 : value; }

// Runs that differ in seed alone.
using Family = std::tuple<std::string, std::string, double, double>;
Family family_of(const Point& p) {
  return {p.architecture, p.size, or_zero(p.parameters), or_zero(p.learning_rate)};
}

using Run = std::tuple<std::string, Family, std::int64_t>;
Run run_of(const Point& p) { return {p.run, family_of(p), p.seed}; }

double budget_of(const Point& p) { return std::isnan(p.budget) ? p.flops : p.budget; }

}  // namespace

SeedNoise measure_seed_noise(std::span<const Point> trials) {
  std::map<Family, std::map<double, std::map<std::int64_t, double>>> families;
  for (const Point& p : trials) {
    if (p.has_seed) families[family_of(p)][budget_of(p)][p.seed] = p.loss;
  }
  SeedNoise noise;
  double squares = 0, cells = 0, products = 0, pairs = 0;
  for (const auto& [family, budgets] : families) {
    std::size_t seeds = 0;
    // Deviations from the mean over seeds, by seed, one list per budget in order.
    std::vector<std::map<std::int64_t, double>> deviations;
    for (const auto& [budget, by_seed] : budgets) {
      if (by_seed.size() < 2) continue;
      seeds = std::max(seeds, by_seed.size());
      double mean = 0;
      for (const auto& [seed, loss] : by_seed) mean += loss / static_cast<double>(by_seed.size());
      auto& here = deviations.emplace_back();
      for (const auto& [seed, loss] : by_seed) {
        here[seed] = loss - mean;
        squares += (loss - mean) * (loss - mean);
      }
      cells += static_cast<double>(by_seed.size() - 1);
    }
    if (seeds < 2) continue;
    for (std::size_t i = 0; i < deviations.size(); ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        double product = 0, common = 0;
        for (const auto& [seed, deviation] : deviations[i]) {
          const auto other = deviations[j].find(seed);
          if (other == deviations[j].end()) continue;
          product += deviation * other->second;
          ++common;
        }
        if (common < 2) continue;
        products += product;
        pairs += common - 1;
      }
    }
    ++noise.replicates;
    noise.degrees += static_cast<int>(seeds) - 1;
    const int here = static_cast<int>(seeds);
    noise.fewest_seeds = noise.fewest_seeds == 0 ? here : std::min(noise.fewest_seeds, here);
  }
  if (cells == 0) return noise;
  noise.measured = true;
  const double variance = squares / cells;
  noise.deviation = std::sqrt(variance);
  if (pairs > 0 && variance > 0) noise.shared = std::clamp(products / pairs / variance, 0.5, 1.0);
  return noise;
}

LossDraws::LossDraws(std::span<const Point> trials, const SeedNoise& noise, std::uint64_t seed)
    : trials_(trials), noise_(noise), seed_(seed) {
  std::map<Run, std::size_t> runs;
  for (const Point& p : trials) {
    run_.push_back(runs.try_emplace(run_of(p), runs.size()).first->second);
  }
  if (trials.empty()) return;
  sequences_ = trials.front().sequence_losses.size();
  for (const Point& p : trials) {
    if (p.sequence_losses.size() != sequences_) sequences_ = 0;
  }
}

std::vector<double> LossDraws::losses(std::uint64_t draw) const {
  static const std::uint64_t kDeviation = stream_of("noise/deviation");
  static const std::uint64_t kRun = stream_of("noise/run");
  static const std::uint64_t kEvaluation = stream_of("noise/evaluation");
  static const std::uint64_t kSequence = stream_of("noise/sequence");
  std::vector<double> losses(trials_.size());
  std::vector<double> excess(sequences_, -1.0);  // times drawn, less the once it counts already
  for (std::size_t s = 0; s < sequences_; ++s) {
    excess[random_below(seed_, kSequence, draw * sequences_ + s, sequences_)] += 1;
  }
  double deviation = 0;
  if (noise_.measured) {
    const double u = random_uniform(seed_, kDeviation, draw);
    deviation = noise_.deviation / std::sqrt(scaled_chi_squared(noise_.degrees, u));
  }
  const double whole = deviation * std::sqrt(noise_.shared);
  const double part = deviation * std::sqrt(1 - noise_.shared);
  for (std::size_t i = 0; i < trials_.size(); ++i) {
    double shift = 0;
    for (std::size_t s = 0; s < sequences_; ++s) {
      shift += excess[s] * static_cast<double>(trials_[i].sequence_losses[s]);
    }
    if (sequences_ > 0) shift /= static_cast<double>(sequences_);
    losses[i] = trials_[i].loss + shift;
    if (deviation > 0) {
      losses[i] += whole * random_normal(seed_, kRun, run_[i], draw) +
                   part * random_normal(seed_, kEvaluation, i, draw);
    }
  }
  return losses;
}

}  // namespace isoloss
