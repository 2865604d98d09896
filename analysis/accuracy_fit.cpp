#include "analysis/accuracy_fit.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <set>

#include "analysis/laws/laws.h"
#include "model/spec/counter_random.h"
#include "model/spec/error.h"

namespace isoloss {
namespace {

constexpr std::int64_t kFewestItems = 16;  // of a task: of fewer an accuracy has hardly a value
constexpr double kSigmoidParameters = 3;   // rise, slope, middle
constexpr AccuracyCurve kFailedCurve{{kNone, kNone, kNone}, {kNone, kNone, kNone, kNone}};

// What n residuals of a law with `parameters` would be had they not been fitted.
double inflation(std::size_t n, double parameters) {
  const auto count = static_cast<double>(n);
  return std::sqrt(count / std::max(1.0, count - parameters));
}

std::vector<AccuracyPoint> points_for(const AccuracyTask& task, const std::string& architecture) {
  std::vector<AccuracyPoint> out;
  for (const AccuracyPoint& point : task.points) {
    if (architecture.empty() || point.architecture == architecture) out.push_back(point);
  }
  return out;
}

// What the residuals of a law with `parameters` have left.
double degrees_of(const std::vector<AccuracyPoint>& points, double parameters) {
  std::set<std::string> runs;
  for (const AccuracyPoint& point : points) runs.insert(point.run);
  return std::min(static_cast<double>(points.size()) - parameters,
                  static_cast<double>(runs.size()) - 1);
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

double deviation_about(const ArchitectureAccuracy& fit) {
  double squares = 0;
  for (const AccuracyPoint& point : fit.loss->points) {
    const double error =
        point.accuracy - fit.curve.accuracy.accuracy(predicted_loss(*fit.loss, point));
    squares += error * error;
  }
  const double degrees = static_cast<double>(fit.loss->points.size()) - 1;
  return degrees > 0 ? std::sqrt(squares / degrees) : kNone;
}

// Step 1 drawn again: ln loss moved by what its run's residuals are, times the run's factor.
TaskLossFit drawn_loss(const TaskLossFit& fit, std::uint64_t seed, std::uint64_t draw) {
  const double wide = inflation(fit.points.size(), parameters_of(fit));
  std::vector<double> losses;
  for (std::size_t i = 0; i < fit.points.size(); ++i) {
    const double residual = std::log(fit.points[i].task_loss / fit.predicted[i]);
    losses.push_back(fit.predicted[i] *
                     std::exp(wide * residual * run_factor(seed, fit.points[i].run, draw)));
  }
  return refit(fit, losses);
}

SigmoidFit drawn_sigmoid(const SigmoidFit& fit, const std::vector<AccuracyPoint>& points,
                         std::uint64_t seed, std::uint64_t draw) {
  const double wide = inflation(points.size(), kSigmoidParameters);
  std::vector<double> accuracies;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const double predicted = fit.data.loss[static_cast<Eigen::Index>(i)] - fit.residuals[i];
    accuracies.push_back(predicted +
                         wide * fit.residuals[i] * run_factor(seed, points[i].run, draw));
  }
  return refit(fit, accuracies);
}

// Draws of one sigmoid; absent where one did not converge.
std::vector<std::optional<AccuracyOfLoss>> sigmoid_draws(const SigmoidFit& fit,
                                                         const std::vector<AccuracyPoint>& points,
                                                         const AccuracyOptions& options) {
  std::vector<std::optional<AccuracyOfLoss>> out;
  for (int draw = 0; draw < options.draws; ++draw) {
    const SigmoidFit drawn =
        drawn_sigmoid(fit, points, options.seed, static_cast<std::uint64_t>(draw));
    out.push_back(drawn.solution.converged ? std::optional(drawn.curve) : std::nullopt);
  }
  return out;
}

void set_curves(ArchitectureAccuracy& out, const AccuracyOfLoss& sigmoid,
                const std::vector<std::optional<AccuracyOfLoss>>& sigmoids,
                const AccuracyOptions& options) {
  out.curve = {out.loss->curve, sigmoid};
  for (int draw = 0; draw < options.draws; ++draw) {
    const auto& drawn = sigmoids[static_cast<std::size_t>(draw)];
    const TaskLossFit loss = drawn_loss(*out.loss, options.seed, static_cast<std::uint64_t>(draw));
    const bool both = drawn && loss.solution.converged;
    out.draws.push_back(both ? AccuracyCurve{loss.curve, *drawn} : kFailedCurve);
  }
  out.deviation = deviation_about(out);
}

void fit_one(const AccuracyTask& task, const AccuracyFit& fit,
             const std::vector<std::optional<AccuracyOfLoss>>& shared,
             const AccuracyOptions& options, ArchitectureAccuracy& out) {
  out.flops = {kNone, kNone};
  for (const AccuracyPoint& point : points_for(task, out.architecture)) {
    out.flops.first = std::fmin(out.flops.first, point.flops);
    out.flops.second = std::fmax(out.flops.second, point.flops);
  }
  out.one_step = one_step_of(best_sizes(task, out.architecture));
  try {
    out.loss = fit_task_loss(task, out.architecture);
    out.degrees = degrees_of(out.loss->points, parameters_of(*out.loss));
    if (fit.sharing.shared()) {
      set_curves(out, fit.sigmoid->curve, shared, options);
      return;
    }
    const std::vector<AccuracyPoint> own = points_for(task, out.architecture);
    out.degrees = std::min(out.degrees, degrees_of(own, kSigmoidParameters));
    const SigmoidFit sigmoid = fit_sigmoid(own, task.chance);
    set_curves(out, sigmoid.curve, sigmoid_draws(sigmoid, own, options), options);
  } catch (const std::runtime_error& error) {
    out.refusal = error.what();
    out.loss.reset();
  }
}

// An interval of draws about an estimate, its sides widened in logarithms; it holds the estimate,
// which percentiles of skewed draws can miss.
Interval widened_ratio(const Interval& interval, double estimate, double by) {
  return {estimate * std::pow(std::min(1.0, interval.first / estimate), by),
          estimate * std::pow(std::max(1.0, interval.second / estimate), by)};
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
  std::vector<std::optional<AccuracyOfLoss>> shared;
  try {
    if (task.items > 0 && task.items < kFewestItems) {
      throw WorkError(fmt::format("accuracy over compute takes {} items (there are {}); score more",
                                  kFewestItems, task.items));
    }
    fit.sigmoid = fit_sigmoid(task.points, task.chance);
    fit.sharing = test_sharing(task.points, task.chance, options.draws, options.seed);
    shared = sigmoid_draws(*fit.sigmoid, task.points, options);
  } catch (const std::runtime_error& error) {
    fit.refusal = error.what();
  }
  for (const std::string& architecture : architectures_of(task)) {
    ArchitectureAccuracy one;
    one.architecture = architecture;
    if (fit.sigmoid) {
      fit_one(task, fit, shared, options, one);
    } else {
      one.refusal = fit.refusal;
    }
    fit.architectures.push_back(std::move(one));
  }
  return fit;
}

AccuracyAt accuracy_at(const ArchitectureAccuracy& fit, double flops, double level, bool of_trial,
                       double widened) {
  AccuracyAt out{flops, fit.curve.accuracy_at(flops), std::nullopt};
  std::vector<double> values;
  for (std::size_t draw = 0; draw < fit.draws.size(); ++draw) {
    const double noise =
        of_trial ? fit.deviation * random_normal(1, stream_of("one more trial"), draw) : 0;
    values.push_back(fit.draws[draw].accuracy_at(flops) + noise);
  }
  if (const auto interval = percentile_interval(values, level)) {
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
  const std::optional<Interval> interval = percentile_interval(ratios, level);
  const ArchitectureAccuracy& fewer = baseline.degrees < candidate.degrees ? baseline : candidate;
  if (!interval) {
    out.no_interval = "in more than a tenth of the draws one of them never reaches it";
  } else if (fewer.degrees < 1) {
    out.no_interval = fmt::format(
        "{} has too few budgets or runs for residuals to tell its noise; train more of them",
        fewer.architecture);
  } else {
    const double by =
        student_factor(baseline.degrees + candidate.degrees, level) / normal_factor(level);
    out.interval = widened_ratio(*interval, out.multiplier, by);
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
