// The part of `isoloss eval` that scores one-shot tasks: every finished run of a study, or one
// model.
#pragma once
#include "harness/cli/command_line.h"

namespace isoloss {

// Options of the tasks, added to the command's.
void add_task_options(CommandLine& line);

// Whether the command line asks for tasks.
bool asks_for_tasks(const CommandLine& line);

// Scores what the line names and prints it; returns the exit status: 1 where a task or a run could
// not be scored, which is said on standard error.
int eval_tasks(const CommandLine& line);

}  // namespace isoloss
