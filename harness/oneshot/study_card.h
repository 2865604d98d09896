// The cards of tasks that are made from a study's own data, of profile `study`: their prompts are
// the task's own (text_task.h, symbol_order.h), so a card says only how rows are scored.
#pragma once
#include <string>

#include "harness/oneshot/task_card.h"

namespace isoloss {

// `last-word` is right where the word is the most likely one, token for token; every other task
// where the right answer alone has the largest sum. The digest is of the rule and of a number that
// grows where items are made otherwise, not of `chance`.
TaskCard study_card(const std::string& task, double chance);

}  // namespace isoloss
