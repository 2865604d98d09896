#include "analysis/scores/accuracy_fit.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "analysis/laws/laws.h"
#include "analysis/scores/accuracy_noise.h"
#include "model/spec/counter_random.h"
#include "model/spec/error.h"

namespace isoloss {
namespace {

constexpr std::int64_t kFewestItems = 16;  // of a task: of fewer an accuracy has hardly a value
constexpr double kSigmoidParameters = 3;   // rise, slope, middle
constexpr AccuracyCurve kFailedCurve{{kNone, kNone, kNone}, {kNone, kNone, kNone, kNone}};

std::vector<AccuracyPoint> points_for(const AccuracyTask& task, const std::string& architecture) {
  std::vector<AccuracyPoint> out;
  for (const AccuracyPoint& point : task.points) {
    if (architecture.empty() || point.architecture == architecture) out.push_back(point);
  }
  return out;
}

double parameters_of(const TaskLossFit& fit) { return fit.law == "chinchilla" ? 5 : 3; }

std::optional<LossOfCompute> one_step_of(const std::vector<AccuracyPoint>& points) {
  std::vector<double> flops, loss;
  for (const AccuracyPoint& point : points) {
    if (!(point.accuracy > 0 && point.accuracy < 1)) return std::nullopt;
    flops.push_back(point.flops);
    loss.push_back(-std::log(point.accuracy));
  }
  if (points.size() < 2) return std::nullopt;
  const Law law = power_law();
  const LawData data = law_data(flops, loss);
  const LawSolution solution =
      solve_law(law, data, {ObjectiveKind::Squares, 0, FitSpace::Log}, {FloorChoice::Zero, 0, {}});
  if (!solution.converged) return std::nullopt;
  const auto named = named_parameters(law, data, solution.state);
  return LossOfCompute{named[0].second, named[1].second, 0};
}

ResidualNoise noise_of_loss(const TaskLossFit& fit) {
  std::vector<double> residuals;
  for (std::size_t i = 0; i < fit.points.size(); ++i) {
    residuals.push_back(std::log(fit.points[i].task_loss / fit.predicted[i]));
  }
  return residual_noise(residuals, fit.points, parameters_of(fit));
}

// One size of noise serves the losses of all architectures, and so does its draw.
const std::string kLossStep = "of loss";

// Step 1 drawn again.
TaskLossFit drawn_loss(const TaskLossFit& fit, const ResidualNoise& noise, std::uint64_t seed,
                       std::uint64_t draw) {
  std::vector<double> losses = drawn_noise(noise, kLossStep, seed, draw);
  for (std::size_t i = 0; i < losses.size(); ++i) {
    losses[i] = fit.predicted[i] * std::exp(losses[i]);
  }
  return refit(fit, losses);
}

// Step 2 with draws of it: absent where one did not converge, and none where residuals tell
// nothing.
struct DrawnSigmoid {
  AccuracyOfLoss curve;
  std::string step;  // whose residuals
  ResidualNoise noise;
  std::vector<std::optional<AccuracyOfLoss>> draws;
};

DrawnSigmoid drawn_sigmoid(const SigmoidFit& fit, const std::vector<AccuracyPoint>& points,
                           const std::string& step, const AccuracyOptions& options) {
  DrawnSigmoid out{fit.curve, step, residual_noise(fit.residuals, points, kSigmoidParameters), {}};
  for (int draw = 0; draw < options.draws && out.noise.degrees >= 1; ++draw) {
    std::vector<double> accuracies =
        drawn_noise(out.noise, step, options.seed, static_cast<std::uint64_t>(draw));
    for (std::size_t i = 0; i < accuracies.size(); ++i) {
      accuracies[i] += fit.data.loss[static_cast<Eigen::Index>(i)] - fit.residuals[i];
    }
    const SigmoidFit drawn = refit(fit, accuracies);
    out.draws.push_back(drawn.solution.converged ? std::optional(drawn.curve) : std::nullopt);
  }
  return out;
}

// What an architecture's draws are made of.
struct FittedSteps {
  ResidualNoise loss;
  DrawnSigmoid sigmoid;
};

// One more trial strays in loss and in accuracy about the sigmoid, by as much as the points do, and
// both the same way or not, as they do at one of the points.
Stray drawn_stray(const ArchitectureAccuracy& fit, const FittedSteps& steps, std::uint64_t seed,
                  std::uint64_t draw) {
  const std::uint64_t stream = stream_of("one more trial, " + fit.architecture);
  const std::size_t like = random_below(seed, stream_of("like which, " + fit.architecture), draw,
                                        fit.loss->points.size());
  const AccuracyPoint& point = fit.loss->points[like];
  const double loss = std::copysign(steps.loss.deviation, steps.loss.pattern[like]);
  const double accuracy =
      std::copysign(steps.sigmoid.noise.deviation,
                    point.accuracy - steps.sigmoid.curve.accuracy(point.task_loss));
  const double normal = random_normal(seed, stream, draw);
  return {std::exp(normal * loss * drawn_size(steps.loss, kLossStep, seed, draw)),
          normal * accuracy * drawn_size(steps.sigmoid.noise, steps.sigmoid.step, seed, draw)};
}

void draw_curves(ArchitectureAccuracy& out, const FittedSteps& steps,
                 const AccuracyOptions& options) {
  if (out.degrees < 1) return;
  for (std::size_t i = 0; i < steps.sigmoid.draws.size(); ++i) {
    const TaskLossFit loss = drawn_loss(*out.loss, steps.loss, options.seed, i);
    const bool both = steps.sigmoid.draws[i] && loss.solution.converged;
    out.draws.push_back(both ? AccuracyCurve{loss.curve, *steps.sigmoid.draws[i]} : kFailedCurve);
    out.strays.push_back(drawn_stray(out, steps, options.seed, i));
  }
}

// Both steps of one architecture; absent where they are refused.
std::optional<FittedSteps> fit_one(const AccuracyTask& task, const AccuracyFit& fit,
                                   const DrawnSigmoid& shared, const AccuracyOptions& options,
                                   ArchitectureAccuracy& out) {
  const std::vector<AccuracyPoint> own = points_for(task, out.architecture);
  out.flops = {kNone, kNone};
  for (const AccuracyPoint& point : own) {
    out.flops.first = std::fmin(out.flops.first, point.flops);
    out.flops.second = std::fmax(out.flops.second, point.flops);
  }
  out.one_step = one_step_of(best_sizes(task, out.architecture));
  try {
    out.loss = fit_task_loss(task, out.architecture);
    FittedSteps steps{noise_of_loss(*out.loss),
                      fit.sharing.shared()
                          ? shared
                          : drawn_sigmoid(fit_sigmoid(own, task.chance), own,
                                          "of accuracy, " + out.architecture, options)};
    out.curve = {out.loss->curve, steps.sigmoid.curve};
    out.degrees = std::min(steps.loss.degrees, steps.sigmoid.noise.degrees);
    return steps;
  } catch (const std::runtime_error& error) {
    out.refusal = error.what();
    out.loss.reset();
    return std::nullopt;
  }
}

void draw_all(AccuracyFit& fit, const std::vector<std::optional<FittedSteps>>& fitted,
              const AccuracyOptions& options) {
  std::vector<ResidualNoise> losses;
  for (const auto& steps : fitted) losses.push_back(steps ? steps->loss : ResidualNoise());
  losses = of_one_size(std::move(losses));
  for (std::size_t a = 0; a < fitted.size(); ++a) {
    if (fitted[a]) draw_curves(fit.architectures[a], {losses[a], fitted[a]->sigmoid}, options);
  }
}

double inside_unit(double accuracy) { return std::clamp(accuracy, 0.0, 1.0); }

}  // namespace

const ArchitectureAccuracy* AccuracyFit::find(const std::string& architecture) const {
  for (const ArchitectureAccuracy& one : architectures) {
    if (one.architecture == architecture) return &one;
  }
  return nullptr;
}

AccuracyFit fit_accuracy(const AccuracyTask& task, const AccuracyOptions& options) {
  AccuracyFit fit;
  fit.asked_draws = options.draws;
  fit.level = options.level;
  DrawnSigmoid shared;
  try {
    if (task.items > 0 && task.items < kFewestItems) {
      throw WorkError(fmt::format("accuracy over compute takes {} items (there are {}); score more",
                                  kFewestItems, task.items));
    }
    fit.sigmoid = fit_sigmoid(task.points, task.chance);
    fit.sharing = test_sharing(task.points, task.chance, options.draws, options.seed);
    shared = drawn_sigmoid(*fit.sigmoid, task.points, "of accuracy", options);
  } catch (const std::runtime_error& error) {
    fit.refusal = error.what();
  }
  std::vector<std::optional<FittedSteps>> fitted;
  for (const std::string& architecture : architectures_of(task)) {
    ArchitectureAccuracy one;
    one.architecture = architecture;
    one.refusal = fit.refusal;
    fitted.push_back(fit.sigmoid ? fit_one(task, fit, shared, options, one) : std::nullopt);
    fit.architectures.push_back(std::move(one));
  }
  draw_all(fit, fitted, options);
  return fit;
}

std::string why_no_interval(const ArchitectureAccuracy& fit) {
  if (fit.degrees < 1) {
    return fmt::format(
        "{} has too few budgets or runs for residuals to tell its noise; train more of them",
        fit.architecture);
  }
  return "more than a tenth of the draws could not be fitted";
}

AccuracyAt accuracy_at(const ArchitectureAccuracy& fit, double flops, double level, bool of_trial,
                       double widened) {
  AccuracyAt out{flops, fit.curve.accuracy_at(flops), std::nullopt};
  std::vector<double> values;
  for (std::size_t draw = 0; draw < fit.draws.size(); ++draw) {
    const AccuracyCurve& curve = fit.draws[draw];
    const Stray stray = of_trial ? fit.strays[draw] : Stray();
    values.push_back(curve.accuracy.accuracy(stray.loss * curve.loss.loss(flops)) + stray.accuracy);
  }
  if (const auto interval = next_draw_interval(values, level)) {
    // Percentiles of a skewed bootstrap can miss the estimate; the interval holds it.
    const double low = std::min(interval->first, out.accuracy);
    const double high = std::max(interval->second, out.accuracy);
    out.interval = {inside_unit(out.accuracy - widened * (out.accuracy - low)),
                    inside_unit(out.accuracy + widened * (high - out.accuracy))};
  }
  return out;
}

ComputeMultiplier compute_multiplier(const ArchitectureAccuracy& baseline,
                                     const ArchitectureAccuracy& candidate, double accuracy,
                                     double level) {
  ComputeMultiplier out;
  out.accuracy = accuracy;
  out.baseline_flops = baseline.curve.flops_at(accuracy);
  out.candidate_flops = candidate.curve.flops_at(accuracy);
  out.multiplier = out.baseline_flops / out.candidate_flops;
  const auto outside = [](double flops, const Interval& range) {
    return !(flops >= range.first && flops <= range.second);
  };
  out.extrapolated =
      outside(out.baseline_flops, baseline.flops) || outside(out.candidate_flops, candidate.flops);
  std::vector<double> ratios;
  const std::size_t draws = std::min(baseline.draws.size(), candidate.draws.size());
  for (std::size_t draw = 0; draw < draws; ++draw) {
    ratios.push_back(baseline.draws[draw].flops_at(accuracy) /
                     candidate.draws[draw].flops_at(accuracy));
  }
  const ArchitectureAccuracy& fewer = baseline.degrees < candidate.degrees ? baseline : candidate;
  if (fewer.degrees < 1) {
    out.no_interval = why_no_interval(fewer);
  } else if (const auto interval = next_draw_interval(ratios, level)) {
    // Percentiles of skewed draws can miss the estimate; the interval holds it.
    out.interval = {std::min(interval->first, out.multiplier),
                    std::max(interval->second, out.multiplier)};
  } else {
    out.no_interval = "in more than a tenth of the draws one of them never reaches it";
  }
  return out;
}

std::vector<double> common_accuracies(const ArchitectureAccuracy& baseline,
                                      const ArchitectureAccuracy& candidate) {
  if (!baseline.loss || !candidate.loss) return {};
  const auto reached = [](const ArchitectureAccuracy& one) {
    return Interval{one.curve.accuracy_at(one.flops.first),
                    one.curve.accuracy_at(one.flops.second)};
  };
  const Interval a = reached(baseline), b = reached(candidate);
  const double low = std::max(a.first, b.first), high = std::min(a.second, b.second);
  if (!(high > low)) return {};
  return {low + 0.25 * (high - low), low + 0.5 * (high - low), low + 0.75 * (high - low)};
}

}  // namespace isoloss
