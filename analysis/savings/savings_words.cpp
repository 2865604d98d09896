// What a savings comparison says of itself: flags for every rule of an honest comparison that it
// breaks, and the verdict in one line.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "analysis/fit/fit_flags.h"
#include "analysis/numbers/statistics.h"
#include "analysis/points/flag.h"
#include "analysis/savings/savings_estimate.h"

namespace isoloss {
namespace {

constexpr double kDecadesForGrowth = 1.5;
constexpr double kSlopesRejected = 0.05;
constexpr std::size_t kSeedsForGrowth = 3;

double decades_of(const Frontier& frontier) {
  const std::vector<FrontierPoint> used = frontier.used();
  const auto [low, high] = std::minmax_element(
      used.begin(), used.end(), [](const auto& a, const auto& b) { return a.flops < b.flops; });
  return std::log10(high->flops / low->flops);
}

// Seeds at the place of the frontiers that has fewest.
std::size_t fewest_seeds(const std::vector<Point>& trials) {
  std::map<std::tuple<std::string, std::string, double, double>, std::set<std::int64_t>> places;
  for (const Point& p : trials) {
    const double parameters = std::isnan(p.parameters) ? 0 : p.parameters;
    places[{p.architecture, p.size, parameters, std::isnan(p.budget) ? p.flops : p.budget}].insert(
        p.seed);
  }
  std::size_t fewest = trials.size();
  for (const auto& [place, seeds] : places) fewest = std::min(fewest, seeds.size());
  return fewest;
}

// Whether the floor is the asker's, or the data's exact one: nothing is left to identify.
bool floor_is_given(const PointTable& table, const SavingsOptions& options) {
  if (options.floor == "auto") return table.floor.has_value();
  return options.floor != "free" && options.floor != "shared" && options.floor != "zero";
}

void flag_floor(const PointTable& table, const SavingsOptions& options, Savings& savings) {
  const std::vector<FrontierPoint> b = savings.baseline_frontier.used();
  const std::vector<FrontierPoint> c = savings.candidate_frontier.used();
  if (floors_differ(savings)) {
    savings.flags.push_back(flag_text(
        Flag::FloorsDiffer,
        fmt::format("{} {:.4g}, {} {:.4g}{}", savings.baseline, savings.floors->baseline,
                    savings.candidate, savings.floors->candidate,
                    floor_test(*savings.floors) == SavingsTest::FromDraws
                        ? ""
                        : " by the F test alone, which rejects too often (measure seed noise, or "
                          "ask for --floor free)")));
  }
  if (std::min(b.size(), c.size()) >= kBudgetsForFloor) return;
  if (!floor_is_given(table, options)) {
    savings.flags.push_back(flag_text(Flag::FloorNotIdentified));
  }
  if (std::min(b.size(), c.size()) < 2) return;
  double lowest = savings.overlap.first;
  for (const auto* points : {&b, &c}) {
    for (const FrontierPoint& p : *points) lowest = std::min(lowest, p.loss);
  }
  std::string text = "one factor for all losses is";
  for (const double floor : {0.0, 0.75 * lowest}) {
    text += fmt::format("{} {:.3g} at floor {:.3g}", floor > 0 ? "," : "",
                        fit_lines(b, c, floor, Slopes::Equal).savings(), floor);
  }
  savings.flags.push_back(flag_text(Flag::FloorSensitivity,
                                    text + "; savings at a loss are interpolated and need none"));
}

// Trials that scatter about the surface by more than seeds do: its parabola is not the shape of
// these sizes, and the loss at its vertex is off by a part of that.
void flag_shape(Savings& savings) {
  constexpr double kSurely = 1e-3;
  const SeedNoise& noise = savings.seed_noise;
  if (!noise.measured || !(noise.deviation > 0)) return;
  for (const Frontier* frontier : {&savings.baseline_frontier, &savings.candidate_frontier}) {
    if (frontier->deviation_degrees < 1) continue;
    const double ratio = frontier->deviation / noise.deviation;
    if (f_tail(ratio * ratio, frontier->deviation_degrees, noise.degrees) > kSurely) continue;
    savings.flags.push_back(flag_text(
        Flag::SurfaceMisfit,
        fmt::format("{} (trials are {:.2g} nats off its surface, seeds differ by {:.2g}; leave out "
                    "sizes far from the best)",
                    frontier->architecture, frontier->deviation, noise.deviation)));
  }
}

void flag_noise(Savings& savings, const std::vector<Point>& trials) {
  if (!savings.seed_noise.measured) {
    savings.flags.push_back(flag_text(Flag::SeedNoiseNotMeasured));
  } else if (savings.seed_noise.replicates < 2) {
    savings.flags.push_back(flag_text(Flag::FewReplicates));
  }
  if (LossDraws(trials, savings.seed_noise, 0).sequences() == 0) {
    savings.flags.push_back(flag_text(Flag::HeldOutNoiseNotMeasured));
  }
  if (10 * savings.failed_draws > savings.draws && savings.draws > 0) {
    savings.flags.push_back(
        flag_text(Flag::DrawsFailed,
                  fmt::format("{} of {} gave no frontier", savings.failed_draws, savings.draws)));
  }
}

// FLOPs that are 6 N D for every point of one and for none of the other were counted in two ways.
void flag_conventions(const std::vector<Point>& trials, Savings& savings) {
  constexpr double kSame = 1e-6;
  int six_n_d[2] = {0, 0}, others[2] = {0, 0};
  for (const Point& p : trials) {
    const double ratio = p.flops / (6 * p.parameters * p.tokens);
    if (!std::isfinite(ratio)) continue;
    // Chosen one after the other: GCC 12's sanitizer misreads an index into a conditional array.
    int* counted = std::abs(ratio - 1) < kSame ? six_n_d : others;
    ++counted[p.architecture == savings.candidate ? 1 : 0];
  }
  for (const int i : {0, 1}) {
    if (six_n_d[i] == 0 || others[i] > 0 || six_n_d[1 - i] > 0 || others[1 - i] == 0) continue;
    savings.flags.push_back(flag_text(Flag::MixedConventions,
                                      fmt::format("FLOPs of {} are 6 N D, those of {} are not",
                                                  i == 0 ? savings.baseline : savings.candidate,
                                                  i == 0 ? savings.candidate : savings.baseline)));
  }
}

void flag_study(const PointTable& table, Savings& savings) {
  const auto compared = [&](const std::string& architecture) {
    return architecture == savings.baseline || architecture == savings.candidate;
  };
  for (const Decision& decision : table.decisions) {
    if (decision.at_edge && compared(decision.architecture)) {
      savings.flags.push_back(
          flag_text(Flag::LearningRateAtEdge, fmt::format("{} {} at {:.3g}", decision.architecture,
                                                          decision.size, decision.learning_rate)));
    }
  }
  double epochs = 0;
  for (const RunRecord& run : table.runs) {
    if (!compared(run.header.architecture) || !(run.header.training_tokens > 0)) continue;
    for (const Evaluation& evaluation : run.evaluations) {
      epochs = std::max(epochs, evaluation.tokens / run.header.training_tokens);
    }
  }
  if (epochs > 1) {
    savings.flags.push_back(
        flag_text(Flag::TextRepeats, fmt::format("up to {:.2g} epochs", epochs)));
  }
}

void flag_frontiers(const SavingsOptions& options, Savings& savings) {
  for (const Frontier* frontier : {&savings.baseline_frontier, &savings.candidate_frontier}) {
    for (std::string& line : left_out(*frontier)) savings.flags.push_back(std::move(line));
    if (!FrontierCurve(frontier->used()).monotone()) {
      savings.flags.push_back(flag_text(Flag::FrontierNotMonotone, frontier->architecture));
    }
  }
  if (options.wall_clock) {
    savings.flags.push_back(flag_text(
        Flag::WallClockAsMeasured, "seconds of these runs, beside whatever else the machine did"));
  }
}

// By the draws where there are any: budgets of one run are one draw, and F takes them as many. What
// the other test says stands beside it.
void flag_slopes(Savings& savings) {
  if (!savings.parallel || !slopes_differ(*savings.parallel)) return;
  savings.flags.push_back(flag_text(Flag::SlopesDiffer, slope_tests_text(*savings.parallel)));
}

std::string uncertainty_of(const std::vector<Point>& trials, const Savings& savings) {
  const SeedNoise& noise = savings.seed_noise;
  if (savings.draws == 0) {
    return noise.measured ? "none: no draws" : "none: seed noise not measured";
  }
  if (savings.draws < static_cast<int>(kFewestDraws)) {
    return fmt::format("none: {} draws, fewer than {}", savings.draws, kFewestDraws);
  }
  return fmt::format(
      "seed noise of {} replicate groups ({} degrees of freedom){} through frontier "
      "and law, {} draws{}",
      noise.replicates, noise.degrees,
      LossDraws(trials, noise, 0).sequences() > 0 ? " and paired held-out noise" : "",
      savings.draws,
      savings.moved ? ", moved by what parabolas do to the frontiers of the chinchilla laws" : "");
}

// With the slope given savings are one factor, whose scatter is an interval where no draws are.
std::optional<Interval> interval_of_slope(const SavingsOptions& options, const Savings& savings) {
  if (!options.exponent || !savings.parallel) return std::nullopt;
  return savings.parallel->lack_of_fit_interval;
}

// Whether the interval that the verdict names holds a factor of one.
bool holds_one(const SavingsOptions& options, const Savings& savings) {
  const auto& middle = middle_loss(savings).interval;
  const auto interval = middle ? middle : interval_of_slope(options, savings);
  return interval && interval->first <= 1 && interval->second >= 1;
}

std::string brackets(const SavingsOptions& options, const Savings& savings, const SavingsAt& at) {
  std::string text;
  if (at.interval) {
    text = fmt::format("{:g} % interval {:.3g} to {:.3g}", 100 * options.level, at.interval->first,
                       at.interval->second);
  } else if (const auto by_scatter = interval_of_slope(options, savings)) {
    text = fmt::format("{:g} % interval {:.3g} to {:.3g} by the scatter alone", 100 * options.level,
                       by_scatter->first, by_scatter->second);
  } else {
    text = savings.seed_noise.measured ? "no interval" : "no interval: seed noise not measured";
  }
  text += fmt::format("; {} frontier", name_of(savings.frontier));
  if (at.extrapolated) text += "; extrapolated";
  const auto& law = savings.law;
  if (!savings.growth_resolved) return text + "; growth not resolved";
  return text + fmt::format("; the factor {} by {:.3g} per decade of compute",
                            law->per_decade > 1 ? "grows" : "shrinks", law->per_decade);
}

std::string verdict(const SavingsOptions& options, const Savings& savings) {
  const SavingsAt& at = middle_loss(savings);
  const std::string& c = savings.candidate;
  const std::string& b = savings.baseline;
  const std::string what = options.wall_clock ? "time" : "compute";
  const std::string rest =
      fmt::format("at loss {:.4g} ({})", at.loss, brackets(options, savings, at));
  if (holds_one(options, savings)) {
    return fmt::format("{} against {}: savings not resolved, {:.3g}x {} {}", c, b, at.savings, what,
                       rest);
  }
  if (at.savings < 1) {
    return fmt::format("{} needs {:.3g}x the {} of {} {}", c, 1 / at.savings, what, b, rest);
  }
  return fmt::format("{} saves {:.3g}x {} over {} {}", c, at.savings, what, b, rest);
}

}  // namespace

std::string slope_tests_text(const ParallelSavings& parallel) {
  std::string out;
  const auto add = [&](const char* test, double p) {
    if (!std::isfinite(p)) return;
    out += fmt::format("{}p = {:.2g} by {} ({})", out.empty() ? "" : ", ", p, test,
                       p < kSlopesRejected ? "rejected" : "not rejected");
  };
  add("paired draws", parallel.slope_equality_bootstrap_p);
  add("the F test", parallel.slope_equality_p);
  return out;
}

bool slopes_differ(const ParallelSavings& parallel) {
  const bool drawn = slope_test(parallel) == SavingsTest::FromDraws;
  return (drawn ? parallel.slope_equality_bootstrap_p : parallel.slope_equality_p) <
         kSlopesRejected;
}

const SavingsAt& middle_loss(const Savings& savings) { return savings.at[savings.at.size() / 2]; }

void add_savings_words(const PointTable& table, const SavingsOptions& options,
                       const std::vector<Point>& trials, Savings& savings) {
  savings.uncertainty = uncertainty_of(trials, savings);
  if (savings.seed_noise.measured && savings.draws < options.bootstrap) {
    savings.flags.push_back(flag_text(
        Flag::DrawsReduced,
        fmt::format("{} of {} for {} trials", savings.draws, options.bootstrap, trials.size())));
  }
  flag_noise(savings, trials);
  flag_floor(table, options, savings);
  flag_shape(savings);
  flag_frontiers(options, savings);
  flag_conventions(trials, savings);
  flag_study(table, savings);
  const auto& growth = savings.law ? savings.law->per_decade_interval : std::nullopt;
  savings.growth_resolved = decades_of(savings.baseline_frontier) >= kDecadesForGrowth &&
                            fewest_seeds(trials) >= kSeedsForGrowth && growth &&
                            (growth->first > 1 || growth->second < 1);
  if (!savings.growth_resolved) savings.flags.push_back(flag_text(Flag::GrowthNotResolved));
  flag_slopes(savings);
  const bool by_scatter_alone = savings.parallel && savings.parallel->lack_of_fit_interval &&
                                !savings.parallel->interval && !savings.parallel->scatter_of_trials;
  if (by_scatter_alone) flag_shared_runs(trials, savings.flags);
  if (holds_one(options, savings)) {
    savings.flags.push_back(flag_text(Flag::SavingsNotResolved));
  }
  for (const SavingsAt& at : savings.at) {
    if (!at.extrapolated) continue;
    savings.flags.push_back(flag_text(Flag::Extrapolated, fmt::format("loss {:g}", at.loss)));
  }
  savings.verdict = verdict(options, savings);
}

}  // namespace isoloss
