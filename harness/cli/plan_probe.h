// The measured steps that `isoloss plan` predicts from.
#pragma once
#include "sweeps/plan.h"
#include "sweeps/step_times.h"

namespace isoloss {

// What earlier probes of this machine and build left and, where `probe`, what the plan's runs lack
// of it, measured now by as many processes at once as `ranks` of this machine train, and kept.
// Empty in a program that does not train; InputError where that one is asked to probe.
StepTimes step_times(const StudyPlan& plan, int ranks, bool probe);

}  // namespace isoloss
