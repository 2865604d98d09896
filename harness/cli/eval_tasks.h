// The part of `isoloss eval` that scores one-shot tasks: every finished run of a study, or one
// model.
#pragma once
#include "harness/cli/command_line.h"
#include "harness/cli/commands.h"

namespace isoloss {

// Scores what the line names and prints it; returns the exit status: 1 where a task or a run could
// not be scored, which is said on standard error. The ranks of an MPI job divide the items among
// them; with --ranks it starts such a job with the same `arguments`.
int eval_tasks(const CommandLine& line, Arguments arguments);

}  // namespace isoloss
