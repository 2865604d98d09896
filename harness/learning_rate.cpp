#include "harness/learning_rate.h"

#include <algorithm>
#include <cmath>

namespace isoloss {

double learning_rate_at(const OptimizerSpec& spec, std::int64_t step) {
  if (spec.schedule == ScheduleKind::Constant) return spec.learning_rate;
  const auto warmup = static_cast<double>(std::max<std::int64_t>(spec.warmup_steps, 1));
  return spec.learning_rate * std::sqrt(warmup / std::max(static_cast<double>(step), warmup));
}

}  // namespace isoloss
