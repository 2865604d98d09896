// `isoloss eval --ranks N`: the same command line as an MPI job of N ranks.
#pragma once
#include "harness/cli/command_line.h"
#include "harness/cli/commands.h"

namespace isoloss {

// Starts the ranks and waits for them, passing a request to stop on; returns the first rank's exit
// status. `arguments` are the command line's own. InputError: fewer than one rank, an unknown
// launcher; WorkError: nothing can be started.
int eval_with_ranks(const CommandLine& line, Arguments arguments);

}  // namespace isoloss
