// The measured steps that `isoloss plan` predicts from.
#pragma once
#include "sweeps/device_packing.h"
#include "sweeps/plan.h"
#include "sweeps/step_times.h"

namespace isoloss {

// What earlier probes of this machine and build left and, where `probe`, what the plan's runs lack
// of it, measured now by as many processes at once as `ranks` of this machine train, and kept.
// Empty in a program that does not train; InputError where that one is asked to probe.
StepTimes step_times(const StudyPlan& plan, int ranks, bool probe);

// How ranks share `devices` devices like this machine's, at least `on_machine` a machine, by steps
// measured now on one of them; `rate` is of one of that kind, null: whatever is known of it.
// InputError in a program without CUDA, where there is no device, or as choose_packing.
DevicePacking probed_packing(const StudyPlan& plan, int devices, int on_machine,
                             const DeviceRate* rate);

}  // namespace isoloss
