// `isoloss eval DIR` alone: the tasks that a study makes of its own data (one_shot.h), of every
// finished run.
#pragma once
#include "harness/cli/command_line.h"

namespace isoloss {

// Scores, at each finished run's newest checkpoint, the study's `evaluate.tasks` or what --task
// names among those tasks, and prints them; what is stored already by the same rule and items is
// shown, not scored again. Returns the exit status: 1 where a run could not be scored. InputError:
// no study, no finished run, an unknown task, options of other tasks.
int eval_study_tasks(const CommandLine& line);

}  // namespace isoloss
