// A task's score from its items: the mean of a metric with its clustered standard error, the same
// without contaminated items, and the bits per byte of the right answers.
#pragma once
#include <string>
#include <vector>

#include "analysis/numbers/clustered_mean.h"
#include "results/task_scores.h"

namespace isoloss {

struct TaskMeasure {
  std::string metric;
  ClusteredMean score;
  std::size_t contaminated = 0;  // items among them
  ClusteredMean clean;           // without those
  ClusteredMean gold_bits;       // bits per byte of the right answer, over items that have one
};

// InputError naming the nearest metric where the task has none of that name; empty: the task's own.
TaskMeasure measure(const TaskScores& scores, const std::string& metric = "");

// Place of the metric in TaskScores::metrics; InputError as above.
std::size_t metric_place(const TaskScores& scores, const std::string& metric);

// So many of a trial's last checkpoints are averaged: So et al. 2021 (Primer, table 6), Bhagia et
// al. 2024.
inline constexpr std::size_t kLastCheckpoints = 5;

// Mean and sample deviation of a score over checkpoints, as So et al. print them.
struct CheckpointSpread {
  double mean = 0;
  double deviation = 0;  // NaN of one checkpoint
  std::size_t checkpoints = 0;
};
CheckpointSpread spread_of(const std::vector<double>& values);

// The same of a metric over the last `most` steps among scores of one model on one task. InputError
// where two are of one step, or of different tasks, profiles or trials.
CheckpointSpread spread_over_checkpoints(std::vector<const TaskScores*> scores,
                                         const std::string& metric = "",
                                         std::size_t most = kLastCheckpoints);

}  // namespace isoloss
