#include "analysis/fit/seed_noise.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <string>
#include <tuple>

#include "analysis/numbers/statistics.h"
#include "model/spec/counter_random.h"

namespace isoloss {
namespace {

// The lower Cholesky factor of a positive semidefinite matrix in its lower half, in place; columns
// whose pivot is rounding are zero.
void factorise(std::vector<std::vector<double>>& matrix) {
  for (std::size_t j = 0; j < matrix.size(); ++j) {
    double pivot = matrix[j][j];
    for (std::size_t k = 0; k < j; ++k) pivot -= matrix[j][k] * matrix[j][k];
    const double root = pivot > 1e-12 * matrix[j][j] ? std::sqrt(pivot) : 0;
    for (std::size_t i = j + 1; i < matrix.size(); ++i) {
      double rest = matrix[i][j];
      for (std::size_t k = 0; k < j; ++k) rest -= matrix[i][k] * matrix[j][k];
      matrix[i][j] = root > 0 ? rest / root : 0;
    }
    matrix[j][j] = root;
  }
}

// Adds what deviations of one seed at two budgets have in common, and how many such pairs say so.
void add_shared(const std::vector<std::map<std::int64_t, double>>& deviations, double& products,
                double& pairs) {
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
}

}  // namespace

SeedNoise measure_seed_noise(std::span<const Point> trials) {
  std::map<SeedFamily, std::map<double, std::map<std::int64_t, double>>> families;
  for (const Point& p : trials) {
    if (p.has_seed) families[seed_family(p)][budget_of(p)][p.seed] = p.loss;
  }
  SeedNoise noise;
  std::map<double, std::size_t> column;
  for (const auto& [family, budgets] : families) {
    for (const auto& [budget, by_seed] : budgets) {
      if (by_seed.size() > 1) column.try_emplace(budget, 0);
    }
  }
  for (auto& [budget, at] : column) {
    at = noise.budgets.size();
    noise.budgets.push_back(budget);
  }
  const std::size_t count = noise.budgets.size();
  const bool few = count <= SeedNoise::kMostBudgets;
  if (few) noise.factor.assign(count, std::vector<double>(count, 0.0));
  std::vector<double> degrees(count, 0.0);
  double squares = 0, cells = 0, products = 0, pairs = 0;
  for (const auto& [family, budgets] : families) {
    std::size_t seeds = 0;
    std::map<std::int64_t, std::vector<double>> of_run;
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
        auto& row = of_run.try_emplace(seed, few ? count : 0, 0.0).first->second;
        if (few) row[column.at(budget)] = loss - mean;
      }
      degrees[column.at(budget)] += static_cast<double>(by_seed.size() - 1);
      cells += static_cast<double>(by_seed.size() - 1);
    }
    if (seeds < 2) continue;
    for (const auto& [seed, row] : of_run) {
      for (std::size_t i = 0; i < row.size(); ++i) {
        for (std::size_t j = 0; j <= i; ++j) noise.factor[i][j] += row[i] * row[j];
      }
    }
    add_shared(deviations, products, pairs);
    ++noise.replicates;
    noise.degrees += static_cast<int>(seeds) - 1;
    const int here = static_cast<int>(seeds);
    noise.fewest_seeds = noise.fewest_seeds == 0 ? here : std::min(noise.fewest_seeds, here);
  }
  if (cells == 0) return noise;
  for (std::size_t i = 0; i < noise.factor.size(); ++i) {
    for (std::size_t j = 0; j <= i; ++j) noise.factor[i][j] /= std::sqrt(degrees[i] * degrees[j]);
  }
  factorise(noise.factor);
  noise.degrees_at_budget =
      std::accumulate(degrees.begin(), degrees.end(), 0.0) / static_cast<double>(count);
  noise.measured = true;
  const double variance = squares / cells;
  noise.deviation = std::sqrt(variance);
  if (pairs > 0 && variance > 0) noise.shared = std::clamp(products / pairs / variance, 0.5, 1.0);
  const double each = cells / noise.degrees;
  noise.deviation_degrees = cells / (1 + (each - 1) * noise.shared * noise.shared);
  return noise;
}

