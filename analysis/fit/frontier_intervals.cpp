#include "analysis/fit/frontier_intervals.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "analysis/fit/fit_flags.h"
#include "analysis/fit/fit_intervals.h"
#include "analysis/fit/fit_points.h"
#include "analysis/fit/frontier_bias.h"
#include "analysis/fit/noise_intervals.h"
#include "analysis/fit/noise_scatter.h"
#include "analysis/fit/refitted_draws.h"
#include "analysis/fit/residual_noise_of_trials.h"
#include "analysis/points/flag.h"

namespace isoloss {
namespace {

constexpr std::size_t kFrontierStarts = 2;  // of a draw, beside the fit itself
constexpr const char* kNoNoise = ": the frontier's noise is zero or beyond what a double holds";

// What a frontier is made of.
struct FrontierSource {
  std::span<const Point> trials;
  const Frontier& frontier;
  FrontierOptions options;
};

// Noise of the trials, and what an interval by it is said to rest on.
struct NoiseOfTrials {
  SeedNoise noise;
  bool replicated = false;  // measured from replicates
  std::string words;
};

// By the scatter of the frontier's points about the law; `why` there is nothing better.
void use_scatter(const std::string& why, Fit& fit) {
  const bool none = fit.lack_of_fit.empty();
  fit.intervals = fit.lack_of_fit;
  fit.interval_kind = none ? IntervalKind::None : IntervalKind::ResidualScatter;
  fit.uncertainty =
      (none ? "not known: no point more than parameters" : "scatter about the law (Student t)") +
      why;
}

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

// What parabolas explain of the scatter is moved out, and counts as noise no more.
LawScatter scatter_without(const FrontierBias& bias, const ProfileProblem& fitted,
                           const LawScatter& scatter) {
  const Eigen::ArrayXd exact = fitted.data.loss - bias.losses.array();
  const LawData moved = with_losses(fitted.data, {exact.begin(), exact.end()});
  const LawSolution again = solve_law(fitted.law, moved, fitted.objective, fitted.floor,
                                      kFrontierStarts, fitted.solution.state);
  if (!again.converged) return scatter;
  return scatter_of(fitted.law, moved, again, fitted.objective, fitted.floor);
}

void move_by_bias(const FrontierBias& bias, const ProfileProblem& fitted, Fit& fit) {
  fit.basis->shift = coordinates_moved(fitted.law, fitted.data, fitted.solution,
                                       fitted.objective.space, fitted.floor, bias.losses);
  for (std::size_t j = 0; j < fit.parameters.size(); ++j) {
    move_interval(fit.parameters[j], bias.parameters[j], fit.intervals);
  }
  fit.uncertainty += ", moved by what parabolas do to the frontier of the chinchilla law";
  flag_outside_intervals(fit);
}

// By the profile with the trials' noise, carried through the frontier; false where that is zero or
// beyond what a double holds, and nothing is changed.
bool use_profile(const ProfileProblem& fitted, const LawScatter& scatter,
                 const FrontierSource& source, const NoiseOfTrials& of, double level, Fit& fit) {
  const auto bias =
      frontier_bias(source.trials, source.frontier, source.options, fitted.objective, fitted.floor);
  const LawScatter by_noise =
      noise_scatter(fitted.law, fitted.data, fitted.solution, fitted.objective, fitted.floor,
                    frontier_noise(source.trials, of.noise, source.frontier, source.options),
                    bias ? scatter_without(*bias, fitted, scatter) : scatter);
  if (!(by_noise.degrees > 0)) return false;
  fit.basis = basis_of(fitted.data, by_noise);
  fit.intervals = scatter_intervals(fitted, by_noise, level);
  fit.interval_kind = of.replicated ? IntervalKind::NoiseProfile : IntervalKind::ResidualScatter;
  fit.uncertainty = of.words;
  if (of.replicated) flag_misfit(by_noise.misfit, by_noise.misfit_p, fit);
  if (bias) move_by_bias(*bias, fitted, fit);
  return true;
}

// Where no run has a replicate whose loss differs.
void use_residual_noise(const ProfileProblem& fitted, const LawScatter& scatter,
                        const FrontierSource& source, const SeedNoise& measured, double level,
                        Fit& fit) {
  const std::string why = measured.measured ? ": replicates of another seed have equal losses"
                                            : ": no run has a replicate of another seed";
  fit.flags.push_back(flag_text(Flag::SeedNoiseNotMeasured));
  const auto residual = can_profile(source.trials.size(), fitted.objective.kind)
                            ? residual_noise_of_trials(source.trials)
                            : std::nullopt;
  if (!residual) return use_scatter(why, fit);
  const NoiseOfTrials of{*residual, false,
                         "scatter of the trials about their chinchilla law, carried through the "
                         "frontier (profile, Student t)" +
                             why};
  if (!use_profile(fitted, scatter, source, of, level, fit)) use_scatter(kNoNoise, fit);
}

void add_frontier_draws(const ProfileProblem& fitted, const FrontierSource& source,
                        const LossDraws& noisy, const FitOptions& options, Fit& fit) {
  const ParameterDraws draws = refitted_draws(
      fitted, options, kFrontierStarts, fit.parameters.size(),
      [&](std::size_t r) -> std::optional<LawData> {
        const std::vector<FrontierPoint> used =
            compute_frontier(source.trials, noisy.losses(r), source.options, &source.frontier)
                .used();
        if (used.size() < fit.n) return std::nullopt;
        return frontier_data(used);
      });
  fit.draw_kind = DrawKind::Noise;
  add_percentiles(draws, options, options.level, fit);
}

// By percentiles of the draws, where noise has no profile.
void use_draws(const LossDraws& noisy, const FitOptions& options, Fit& fit) {
  if (options.bootstrap == 0) return use_scatter(": no draws of the noise were asked for", fit);
  if (fit.bootstrap_intervals.empty()) {
    return use_scatter(": too many draws of the noise failed", fit);
  }
  fit.intervals = fit.bootstrap_intervals;
  fit.interval_kind = IntervalKind::NoiseDraws;
  fit.uncertainty = words_of(noisy) + " (draws)";
}

}  // namespace

void add_frontier_intervals(const ProfileProblem& fitted, const LawScatter& scatter,
                            const PointTable& table, std::span<const Point> trials,
                            const Frontier& frontier, const FitOptions& options, Fit& fit) {
  fit.lack_of_fit = scatter_intervals(fitted, scatter, options.level);
  if (scatter.degrees > 0) fit.basis = basis_of(fitted.data, scatter);
  FrontierOptions same;
  same.from_budget = options.from_budget;
  const FrontierSource source{trials, frontier, same};
  const SeedNoise noise = seed_noise_of(table, options);
  if (!noise.measured || !(noise.deviation > 0)) {
    return use_residual_noise(fitted, scatter, source, noise, options.level, fit);
  }
  const LossDraws noisy(trials, noise, options.seed);
  const bool profiled = can_profile(trials.size(), fitted.objective.kind);
  if (profiled) {
    const NoiseOfTrials of{noise, true, words_of(noisy) + " (profile, Student t)"};
    if (!use_profile(fitted, scatter, source, of, options.level, fit)) {
      return use_scatter(kNoNoise, fit);
    }
  }
  if (options.bootstrap > 0) add_frontier_draws(fitted, source, noisy, options, fit);
  if (!profiled) use_draws(noisy, options, fit);
}

}  // namespace isoloss
