// Answers of one-shot items as rows of tokens, and what a model gives each: for tasks made from a
// study's own data, whose rows all fit the model's sequence.
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "harness/oneshot/task_card.h"
#include "model/layers/language_model.h"
#include "model/parallel/communicator.h"
#include "results/task_scores.h"

namespace isoloss {

// One answer with what stands before it; the answer's tokens are [first, end).
struct AnswerRow {
  std::vector<std::int32_t> tokens;  // as many as the model's sequence, padded
  std::size_t first = 0;
  std::size_t end = 0;
  std::int64_t bytes = 0;        // UTF-8, of the answer; 0 of symbols
  std::int64_t code_points = 0;  // without its leading space; 0 of symbols
};

struct AnsweredItem {
  std::string id;       // unique in the task
  std::string cluster;  // what items share: a page of the text; the id where nothing is shared
  std::size_t right = 0;
  std::vector<AnswerRow> answers;
};

// Items, rows and metrics by the card; the data's digest, model, trial, step, FLOPs and tokenizer
// are the caller's. Rows are read in passes of one size, so that who asks changes nothing.
// Collective: the `data` ranks, which have the same weights and ask the same, divide the passes
// among them and all get the whole. `stop` is asked before each round of passes, as often on every
// rank, and must answer the same on all; absent where it said yes.
std::optional<TaskScores> score_answers(const LanguageModel& model, const TaskCard& card,
                                        const std::vector<AnsweredItem>& items, Communicator& data,
                                        const std::function<bool()>& stop);

}  // namespace isoloss
