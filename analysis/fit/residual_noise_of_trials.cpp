#include "analysis/fit/residual_noise_of_trials.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "analysis/fit/chinchilla_fit.h"

namespace isoloss {
namespace {

constexpr int kParametersOfLaw = 5;
constexpr double kExactly = 1e-7;  // nats

// Residuals of each run; of each trial where trials name no run.
std::vector<std::vector<double>> residuals_by_run(std::span<const Point> trials,
                                                  const ChinchillaFit& fit) {
  std::map<std::string, std::vector<double>> named;
  std::vector<std::vector<double>> out;
  for (std::size_t i = 0; i < trials.size(); ++i) {
    const double residual = trials[i].loss - fit.losses[static_cast<Eigen::Index>(i)];
    if (trials[i].run.empty()) {
      out.push_back({residual});
    } else {
      named[trials[i].run].push_back(residual);
    }
  }
  for (auto& [run, residuals] : named) out.push_back(std::move(residuals));
  return out;
}

}  // namespace

std::optional<SeedNoise> residual_noise_of_trials(std::span<const Point> trials) {
  const auto fit = fit_chinchilla(trials);
  if (!fit) return std::nullopt;
  const auto runs = residuals_by_run(trials, *fit);
  const int degrees = static_cast<int>(runs.size()) - kParametersOfLaw;
  if (degrees < 1) return std::nullopt;
  double squares = 0, products = 0, pairs = 0;
  for (const std::vector<double>& run : runs) {
    for (std::size_t i = 0; i < run.size(); ++i) {
      squares += run[i] * run[i];
      for (std::size_t j = 0; j < i; ++j) products += run[i] * run[j];
      pairs += static_cast<double>(i);
    }
  }
  const double mean_square = squares / static_cast<double>(trials.size());
  SeedNoise noise;
  noise.measured = true;
  noise.deviation = std::sqrt(mean_square * static_cast<double>(runs.size()) / degrees);
  if (!(noise.deviation > kExactly)) return std::nullopt;
  noise.degrees = degrees;
  noise.deviation_degrees = noise.degrees_at_budget = degrees;
  // Held between 1/2 and 1 as that of replicates is.
  if (pairs > 0) noise.shared = std::clamp(products / pairs / mean_square, 0.5, 1.0);
  return noise;
}

}  // namespace isoloss
