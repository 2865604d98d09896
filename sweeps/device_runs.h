// Which runs of a study train on devices (model/device), and how. Asks no device.
#pragma once
#include <string>

#include "sweeps/plan.h"
#include "sweeps/study.h"

namespace isoloss {

// Why the run cannot be trained on devices, as an error's text from its field on; empty where it
// can.
std::string no_kernel_for(const RunSpec& spec);

// The plan as devices train it: each has whole models. InputError that names file, line and field
// where some run has what there is no kernel for, or the study asks for tensor parallelism.
StudyPlan plan_on_devices(const Study& study, StudyPlan plan);

}  // namespace isoloss
