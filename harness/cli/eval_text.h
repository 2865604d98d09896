// `isoloss eval --text FILE`: its options, and the loss of one model.
#pragma once
#include "harness/cli/command_line.h"

namespace isoloss {

void add_text_options(CommandLine& line);

// InputError: options of a text's loss that mean nothing beside the others.
void check_text_options(const CommandLine& line);

// InputError: options of tasks and their scores, beside a text.
void refuse_task_options(const CommandLine& line);

// Prints the loss of --model on --text, or on the ids of --tokens. Returns the exit status.
// InputError: neither text nor tokens or both, a tokenizer that is not there, ids outside the
// vocabulary, a length that the model does not read, options of tasks.
int eval_text(const CommandLine& line);

}  // namespace isoloss
