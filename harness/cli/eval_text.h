// `isoloss eval --text FILE`: losses on a text that no study held out, of one model or of every
// finished run of a study.
#pragma once
#include "harness/cli/command_line.h"

namespace isoloss {

void add_text_options(CommandLine& line);

// Whether the command line asks for a text's loss.
bool asks_for_text(const CommandLine& line);

// InputError: options of a text's loss where none is asked for.
void check_text_options(const CommandLine& line);

// Prints the loss of --model on --text, or on the ids of --tokens. Returns the exit status.
// InputError: no model, no tokens or too many ways of giving them, a tokenizer that is not there,
// ids outside the vocabulary, a length that the model does not read, options of tasks.
int loss_of_model(const CommandLine& line);

// Prints the loss on --text of each finished run of DIR that is a result, at the end of its
// training, in the study's own tokens; with --csv as points (analysis/points/points.h) with the
// text's name as `evaluation`. Returns the exit status: 1 where a run could not be scored, which
// costs no other. InputError: no finished run, no text, options of tasks or of one model.
int losses_of_study(const CommandLine& line);

}  // namespace isoloss
