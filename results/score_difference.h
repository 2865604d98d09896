// Whether two files of scores say the same of one model.
#pragma once
#include <string>

#include "results/task_scores.h"

namespace isoloss {

// The first thing in which they differ ("shots: 1 and 0", "log P of item 3, choice 1: -1.5 and
// -2"); empty where `kept` holds every item of `other`, was asked the same (model, step, card,
// data, shots, seed, tokenizer) and answered the same: log-probabilities to 1e-4 of their size, or
// of a nat where they are smaller, since kinds of machine round differently, and written answers
// letter by letter. What follows from these is not compared.
std::string first_difference(const TaskScores& kept, const TaskScores& other);

}  // namespace isoloss
