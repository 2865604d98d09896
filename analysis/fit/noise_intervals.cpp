#include "analysis/fit/noise_intervals.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <utility>

#include "analysis/fit/fit_flags.h"
#include "analysis/fit/fit_intervals.h"
#include "analysis/fit/fit_points.h"
#include "analysis/fit/frontier_bias.h"
#include "analysis/fit/noise_scatter.h"
#include "analysis/fit/residual_noise_of_trials.h"
#include "analysis/numbers/parallel_for.h"
#include "analysis/points/flag.h"

namespace isoloss {
namespace {

constexpr std::size_t kFrontierStarts = 2;  // of a draw, beside the fit itself

// An asymmetric objective's optimum moves with noise alone, so that it has no profile by noise.
bool can_profile(std::size_t points, ObjectiveKind kind) {
  return points <= kMostInLossNoise && kind != ObjectiveKind::AsymmetricHuber;
}

SeedNoise noise_of(const PointTable& table, const FitOptions& options) {
  std::vector<Point> results;
  for (const Point& point : table.points) {
    if (is_result(point) && !(point.budget < options.from_budget)) results.push_back(point);
  }
  return measure_seed_noise(results);
}

}  // namespace

std::optional<SeedNoise> measured_noise(const PointTable& table, std::span<const Point> points,
                                        const FitOptions& options) {
  const ObjectiveKind kind = options.objective.value_or(ObjectiveKind::Huber);
  if (!can_profile(points.size(), kind)) return std::nullopt;
  SeedNoise noise = noise_of(table, options);
  if (!noise.measured || !(noise.deviation > 0)) return std::nullopt;
  return noise;
}

std::string words_of(const LossDraws& noisy) {
  return noisy.sequences() > 0
             ? "seed noise of whole runs, measured from replicates, and paired held-out noise"
             : "seed noise of whole runs, measured from replicates";
}

namespace {

// Away from the bias that parabolas give the estimate.
void move_interval(const std::pair<std::string, double>& estimate, double bias,
                   std::vector<NamedInterval>& intervals) {
  const auto& [name, value] = estimate;
  for (auto& [of, interval] : intervals) {
    if (of != name) continue;
    // The coefficient's intervals are of its logarithm.
    const double ratio = name == "a" ? value / (value + bias) : 1;
    const double shift = name == "a" ? 0 : bias;
    if (!(ratio > 0)) continue;
    interval.first = std::max(0.0, ratio * interval.first - shift);
    interval.second = std::max(0.0, ratio * interval.second - shift);
  }
}

// The law fitted again to each draw's data; empty data: the draw failed.
ParameterDraws fit_draws(const ProfileProblem& fit, const FitOptions& options, std::size_t starts,
                         std::size_t parameters,
                         const std::function<std::optional<LawData>(std::size_t)>& data_of) {
  ParameterDraws draws(static_cast<std::size_t>(options.bootstrap),
                       std::vector<double>(parameters, kFailed));
  parallel_for(draws.size(), options.threads, [&](std::size_t r) {
    const std::optional<LawData> data = data_of(r);
    if (!data || !(data->loss.minCoeff() > 0)) return;
    const LawSolution again =
        solve_law(fit.law, *data, fit.objective, options.floor, starts, fit.solution.state);
    if (!again.converged) return;
    const auto named = named_parameters(fit.law, *data, again.state);
    for (std::size_t j = 0; j < named.size(); ++j) draws[r][j] = named[j].second;
  });
  return draws;
}

LawData with_losses(LawData data, const std::vector<double>& losses) {
  data.loss = Eigen::Map<const Eigen::ArrayXd>(losses.data(), data.points());
  data.log_loss = data.loss.log();
  return data;
}

std::vector<NamedInterval> scatter_intervals(const ProfileProblem& fit, const LawScatter& scatter,
                                             double level) {
  return lack_of_fit_intervals(fit.law, fit.data, fit.solution, scatter, fit.objective, fit.floor,
                               level);
}

}  // namespace

void add_noise_intervals(const ProfileProblem& fitted, std::span<const Point> points,
                         const SeedNoise& noise, const LawScatter& scatter,
                         const FitOptions& options, Fit& fit) {
  const LossDraws noisy(points, noise, options.seed);
  // About the law, not about the measured losses: a robust objective moves by more where the
  // losses carry their own noise and a draw's on top of it.
  const Eigen::ArrayXd law = predict(fitted.law, fitted.data, fitted.solution.state);
  const ParameterDraws draws = fit_draws(
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

void add_frontier_intervals(const ProfileProblem& fitted, const LawScatter& scatter,
                            const PointTable& table, std::span<const Point> trials,
                            const Frontier& frontier, const FitOptions& options, Fit& fit) {
  fit.lack_of_fit = scatter_intervals(fitted, scatter, options.level);
  fit.intervals = fit.lack_of_fit;
  const auto by_scatter = [&](const std::string& why) {
    fit.uncertainty = fit.lack_of_fit.empty() ? "not known: no point more than parameters"
                                              : "scatter about the law (Student t)";
    fit.interval_kind =
        fit.lack_of_fit.empty() ? IntervalKind::None : IntervalKind::ResidualScatter;
    fit.uncertainty += why;
  };
  if (scatter.degrees > 0) fit.basis = basis_of(fitted.data, scatter);
  SeedNoise noise = noise_of(table, options);
  const bool replicated = noise.measured && noise.deviation > 0;
  const std::string why = noise.measured ? ": replicates of another seed have equal losses"
                                         : ": no run has a replicate of another seed";
  if (!replicated) {
    fit.flags.push_back(flag_text(Flag::SeedNoiseNotMeasured));
    const auto residual = can_profile(trials.size(), fitted.objective.kind)
                              ? residual_noise_of_trials(trials)
                              : std::nullopt;
    if (!residual) return by_scatter(why);
    noise = *residual;
  }
  FrontierOptions same;
  same.from_budget = options.from_budget;
  const LossDraws noisy(trials, noise, options.seed);
  const bool profiled = can_profile(trials.size(), fitted.objective.kind);
  if (profiled) {
    const auto bias = frontier_bias(trials, frontier, same, fitted.objective, fitted.floor);
    // What parabolas explain of the scatter is moved out, and counts as noise no more.
    LawScatter left = scatter;
    if (bias) {
      const Eigen::ArrayXd exact = fitted.data.loss - bias->losses.array();
      const LawData moved = with_losses(fitted.data, {exact.begin(), exact.end()});
      const LawSolution again = solve_law(fitted.law, moved, fitted.objective, fitted.floor,
                                          kFrontierStarts, fitted.solution.state);
      if (again.converged) {
        left = scatter_of(fitted.law, moved, again, fitted.objective, fitted.floor);
      }
    }
    const LawScatter by_noise =
        noise_scatter(fitted.law, fitted.data, fitted.solution, fitted.objective, fitted.floor,
                      frontier_noise(trials, noise, frontier, same), left);
    if (!(by_noise.degrees > 0)) {
      return by_scatter(": the frontier's noise is zero or beyond what a double holds");
    }
    fit.basis = basis_of(fitted.data, by_noise);
    fit.intervals = scatter_intervals(fitted, by_noise, options.level);
    fit.interval_kind = replicated ? IntervalKind::NoiseProfile : IntervalKind::ResidualScatter;
    if (replicated) flag_misfit(by_noise.misfit, by_noise.misfit_p, fit);
    fit.uncertainty =
        replicated
            ? words_of(noisy)
            : "scatter of the trials about their chinchilla law, carried through the frontier";
    fit.uncertainty += " (profile, Student t)";
    if (!replicated) fit.uncertainty += why;
    if (bias) {
      fit.basis->shift = coordinates_moved(fitted.law, fitted.data, fitted.solution,
                                           fitted.objective.space, fitted.floor, bias->losses);
      for (std::size_t j = 0; j < fit.parameters.size(); ++j) {
        move_interval(fit.parameters[j], bias->parameters[j], fit.intervals);
      }
      fit.uncertainty += ", moved by what parabolas do to the frontier of the chinchilla law";
      flag_outside_intervals(fit);
    }
  } else {
    by_scatter(options.bootstrap == 0 ? ": no draws of the noise were asked for"
                                      : ": too many draws of the noise failed");
  }
  if (options.bootstrap == 0 || !replicated) return;
  const ParameterDraws draws =
      fit_draws(fitted, options, kFrontierStarts, fit.parameters.size(),
                [&](std::size_t r) -> std::optional<LawData> {
                  const std::vector<FrontierPoint> used =
                      compute_frontier(trials, noisy.losses(r), same, &frontier).used();
                  if (used.size() < fit.n) return std::nullopt;
                  return frontier_data(used);
                });
  fit.draw_kind = DrawKind::Noise;
  add_percentiles(draws, options, options.level, fit);
  if (profiled || fit.bootstrap_intervals.empty()) return;
  fit.intervals = fit.bootstrap_intervals;
  fit.interval_kind = IntervalKind::NoiseDraws;
  fit.uncertainty = words_of(noisy) + " (draws)";
}

}  // namespace isoloss
