// `isoloss eval --ranks N`: the same command line as an MPI job of N ranks, and what each of them
// does.
#pragma once
#include <functional>
#include <string>

#include "harness/cli/command_line.h"
#include "harness/cli/commands.h"
#include "model/parallel/communicator.h"

namespace isoloss {

// Starts the ranks and waits for them, passing a request to stop on; returns the first rank's exit
// status. `arguments` are the command line's own. InputError: fewer than one rank, an unknown
// launcher; WorkError: nothing can be started.
int eval_with_ranks(const CommandLine& line, Arguments arguments);

// `work` on the ranks of the job in which this process was started, which may be this process
// alone; returns what `work` does on the first rank, whose words and status alone count. What
// `work` throws is the same on every rank if it is Stopped (its status: 3) or an InputError; any
// other exception of one rank of several ends the job, since the others wait for it.
int eval_as_rank(const std::function<int(Communicator&)>& work);

}  // namespace isoloss
