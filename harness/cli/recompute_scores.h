// `isoloss eval --recompute`: the metrics of stored scores once more, from their rows alone: no
// model, no items, no tokenizer.
#pragma once
#include "harness/cli/command_line.h"

namespace isoloss {

// Recomputes every file of scores of the study DIR, or of a folder of `eval --out`, and prints it
// as `eval` does. A file whose stored metrics differ is replaced, which is said on standard error.
// Returns the exit status: 1 where a file cannot be recomputed (damaged; its card is another now,
// or not given). InputError: options that ask for a model or items too, nothing stored.
int recompute_scores(const CommandLine& line);

}  // namespace isoloss
