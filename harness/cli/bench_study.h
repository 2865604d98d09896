// `isoloss bench --study`: what packing and shared prefixes are worth here, and against PyTorch.
#pragma once
#include "harness/cli/commands.h"

namespace isoloss {

// Whether the arguments of `bench` ask for it.
bool asks_for_study(Arguments arguments);

int bench_study_command(Arguments arguments);

}  // namespace isoloss
