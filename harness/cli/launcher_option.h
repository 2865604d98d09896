// --ranks and --launcher, which say how a command becomes an MPI job.
#pragma once
#include "harness/cli/command_line.h"
#include "harness/study/child_processes.h"

namespace isoloss {

// Whether this process starts ranks rather than being one. InputError for --launcher without
// --ranks.
bool starts_ranks(const CommandLine& line);
// InputError where fewer than one rank is asked for, or more than this machine's memory holds where
// mpirun starts them all on it (sweeps/rank_limit.h).
int ranks_asked(const CommandLine& line);
// InputError where neither mpirun nor srun is named.
Launcher launcher_asked(const CommandLine& line);

}  // namespace isoloss
