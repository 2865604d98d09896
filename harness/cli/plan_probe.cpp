#include "harness/cli/plan_probe.h"

#include "model/spec/error.h"
#ifdef ISOLOSS_TRAIN
#include <fmt/format.h>

#include <cstdio>

#include "harness/training/remembered_steps.h"
#include "harness/training/step_probe.h"
#include "model/spec/tell.h"
#include "sweeps/layout.h"
#endif
#ifdef ISOLOSS_CUDA
#include <filesystem>

#include "harness/on_device/cuda_devices.h"
#include "harness/ranks/rank_groups.h"
#include "harness/ranks/self_communicator.h"
#include "harness/study/rank_device.h"
#endif

namespace isoloss {

#ifdef ISOLOSS_TRAIN
StepTimes step_times(const StudyPlan& plan, int ranks, bool probe) {
  ProbeConditions conditions;
  conditions.beside = steps_at_once(ranks, static_cast<int>(plan.runs.at(0).spec.threads));
  StepTimes known = remembered_steps(conditions.beside);
  if (!probe) return known;
  conditions.memory_bytes = machine_memory() / conditions.beside;
  const StepTimes measured =
      probe_steps(plan, known, conditions, [](std::size_t done, std::size_t of) {
        tell(fmt::format("{} of {} kinds of step measured", done, of));
      });
  if (!measured.empty()) remember_steps(measured, conditions.beside);
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

#ifdef ISOLOSS_CUDA
DevicePacking probed_packing(const StudyPlan& plan, int devices, int on_machine,
                             const DeviceRate* rate) {
  constexpr int kMost = 8;
  constexpr double kSeconds = 1;
  // Processes are forked before this one knows CUDA, which does not survive a fork.
  const auto here = cuda_devices();
  SelfCommunicator alone;
  const StateMaker maker = [&](const RunSpec& spec) {
    here->take_place(alone, host_name(), 1);
    return here->state(spec, {}, {"probe", std::filesystem::temp_directory_path()});
  };
  tell(fmt::format("measuring steps by 1 to {} processes on a GPU", kMost));
  const PackedStepTimes steps = probe_packing(plan, maker, kMost, kSeconds);
  const TrainingDevice device = here->take_place(alone, host_name(), 1);
  JobDevices job = device.job;
  job.devices = devices;
  job.apart = on_machine;
  DeviceRate of_one = rate != nullptr ? *rate : rate_for_planning(device);
  of_one.memory_bytes = job.bytes;
  return choose_packing(plan, job, steps, of_one, kMost);
}
#else
DevicePacking probed_packing(const StudyPlan&, int, int, const DeviceRate*) {
  throw InputError(
      "--probe: the study trains on GPUs and this isoloss was built without CUDA (nothing can be "
      "measured); build it with the preset cuda, or leave --probe out");
}
#endif

}  // namespace isoloss
