#include "sweeps/smaller_steps.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

#include "sweeps/block_widths.h"

namespace isoloss {
namespace {

std::int64_t sequences_of(const RunSpec& spec) {
  return spec.optimizer.batch_tokens / spec.model.sequence;
}

}  // namespace

std::optional<std::string> steps_that_fit(const StudyPlan& plan, const PlanRanks& ranks,
                                          const DeviceRate& rate) {
  std::int64_t most = 1, said = 1;
  for (const PlannedRun& run : plan.runs) {
    most = std::max(most, sequences_of(run.spec));
    said = std::max(said, run.spec.accumulate);
  }
  StudyPlan tried = plan;
  for (const bool anew : {false, true}) {
    for (std::int64_t parts = said; parts <= most; parts *= 2) {
      for (PlannedRun& run : tried.runs) {
        run.spec.accumulate = parts;
        run.spec.recompute = run.spec.recompute || anew;
      }
      if (BlockWidths(tried, ranks, rate).held())
        return fmt::format("accumulate: {}{}", parts, anew ? ", recompute: true" : "");
    }
  }
  return std::nullopt;
}

}  // namespace isoloss