double seed_covariance(const SeedNoise& noise, const Point& a, const Point& b) {
  const double budgets[2] = {budget_of(a), budget_of(b)};
  std::size_t at[2] = {0, 0};
  bool found = !noise.factor.empty();
  for (const int i : {0, 1}) {
    const auto place = std::find(noise.budgets.begin(), noise.budgets.end(), budgets[i]);
    found = found && place != noise.budgets.end();
    at[i] = static_cast<std::size_t>(place - noise.budgets.begin());
  }
  const double variance = noise.deviation * noise.deviation;
  if (!found) return budgets[0] == budgets[1] ? variance : noise.shared * variance;
  double sum = 0;
  for (std::size_t j = 0; j <= std::min(at[0], at[1]); ++j) {
    sum += noise.factor[at[0]][j] * noise.factor[at[1]][j];
  }
  return sum;
}

SeedFamily seed_family(const Point& p) {
  const auto or_zero = [](double value) { return std::isnan(value) ? 0 : value; };
  return {p.architecture, p.size, or_zero(p.parameters), or_zero(p.learning_rate)};
}

double budget_of(const Point& p) { return std::isnan(p.budget) ? p.flops : p.budget; }

bool same_run(const Point& a, const Point& b) {
  return a.run == b.run && a.seed == b.seed && seed_family(a) == seed_family(b);
}

LossDraws::LossDraws(std::span<const Point> trials, const SeedNoise& noise, std::uint64_t seed)
    : trials_(trials), noise_(noise), seed_(seed) {
  std::map<std::tuple<std::string, SeedFamily, std::int64_t>, std::size_t> runs;
  for (const Point& p : trials) {
    run_.push_back(runs.try_emplace({p.run, seed_family(p), p.seed}, runs.size()).first->second);
  }
  if (trials.empty()) return;
  for (const Point& p : trials) {
    const auto at = std::find(noise.budgets.begin(), noise.budgets.end(), budget_of(p));
    if (noise.factor.empty() || at == noise.budgets.end()) break;
    budget_.push_back(static_cast<std::size_t>(at - noise.budgets.begin()));
  }
  if (budget_.size() < trials.size()) budget_.clear();
  sequences_ = trials.front().sequence_losses.size();
  for (const Point& p : trials) {
    if (p.sequence_losses.size() != sequences_) sequences_ = 0;
  }
}

// Before the division by the root of chi squared.
double LossDraws::seed_shift(std::size_t trial, std::uint64_t draw) const {
  static const std::uint64_t kRun = stream_of("noise/run");
  static const std::uint64_t kEvaluation = stream_of("noise/evaluation");
  if (budget_.empty()) {
    return noise_.deviation *
           (std::sqrt(noise_.shared) * random_normal(seed_, kRun, run_[trial], draw) +
            std::sqrt(1 - noise_.shared) * random_normal(seed_, kEvaluation, trial, draw));
  }
  double shift = 0;
  const std::vector<double>& row = noise_.factor[budget_[trial]];
  for (std::size_t j = 0; j <= budget_[trial]; ++j) {
    if (row[j] == 0) continue;
    shift += row[j] * random_normal(seed_, kRun, run_[trial] * row.size() + j, draw);
  }
  return shift;
}

std::vector<double> LossDraws::losses(std::uint64_t draw) const {
  static const std::uint64_t kDeviation = stream_of("noise/deviation");
  static const std::uint64_t kSequence = stream_of("noise/sequence");
  std::vector<double> losses(trials_.size());
  std::vector<double> excess(sequences_, -1.0);  // times drawn, less the once it counts already
  for (std::size_t s = 0; s < sequences_; ++s) {
    excess[random_below(seed_, kSequence, draw * sequences_ + s, sequences_)] += 1;
  }
  double scale = 0;
  if (noise_.measured && noise_.deviation > 0) {
    const double u = random_uniform(seed_, kDeviation, draw);
    // A covariance by budget is known from the replicates at that budget alone.
    const double degrees = budget_.empty()
                               ? noise_.degrees
                               : std::min<double>(noise_.degrees, noise_.degrees_at_budget);
    scale = 1 / std::sqrt(scaled_chi_squared(degrees, u));
  }
  for (std::size_t i = 0; i < trials_.size(); ++i) {
    double shift = 0;
    for (std::size_t s = 0; s < sequences_; ++s) {
      shift += excess[s] * static_cast<double>(trials_[i].sequence_losses[s]);
    }
    if (sequences_ > 0) shift /= static_cast<double>(sequences_);
    losses[i] = trials_[i].loss + shift;
    if (scale > 0) losses[i] += scale * seed_shift(i, draw);
  }
  return losses;
}

}  // namespace isoloss
