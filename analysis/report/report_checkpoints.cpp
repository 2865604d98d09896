#include "analysis/report/report_checkpoints.h"

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "analysis/numbers/student_test.h"
#include "analysis/plot/table_of.h"
#include "analysis/scores/paired_trials.h"

namespace isoloss {
namespace {

struct CountedTasks {
  std::string candidate, baseline, profile;
  std::size_t tasks = 0, checkpoints = 0;
};

// Baseline's and candidate's mean of each task that both scored at equally many checkpoints.
using MeansOfPairs = std::vector<std::pair<SampleMean, SampleMean>>;

std::map<std::size_t, MeansOfPairs> means_by_checkpoints(const StudyResults& study,
                                                         const std::string& profile,
                                                         const std::string& candidate) {
  std::map<std::size_t, MeansOfPairs> out;
  for (const StudyTask& task : study.tasks) {
    if (task.data.profile != profile) continue;
    const auto budget = common_budget(task.data, {study.baseline, candidate});
    if (!budget) continue;
    const AccuracyPoint& its = *best_trial(task.data, candidate, *budget);
    const AccuracyPoint& base = *best_trial(task.data, study.baseline, *budget);
    if (base.checkpoints < 2 || base.checkpoints != its.checkpoints) continue;
    out[base.checkpoints].push_back(
        {{base.accuracy, base.deviation}, {its.accuracy, its.deviation}});
  }
  return out;
}

}  // namespace

Table checkpoint_spreads_table(const StudyResults& study) {
  TableOf<AccuracyPoint, AccuracyTask> table(
      "checkpoint_spreads",
      "Mean and sample deviation of each trial's score over its last five scored checkpoints, as "
      "So et al. 2021 print them (table 6): the noise of the weights, not of the items or the "
      "seed.");
  table.words("architecture", "architecture", &AccuracyPoint::architecture);
  table.words("size", "size", &AccuracyPoint::size);
  table.count("seed", "seed", &AccuracyPoint::seed);
  table.significant("flops", "FLOPs spent", 4, &AccuracyPoint::flops);
  table.words("task", "task", &AccuracyTask::task);
  table.words("profile", "profile", &AccuracyTask::profile);
  table.words("metric", "metric", &AccuracyTask::metric);
  table.count("checkpoints", "checkpoints", &AccuracyPoint::checkpoints);
  table.count("first_step", "from step", &AccuracyPoint::first_step);
  table.count("last_step", "to step", &AccuracyPoint::last_step);
  table.fixed("mean", "mean", 4, &AccuracyPoint::accuracy);
  table.fixed("deviation", "deviation", 4, &AccuracyPoint::deviation);
  for (const StudyTask& task : study.tasks)
    for (const AccuracyPoint& point : task.data.points) {
      if (point.checkpoints >= 2) table.add(point, task.data);
    }
  return table.take();
}

Table checkpoint_counts_table(const StudyResults& study) {
  TableOf<CountedTasks, SideCounts> table(
      "checkpoint_t_tests",
      "Tasks on which the candidate is better, worse or equal by Student's t-test (p < .05) of "
      "the means over the last five checkpoints, each at its best size of the largest budget "
      "that both scored.");
  table.words("candidate", "candidate", &CountedTasks::candidate);
  table.words("baseline", "baseline", &CountedTasks::baseline);
  table.words("profile", "profile", &CountedTasks::profile);
  table.count("tasks", "tasks", &CountedTasks::tasks);
  table.count("checkpoints", "checkpoints", &CountedTasks::checkpoints);
  table.count("better", "better", &SideCounts::better);
  table.count("worse", "worse", &SideCounts::worse);
  table.count("equal", "equal", &SideCounts::equal);
  for (const std::string& profile : profiles_of(study.tasks)) {
    for (const std::string& candidate : study.architectures) {
      if (candidate == study.baseline || study.baseline.empty()) continue;
      for (const auto& [checkpoints, pairs] : means_by_checkpoints(study, profile, candidate)) {
        table.add({candidate, study.baseline, profile, pairs.size(), checkpoints},
                  count_sides(pairs, static_cast<double>(checkpoints)));
      }
    }
  }
  return table.take();
}

}  // namespace isoloss
