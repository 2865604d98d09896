// Scores with values that are awkward to store: a NUL and a backslash in what a model wrote, an
// item without a choice, one with two golds, negative zero.
#pragma once
#include <string>

#include "results/task_scores.h"

namespace isoloss {

inline TaskScores sample_scores() {
  TaskScores scores;
  scores.model = "0123456789abcdef";
  scores.trial = "0123456789abcdef-2e11-flops";
  scores.step = 20;
  scores.flops = 2.5e11;
  scores.task = "race_high";
  scores.profile = "gpt3";
  scores.shots = 1;
  scores.suite_seed = 7;
  scores.card_digest = "cc";
  scores.data_digest = "dd";
  scores.tokenizer = "aa";
  scores.overlap_searched = true;
  scores.chance = 0.25;
  scores.metrics = {"accuracy", "f1"};
  scores.figures = {{0.5, 0.25}, {0.625, 0.1}};
  TaskItem first{"caf\u00e9 1", "passage", false, 3, "", {}, 0.75, {1, 0.5}};
  TaskItem second{"2", "passage", true, 0, std::string("a\0b\\0\n", 6), {"x\\", ""}, 0, {-0.0, 1}};
  scores.items = {first, second};
  scores.rows = {{0, 0, true, -1.5, -2.25, 3, 7, 6, true}, {0, 1, false, -2, 0, 2, 5, 5, false}};
  return scores;
}

}  // namespace isoloss
