#include "analysis/scores/accuracy_noise.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "analysis/numbers/statistics.h"
#include "model/spec/counter_random.h"

namespace isoloss {

ResidualNoise residual_noise(const std::vector<double>& residuals,
                             std::span<const AccuracyPoint> points, double parameters) {
  struct Run {
    double squares = 0, points = 0;
  };
  std::map<std::string, Run> runs;
  ResidualNoise out;
  double squares = 0;
  for (std::size_t i = 0; i < residuals.size(); ++i) {
    const double square = residuals[i] * residuals[i];
    squares += square;
    Run& run = runs[points[i].run];
    run.squares += square;
    run.points += 1;
    out.runs.push_back(points[i].run);
  }
  out.left = static_cast<double>(residuals.size()) - parameters;
  out.degrees = std::min(out.left, static_cast<double>(runs.size()) - 1);
  out.deviation = out.left > 0 ? std::sqrt(squares / out.left) : kNone;
  for (std::size_t i = 0; i < residuals.size(); ++i) {
    const Run& run = runs[points[i].run];
    const double own = std::sqrt(run.squares / run.points);
    out.pattern.push_back(own > 0 ? residuals[i] / own : 0);
  }
  return out;
}

std::vector<ResidualNoise> of_one_size(std::vector<ResidualNoise> noises) {
  double squares = 0, left = 0, degrees = 0;
  for (const ResidualNoise& noise : noises) {
    if (noise.degrees < 1) continue;
    squares += noise.left * noise.deviation * noise.deviation;
    left += noise.left;
    degrees += noise.degrees;
  }
  for (ResidualNoise& noise : noises) {
    if (noise.degrees < 1) continue;
    noise.deviation = std::sqrt(squares / left);
    noise.degrees = degrees;
  }
  return noises;
}

double drawn_size(const ResidualNoise& noise, const std::string& step, std::uint64_t seed,
                  std::uint64_t draw) {
  const double u = random_uniform(seed, stream_of("size of residuals " + step), draw);
  return 1 / std::sqrt(scaled_chi_squared(noise.degrees, u));
}

std::vector<double> drawn_noise(const ResidualNoise& noise, const std::string& step,
                                std::uint64_t seed, std::uint64_t draw) {
  const double size = noise.deviation * drawn_size(noise, step, seed, draw);
  std::vector<double> out;
  for (std::size_t i = 0; i < noise.pattern.size(); ++i) {
    out.push_back(size * noise.pattern[i] *
                  random_normal(seed, stream_of("residuals of run " + noise.runs[i]), draw));
  }
  return out;
}

}  // namespace isoloss
