// Which trials two architectures are compared by on a task: each at its best size of the largest
// budget that both have scored.
#pragma once
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "analysis/scores/accuracy_points.h"
#include "results/task_scores.h"

namespace isoloss {

// The largest nominal budget that every one of `architectures` has among the task's points.
std::optional<double> common_budget(const AccuracyTask& task,
                                    const std::vector<std::string>& architectures);

// An architecture's trial with the least task loss at `budget`, its first seed; null where it has
// none there.
const AccuracyPoint* best_trial(const AccuracyTask& task, const std::string& architecture,
                                double budget);

// The latest scores of the trial behind a point; null where no file holds them.
const TaskScores* scores_of(std::span<const TaskScores> scores, const AccuracyTask& task,
                            const AccuracyPoint& point);

}  // namespace isoloss
