#include "sweeps/smaller_steps.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

#include "sweeps/block_widths.h"

namespace isoloss {
namespace {

// Whether each run's sequences make so many equal parts, on each of the ranks that share a batch.
bool divides(const StudyPlan& plan, std::int64_t parts) {
  return std::ranges::all_of(plan.runs, [&](const PlannedRun& run) {
    const RunSpec& spec = run.spec;
    const std::int64_t sequences = spec.optimizer.batch_tokens / spec.model.sequence;
    return sequences % (parts * std::max<std::int64_t>(spec.data_parallel, 1)) == 0;
  });
}

}  // namespace

std::optional<std::string> steps_that_fit(const StudyPlan& plan, const PlanRanks& ranks,
                                          const DeviceRate& rate) {
  std::int64_t most = 1, said = 1;
  for (const PlannedRun& run : plan.runs) {
    most = std::max(most, run.spec.optimizer.batch_tokens / run.spec.model.sequence);
    said = std::max(said, run.spec.accumulate);
  }
  StudyPlan tried = plan;
  for (const bool anew : {false, true}) {
    for (std::int64_t parts = said; parts <= most; ++parts) {
      if (!divides(plan, parts)) continue;
      for (PlannedRun& run : tried.runs) {
        run.spec.accumulate = parts;
        run.spec.recompute = run.spec.recompute || anew;
      }
      if (!BlockWidths(tried, ranks, rate).held()) continue;
      const std::string again = anew ? "recompute: true" : "";
      if (parts == said) return again;
      return fmt::format("accumulate: {}{}{}", parts, anew ? ", " : "", again);
    }
  }
  return std::nullopt;
}

}  // namespace isoloss
