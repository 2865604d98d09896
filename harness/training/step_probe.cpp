#include "harness/training/step_probe.h"

#include <map>
#include <memory>

#include "harness/training/host_training_state.h"
#include "harness/training/side_by_side.h"
#include "model/spec/error.h"
#include "sweeps/device_rate.h"
#include "sweeps/layout.h"

namespace isoloss {
namespace {

MeasuredStep measured(const RunSpec& spec, const ProbeConditions& conditions) {
  const StateMaker on_processor = [](const RunSpec& of) {
    set_intra_op_threads(static_cast<int>(of.threads));
    return std::make_unique<HostTrainingState>(of);
  };
  const auto step = steps_side_by_side(spec, on_processor, conditions.beside, conditions.seconds);
  if (!step)
    throw WorkError(
        "a process that was to time steps ended early (no memory?); plan without --probe");
  return *step;
}

}  // namespace

StepTimes probe_steps(const StudyPlan& plan, const StepTimes& known,
                      const ProbeConditions& conditions,
                      const std::function<void(std::size_t, std::size_t)>& told) {
  std::map<std::string, const RunSpec*> wanted;
  for (const PlannedRun& run : plan.runs) {
    if (run.expected_steps == 0) continue;
    const std::string key = step_key(run.spec);
    if (known.contains(key)) continue;
    const DeviceRate rate = device_rate("cpu", run.spec.dtype);
    if (memory_per_rank(run.spec, {}) > conditions.memory_bytes ||
        step_seconds(run.spec, {}, rate) > conditions.longest_step)
      continue;
    wanted.emplace(key, &run.spec);
  }
  StepTimes times;
  for (const auto& [key, spec] : wanted) {
    told(times.size(), wanted.size());
    times.emplace(key, measured(*spec, conditions));
  }
  return times;
}

PackedStepTimes probe_packing(const StudyPlan& plan, const StateMaker& maker, int most,
                              double seconds) {
  std::map<std::string, const RunSpec*> kinds;
  for (const PlannedRun& run : plan.runs)
    if (run.expected_steps > 0) kinds.emplace(step_key(run.spec), &run.spec);
  PackedStepTimes times;
  for (const auto& [key, spec] : kinds)
    for (int processes = 1; processes <= most; processes *= 2) {
      const auto step = steps_side_by_side(*spec, maker, processes, seconds);
      if (!step) break;  // more would have less memory still
      times[processes].emplace(key, *step);
    }
  return times;
}

}  // namespace isoloss
