// One task from card and items to scores: draws what is shown, makes prompts, asks the model and
// computes the metrics.
#pragma once
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "harness/oneshot/scorer.h"
#include "harness/oneshot/task_card.h"
#include "results/task_scores.h"

namespace isoloss {

// Items of a data set in their canonical form (docs/scoring.md).
struct EvaluationItems {
  std::string digest;  // of the data
  std::vector<nlohmann::json>
      items;  // of the card's split; a subset is scored as the whole would be
  std::vector<nlohmann::json> shown;  // of the card's shots_from
};

struct EvaluationOptions {
  std::int64_t shots = 1;  // worked examples before each item, at least 0
  std::uint64_t suite_seed = 0;
};

// Scores, rows and metrics; model, trial, step, flops and tokenizer are the caller's to fill in. An
// item's scores depend on the item, the items shown and the options, on no other item and no order.
// InputError with card, task and item: as item_prompt and ShotPool say, no items at all, an answer
// that the tokenizer gives no token or that alone is longer than the model reads; as many tokens to
// write as it reads; a prompt longer than that where the card refuses.
TaskScores evaluate_task(const TaskCard& card, const EvaluationItems& data, Scorer& scorer,
                         const EvaluationOptions& options);

}  // namespace isoloss
