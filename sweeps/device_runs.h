// Which runs of a study train on devices (model/device), and how. Asks no device.
#pragma once
#include <string>

#include "sweeps/plan.h"
#include "sweeps/study.h"

namespace isoloss {

// Why the run cannot be trained on devices by ranks of which so many share its model, as an error's
// text from its field on, or why they cannot share it; empty where it can.
std::string no_kernel_for(const RunSpec& spec, int tensor_ranks);
// By the ranks that the run asks for, one where it leaves them open.
std::string no_kernel_for(const RunSpec& spec);
// The first run of the plan that has what there is no kernel for, and that; empty without any.
std::string missing_kernel(const StudyPlan& plan);

// The plan as devices train it. InputError that names file, line and field where some run has what
// there is no kernel for.
StudyPlan plan_on_devices(const Study& study, StudyPlan plan);

}  // namespace isoloss
