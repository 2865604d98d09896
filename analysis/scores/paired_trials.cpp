#include "analysis/scores/paired_trials.h"

#include <algorithm>
#include <map>
#include <set>

#include "analysis/points/one_budget.h"

namespace isoloss {

std::optional<double> common_budget(const AccuracyTask& task,
                                    const std::vector<std::string>& architectures) {
  std::map<double, std::set<std::string>> has;
  for (const AccuracyPoint& point : task.points) has[point.budget].insert(point.architecture);
  std::optional<double> largest;
  for (const auto& [budget, names] : has)
    if (std::ranges::all_of(architectures,
                            [&](const std::string& name) { return names.contains(name); }))
      largest = budget;
  return largest;
}

const AccuracyPoint* best_trial(const AccuracyTask& task, const std::string& architecture,
                                double budget) {
  const AccuracyPoint* best = nullptr;
  for (const AccuracyPoint& point : task.points) {
    if (point.architecture != architecture || point.budget != budget) continue;
    if (!best || point.task_loss < best->task_loss) best = &point;
  }
  return best;
}

const TaskScores* scores_of(std::span<const TaskScores> scores, const AccuracyTask& task,
                            const AccuracyPoint& point) {
  const TaskScores* best = nullptr;
  for (const TaskScores& one : scores) {
    if (one.model != point.run || one.task != task.task || one.profile != task.profile) continue;
    if (!of_one_budget(one.flops, point.flops)) continue;  // a trial's last scores
    if (!best || one.step > best->step) best = &one;
  }
  return best;
}

}  // namespace isoloss
