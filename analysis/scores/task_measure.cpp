#include "analysis/scores/task_measure.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "analysis/numbers/statistics.h"
#include "model/spec/error.h"
#include "model/spec/nearest_name.h"

namespace isoloss {
namespace {

// Of the items that `keep` and their values.
template <class Keep, class Value>
ClusteredMean mean_where(const TaskScores& scores, Keep keep, Value value) {
  std::vector<double> values;
  std::vector<std::string> clusters;
  for (const TaskItem& item : scores.items) {
    if (!keep(item)) continue;
    values.push_back(value(item));
    clusters.push_back(item.cluster);
  }
  return clustered_mean(values, cluster_numbers(clusters));
}

bool every_item(const TaskItem&) { return true; }

}  // namespace

std::size_t metric_place(const TaskScores& scores, const std::string& metric) {
  const auto at = metric.empty() ? scores.metrics.begin()
                                 : std::find(scores.metrics.begin(), scores.metrics.end(), metric);
  if (at == scores.metrics.end()) {
    throw InputError(fmt::format("metric '{}' (task '{}' was not scored by it){}", metric,
                                 scores.task, suggestion(metric, scores.metrics)));
  }
  return static_cast<std::size_t>(at - scores.metrics.begin());
}

TaskMeasure measure(const TaskScores& scores, const std::string& metric) {
  const std::size_t place = metric_place(scores, metric);
  const auto value = [place](const TaskItem& item) { return item.values[place]; };
  TaskMeasure out;
  out.metric = scores.metrics[place];
  out.score = mean_where(scores, every_item, value);
  out.clean = mean_where(
      scores, [](const TaskItem& item) { return !item.contaminated; }, value);
  out.contaminated = out.score.items - out.clean.items;
  out.gold_bits = mean_where(
      scores, [](const TaskItem& item) { return item.gold_bits_per_byte > 0; },
      [](const TaskItem& item) { return item.gold_bits_per_byte; });
  return out;
}

CheckpointSpread spread_of(const std::vector<double>& values) {
  CheckpointSpread out{kNone, kNone, values.size()};
  if (values.empty()) return out;
  const auto n = static_cast<double>(values.size());
  double sum = 0, squares = 0;
  for (const double value : values) sum += value;
  out.mean = sum / n;
  for (const double value : values) squares += (value - out.mean) * (value - out.mean);
  if (values.size() > 1) out.deviation = std::sqrt(squares / (n - 1));
  return out;
}

CheckpointSpread spread_over_checkpoints(std::vector<const TaskScores*> scores,
                                         const std::string& metric, std::size_t most) {
  std::sort(scores.begin(), scores.end(),
            [](const TaskScores* a, const TaskScores* b) { return a->step < b->step; });
  for (std::size_t i = 1; i < scores.size(); ++i) {
    const TaskScores &a = *scores[i - 1], &b = *scores[i];
    if (a.step == b.step || a.task != b.task || a.profile != b.profile || a.trial != b.trial ||
        a.model != b.model) {
      throw InputError(fmt::format(
          "scores of {} '{}' at step {} and of {} '{}' at step {} (no checkpoints of one "
          "model on one task); give each checkpoint once",
          a.trial, a.task, a.step, b.trial, b.task, b.step));
    }
  }
  if (scores.size() > most) {
    scores.erase(scores.begin(), scores.end() - static_cast<std::ptrdiff_t>(most));
  }
  std::vector<double> values;
  for (const TaskScores* one : scores) values.push_back(measure(*one, metric).score.value);
  return spread_of(values);
}

}  // namespace isoloss
