#include "analysis/savings/savings_flags.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "analysis/fit/fit_flags.h"
#include "analysis/fit/frontier_curve.h"
#include "analysis/fit/seed_noise.h"
#include "analysis/numbers/statistics.h"
#include "analysis/points/flag.h"
#include "analysis/savings/parallel_lines.h"
#include "analysis/savings/savings_estimate.h"
#include "analysis/savings/savings_resolved.h"
#include "analysis/savings/slope_and_floor_tests.h"

namespace isoloss {
namespace {

// Whether the floor is the asker's, or the data's exact one: nothing is left to identify.
bool floor_is_given(const PointTable& table, const SavingsOptions& options) {
  if (options.floor.kind == SavingsFloorChoice::Auto) return table.floor.has_value();
  return options.floor.kind == SavingsFloorChoice::Value;
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
    flag_coarse_envelope(*frontier, savings.flags);
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
  if (savings.floor_assumed && savings.parallel) {
    savings.flags.push_back(flag_text(
        Flag::SlopesNotTested,
        "fewer than six budgets do not identify the floor, and at a zero floor equal factors look "
        "like unequal slopes: no test of slopes, no interval of what the law of a slope each says "
        "(give the floor with --floor)"));
  }
  if (!savings.parallel || !slopes_differ(*savings.parallel)) return;
  savings.flags.push_back(flag_text(Flag::SlopesDiffer, slope_tests_text(*savings.parallel)));
}

}  // namespace

void add_savings_flags(const PointTable& table, const SavingsOptions& options,
                       const std::vector<Point>& trials, Savings& savings) {
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
}

}  // namespace isoloss
