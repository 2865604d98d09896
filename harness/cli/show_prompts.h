// `isoloss eval --show N`: what models are asked, without a model.
#pragma once
#include "harness/cli/command_line.h"

namespace isoloss {

// Prints the first N items of each task that the line names, as they are asked: prompts with their
// worked examples, choices, and which are right. Returns the exit status: 1 where a task cannot be
// read or a prompt not be made, which is said on standard error. InputError: options that are of
// scoring alone.
int show_prompts(const CommandLine& line);

}  // namespace isoloss
