// `isoloss data prepare-tasks`: public data sets in a folder made into one task data file.
#pragma once
#include "harness/cli/commands.h"

namespace isoloss {

int prepare_tasks(Arguments arguments);

}  // namespace isoloss
