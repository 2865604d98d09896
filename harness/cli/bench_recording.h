// `isoloss bench --recording`: what metrics and checkpoints cost training here.
#pragma once
#include "harness/cli/commands.h"

namespace isoloss {

// Whether the arguments of `bench` ask for it.
bool asks_for_recording(Arguments arguments);

int bench_recording_command(Arguments arguments);

}  // namespace isoloss
