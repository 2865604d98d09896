#include "harness/training/divergence.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace isoloss {

namespace {

double guessing(const RunSpec& spec) {
  return std::log(static_cast<double>(spec.model.vocabulary));
}

}  // namespace

double divergence_bar(const RunSpec& spec, const LossHistory& before) {
  return 1 + std::max(guessing(spec), before.lowest);
}

void add_loss(LossHistory& history, const RunSpec& spec, const StepMetrics& step) {
  const bool above =
      step.step > spec.optimizer.warmup_steps && step.loss > divergence_bar(spec, history);
  history.above = above ? history.above + 1 : 0;
  history.lowest = std::min(history.lowest, step.loss);
}

LossHistory loss_history(const RunSpec& spec, std::span<const StepMetrics> steps) {
  LossHistory history;
  for (const StepMetrics& step : steps) add_loss(history, spec, step);
  return history;
}

bool has_diverged(const LossHistory& history) { return history.above >= kStepsUntilDiverged; }

std::string divergence_reason(const RunSpec& spec, const LossHistory& history, std::int64_t step) {
  return fmt::format("loss is above {:.2f}, a nat worse than {}, at all of {} steps up to step {}",
                     divergence_bar(spec, history),
                     history.lowest <= guessing(spec) ? "guessing" : "its best", history.above,
                     step);
}

}  // namespace isoloss
