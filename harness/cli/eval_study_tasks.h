// `isoloss eval DIR` alone: the tasks that a study makes of its own data (one_shot.h), of every
// finished run.
#pragma once
#include "harness/cli/command_line.h"
#include "harness/cli/commands.h"

namespace isoloss {

// Scores, at each finished run's newest checkpoint, the study's `evaluate.tasks` or what --task
// names among those tasks, and prints them; what is stored already by the same rule and items is
// shown, not scored again. Returns the exit status: 1 where a run could not be scored. The ranks of
// an MPI job divide the items among them; with --ranks it starts such a job with the same
// `arguments`. InputError: no study, no finished run, an unknown task, options that mean nothing to
// these tasks.
int eval_study_tasks(const CommandLine& line, Arguments arguments);

}  // namespace isoloss
