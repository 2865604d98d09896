#include "harness/study/machine_room.h"

#include <fmt/format.h>

#include "sweeps/quantity_text.h"
#include "sweeps/smaller_steps.h"

namespace isoloss {

void check_machine_room(const PlannedRun& run, const RankLayout& layout, double machine_bytes) {
  const Predicted bytes = predicted_memory(run.spec, layout);
  if (bytes.lowest <= machine_bytes) return;
  StudyPlan alone;
  alone.runs = {run};
  const auto fits = steps_that_fit(
      alone, {.ranks = layout.ranks(), .bytes_per_rank = machine_bytes / layout.ranks()},
      device_rate("cpu", "float32"));
  throw MachineTooSmall(fmt::format(
      "the run takes {} of memory by prediction, and {} at the least (this machine has {}); {}",
      bytes_text(bytes.value), bytes_text(bytes.lowest), bytes_text(machine_bytes),
      fits
          ? fmt::format("set in run: {} (then memory holds it), and run with --retry-failed", *fits)
          : "give it a machine with more memory, or ranks on more machines: run.accumulate and "
            "run.recompute would not do"));
}

}  // namespace isoloss
