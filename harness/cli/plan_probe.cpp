#include "harness/cli/plan_probe.h"

#include "model/spec/error.h"
#ifdef ISOLOSS_TRAIN
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <thread>

#include "harness/remembered_steps.h"
#include "harness/step_probe.h"
#include "sweeps/layout.h"
#endif

namespace isoloss {

#ifdef ISOLOSS_TRAIN
StepTimes step_times(const StudyPlan& plan, int ranks, bool probe) {
  StepTimes known = remembered_steps();
  if (!probe) return known;
  ProbeConditions conditions;
  const int cores = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  const int threads = static_cast<int>(plan.runs.at(0).spec.threads);
  conditions.beside = std::clamp(cores / threads, 1, ranks);
  conditions.memory_bytes = machine_memory() / conditions.beside;
  const StepTimes measured =
      probe_steps(plan, known, conditions, [](std::size_t done, std::size_t of) {
        fmt::print(stderr, "isoloss: {} of {} kinds of step measured\n", done, of);
      });
  if (!measured.empty()) remember_steps(measured);
  known.insert(measured.begin(), measured.end());
  return known;
}
#else
StepTimes step_times(const StudyPlan&, int, bool probe) {
  if (probe)
    throw InputError(
        "--probe: this isoloss was built without training (nothing can be measured); "
        "build it with the preset release");
  return {};
}
#endif

}  // namespace isoloss
