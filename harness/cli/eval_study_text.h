// `isoloss eval DIR --text FILE`: the losses of a study on a text that it did not hold out.
#pragma once
#include "harness/cli/command_line.h"

namespace isoloss {

// Prints the loss on --text of each finished run of DIR that is a result, at the end of its
// training, read as the study's held-out text is; with --csv as points (analysis/points/points.h)
// with the text's name as `evaluation`. Returns the exit status: 1 where a run could not be scored,
// which costs no other. InputError: no finished run, no text, options of tasks.
int eval_study_text(const CommandLine& line);

}  // namespace isoloss
