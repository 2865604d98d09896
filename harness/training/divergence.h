// When a run whose losses stay finite has diverged. A run that blows up need not overflow: its loss
// climbs above that of guessing and stays there, and trained to its end it would enter a frontier.
// The rule follows from the losses of the run's steps alone, of which its curve has all, so that
// a run that was stopped and goes on, one of more budgets and a branch of a trunk end at the same
// step.
#pragma once
#include <cstdint>
#include <limits>
#include <span>
#include <string>

#include "results/run_record.h"
#include "sweeps/run_spec.h"

namespace isoloss {

// Steps in a row with a loss above the bar: as many as the warm-up of the ready-made studies, after
// which a run that began with nothing is far below it. One of fewer steps is trained to its end,
// which costs no more. It is no share of the run's length: budgets may be added.
inline constexpr std::int64_t kStepsUntilDiverged = 200;

// What the rule remembers of the steps so far.
struct LossHistory {
  double lowest = std::numeric_limits<double>::infinity();
  std::int64_t above = 0;  // steps in a row above the bar, the last one among them
};

// A nat above the loss of guessing, ln(vocabulary), and above the lowest loss so far, which the
// first step's is for itself: a model that begins far above and comes down slowly does not diverge.
double divergence_bar(const RunSpec& spec, const LossHistory& before);

// Adds the next step. Those of the warm-up are never above the bar: there the rate is not yet the
// run's, and an untrained model may be worse than guessing.
void add_loss(LossHistory& history, const RunSpec& spec, const StepMetrics& step);
// Of a curve from its first step on.
LossHistory loss_history(const RunSpec& spec, std::span<const StepMetrics> steps);

bool has_diverged(const LossHistory& history);
// Why, where it has; `step` is the last one.
std::string divergence_reason(const RunSpec& spec, const LossHistory& history, std::int64_t step);

}  // namespace isoloss
