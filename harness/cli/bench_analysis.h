// `isoloss bench --analysis`: how fast laws are fitted here. Needs neither LibTorch nor MPI, so
// that every build has it.
#pragma once
#include "harness/cli/commands.h"

namespace isoloss {

// Whether the arguments of `bench` ask for it.
bool asks_for_analysis(Arguments arguments);

int bench_analysis_command(Arguments arguments);

}  // namespace isoloss
