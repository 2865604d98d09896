// Scores of a task made of right and wrong answers, for the tests of this room.
#pragma once
#include <string>
#include <vector>

#include "results/task_scores.h"

namespace isoloss {

// Items i = 0, 1, ... with accuracy right[i] in cluster i / per_cluster.
inline TaskScores scores_of(const std::vector<double>& right, std::size_t per_cluster = 1) {
  TaskScores scores;
  scores.model = "0123456789abcdef";
  scores.trial = "trial";
  scores.task = "boolq";
  scores.profile = "gpt3";
  scores.chance = 0.5;
  scores.metrics = {"accuracy"};
  for (std::size_t i = 0; i < right.size(); ++i) {
    TaskItem item;
    item.id = std::to_string(i);
    item.cluster = std::to_string(i / per_cluster);
    item.values = {right[i]};
    scores.items.push_back(item);
  }
  return scores;
}

}  // namespace isoloss
