#include "harness/training/learning_rate.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace isoloss {
namespace {

double real(std::int64_t count) { return static_cast<double>(count); }

// The share of the way from the peak to the final rate that is left at `step`.
double cosine(const OptimizerSpec& spec, std::int64_t step) {
  if (step <= spec.warmup_steps) return 1;
  const double way = real(step - spec.warmup_steps) / real(spec.horizon - spec.warmup_steps);
  return 0.5 * (1 + std::cos(std::numbers::pi * std::min(way, 1.0)));
}

double cooldown(const OptimizerSpec& spec, std::int64_t step) {
  if (step <= branch_step(spec)) return 1;
  const double way = std::min(real(step - branch_step(spec)) / real(cooldown_steps(spec)), 1.0);
  return 1 - (spec.cooldown == CooldownKind::Sqrt ? std::sqrt(way) : way);
}

double factor(const OptimizerSpec& spec, std::int64_t step) {
  const double last = final_ratio(spec);
  switch (spec.schedule) {
    case ScheduleKind::Rsqrt: {
      const double warmup = real(std::max<std::int64_t>(spec.warmup_steps, 1));
      return std::sqrt(warmup / std::max(real(step), warmup));
    }
    case ScheduleKind::Constant:
      return 1;
    case ScheduleKind::Cosine:
      return last + (1 - last) * cosine(spec, step);
    case ScheduleKind::Wsd:
      return last + (1 - last) * cooldown(spec, step);
  }
  return 1;
}

}  // namespace

double learning_rate_at(const OptimizerSpec& spec, std::int64_t step) {
  if (warmup_kind(spec) == WarmupKind::Linear && step < spec.warmup_steps)
    return spec.learning_rate * (real(step + 1) / real(spec.warmup_steps));
  return spec.learning_rate * factor(spec, step);
}

}  // namespace isoloss
