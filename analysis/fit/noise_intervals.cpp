#include "analysis/fit/noise_intervals.h"

#include <vector>

#include "analysis/fit/fit_flags.h"
#include "analysis/fit/fit_intervals.h"
#include "analysis/fit/loss_noise.h"
#include "analysis/fit/refitted_draws.h"

namespace isoloss {

bool can_profile(std::size_t points, ObjectiveKind kind) {
  return points <= kMostInLossNoise && kind != ObjectiveKind::AsymmetricHuber;
}

SeedNoise seed_noise_of(const PointTable& table, const FitOptions& options) {
  std::vector<Point> results;
  for (const Point& point : table.points) {
    if (is_result(point) && !(point.budget < options.from_budget)) results.push_back(point);
  }
  return measure_seed_noise(results);
}

std::optional<SeedNoise> measured_noise(const PointTable& table, std::span<const Point> points,
                                        const FitOptions& options) {
  const ObjectiveKind kind = options.objective.value_or(ObjectiveKind::Huber);
  if (!can_profile(points.size(), kind)) return std::nullopt;
  SeedNoise noise = seed_noise_of(table, options);
  if (!noise.measured || !(noise.deviation > 0)) return std::nullopt;
  return noise;
}

std::string words_of(const LossDraws& noisy) {
  return noisy.sequences() > 0
             ? "seed noise of whole runs, measured from replicates, and paired held-out noise"
             : "seed noise of whole runs, measured from replicates";
}

void add_noise_intervals(const ProfileProblem& fitted, std::span<const Point> points,
                         const SeedNoise& noise, const LawScatter& scatter,
                         const FitOptions& options, Fit& fit) {
  const LossDraws noisy(points, noise, options.seed);
  // About the law, not about the measured losses: a robust objective moves by more where the
  // losses carry their own noise and a draw's on top of it.
  const Eigen::ArrayXd law = predict(fitted.law, fitted.data, fitted.solution.state);
  const ParameterDraws draws = refitted_draws(
      fitted, options, 0, fit.parameters.size(), [&](std::size_t r) -> std::optional<LawData> {
        std::vector<double> losses = noisy.losses(r);
        for (std::size_t i = 0; i < losses.size(); ++i) {
          losses[i] += law[static_cast<Eigen::Index>(i)] - points[i].loss;
        }
        return with_losses(fitted.data, losses);
      });
  if (!draws.empty()) fit.draw_kind = DrawKind::Noise;
  add_percentiles(draws, options, options.level, fit);
  fit.intervals = scatter_intervals(fitted, scatter, options.level);
  fit.interval_kind = IntervalKind::NoiseProfile;
  flag_misfit(scatter.misfit, scatter.misfit_p, fit);
  fit.uncertainty = words_of(noisy) + " (profile, Student t)";
  flag_wide_intervals(fitted.law, fit.intervals, fit);
}

}  // namespace isoloss
