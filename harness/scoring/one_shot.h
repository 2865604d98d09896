// One-shot tasks made from a study's own held-out text (one worked example before each item, drawn
// by a counter key, never the item itself) or its synthetic language. Items fit the model's
// sequence.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "harness/data/dataset.h"
#include "model/layers/language_model.h"
#include "model/parallel/communicator.h"
#include "results/run_record.h"
#include "results/task_scores.h"

namespace isoloss {

// Names that `evaluate.tasks` may hold: those of text (harness/oneshot/text_task.h) and
// symbol-order.
std::vector<std::string> one_shot_task_names();

// Of `tasks` those that score_one_shot gives no score on these data.
std::vector<std::string> tasks_without_score(const Dataset& dataset, std::int64_t sequence,
                                             const std::vector<std::string>& tasks);

struct OneShotScores {
  std::vector<Score> scores;     // as they stand with the run
  std::vector<TaskScores> rows;  // item by item; model, trial and flops are the caller's
};

// Scores every named task; items depend on (dataset, task, sequence) alone, the same for every
// model. A task for which the data give no items (a text task on a synthetic language, the other
// way round, text too short) yields no score; symbol-order yields a second one without rows,
// symbol-order-best, whose value is the best possible accuracy. Errors take items of one page of
// the text together. Collective over the `data` ranks and asks `stop` as score_answers
// (answer_rows.h) says: the same bits on any number of ranks; absent where `stop` said yes.
std::optional<OneShotScores> score_one_shot(const LanguageModel& model, const Dataset& dataset,
                                            const std::vector<std::string>& tasks,
                                            std::int64_t step, Communicator& data,
                                            const std::function<bool()>& stop);

}  // namespace isoloss
