// Items of a user's own task: files beside its card.
#pragma once
#include <cstdint>

#include "harness/oneshot/evaluate_task.h"
#include "harness/oneshot/task_card.h"

namespace isoloss {

// The items of DATA.SPLIT.jsonl and, where `shots` are shown, of DATA.SHOTS_FROM.jsonl in the
// card's folder: one JSON object a line with `id` and `group`, which is the id where it is left
// out; blank lines are skipped. InputError naming file and line: a file that is missing or empty, a
// line that is no object.
EvaluationItems items_beside_card(const TaskCard& card, std::int64_t shots);

}  // namespace isoloss
