// Which trials `isoloss compare` compared: an architecture stands for its best size of a budget.
#pragma once
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "analysis/points/points.h"
#include "results/task_scores.h"

namespace isoloss {

// trial, model, step and, of a trial among `results`, architecture, size, seed, budget and
// budget_unit; null what is not known.
nlohmann::ordered_json trial_json(const TaskScores& scores, const PointTable& results);

// A line for each trial, in the order of the scores, with the tasks that it answered where
// there are several: "SIDE: primer s, a budget of 5120 tokens, trial ID (two, four)"; of a model
// from elsewhere its name.
std::vector<std::string> trial_lines(const std::string& side,
                                     const std::vector<const TaskScores*>& scores,
                                     const PointTable& results);

}  // namespace isoloss
