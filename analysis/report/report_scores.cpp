#include "analysis/report/report_scores.h"

#include <algorithm>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "analysis/plot/table_of.h"
#include "analysis/scores/paired_scores.h"
#include "analysis/scores/paired_trials.h"
#include "analysis/scores/task_average.h"
#include "analysis/scores/task_measure.h"

namespace isoloss {
namespace {

// By the runs as the page has them, then by task and step; models from elsewhere last.
std::vector<const TaskScores*> in_order_of_runs(const StudyResults& study) {
  std::map<std::string, std::size_t> place;
  for (const RunRecord& run : study.all.runs) place.emplace(run.header.id, place.size());
  std::vector<const TaskScores*> out;
  for (const TaskScores& scores : study.scores) out.push_back(&scores);
  const auto key = [&](const TaskScores& scores) {
    const auto at = place.find(scores.model);
    return std::tuple(at == place.end() ? place.size() : at->second, scores.model, scores.task,
                      scores.profile, scores.step);
  };
  std::stable_sort(out.begin(), out.end(),
                   [&](const TaskScores* a, const TaskScores* b) { return key(*a) < key(*b); });
  return out;
}

// A metric of a model's scores on a task.
struct ScoredMetric {
  const TaskScores& scores;
  const RunRecord* run;  // null: a model from elsewhere
  std::string metric;
  TaskMeasure measured;

  bool first() const { return metric == scores.metrics.front(); }
  // Of the task, not of the metric: said once.
  bool clean() const { return first() && measured.contaminated > 0; }
};

// As it was computed where it is stored: not every metric is a mean of its items.
MetricFigure figure_of(const ScoredMetric& at) {
  if (at.scores.figures.empty()) return {at.measured.score.value, at.measured.score.standard_error};
  return at.scores.figures[metric_place(at.scores, at.metric)];
}

// Items that the training text holds; of scores from before it was kept whether it was searched a
// count above nothing says that it was.
TableCell contamination_cell(const ScoredMetric& at) {
  const std::size_t count = at.measured.contaminated;
  if (at.scores.overlap_searched.value_or(count > 0))
    return fixed_cell(static_cast<double>(count), 0);
  return text_cell(at.scores.overlap_searched ? "not checked" : "not known");
}

// What two architectures are compared by on a task.
struct PairOfScores {
  const AccuracyTask& task;
  std::string candidate, baseline;
  double budget = 0;
};

// Of an architecture that has scored all tasks of a set.
struct AverageOf {
  std::string profile, architecture;
};

// Each task's value at the best size of the largest budget that all architectures scored.
std::map<std::string, TaskValue> best_values(const StudyResults& study, const AverageOf& of) {
  std::map<std::string, TaskValue> values;
  for (const StudyTask& task : study.tasks) {
    if (task.data.profile != of.profile) continue;
    const auto budget = common_budget(task.data, study.architectures);
    if (!budget) continue;
    const AccuracyPoint& best = *best_trial(task.data, of.architecture, *budget);
    values[task.data.task] = {best.accuracy, best.standard_error};
  }
  return values;
}

}  // namespace

Table task_scores_table(const StudyResults& study) {
  TableOf<ScoredMetric> table(
      "task_scores",
      "Scores kept item by item; SE is the standard error over items, those that share a passage "
      "taken together. Clean: without items that the training text holds.");
  using At = const ScoredMetric&;
  table.words("architecture", "architecture",
              [](At at) { return at.run ? at.run->header.architecture : at.scores.model; });
  table.words("size", "size", [](At at) { return at.run ? at.run->header.size : ""; });
  table.fixed("seed", "seed", 0,
              [](At at) { return at.run ? static_cast<double>(at.run->header.seed) : kNone; });
  table.count("step", "step", [](At at) { return at.scores.step; });
  table.significant("flops", "FLOPs spent", 4, [](At at) { return at.scores.flops; });
  table.words("task", "task", [](At at) { return at.scores.task; });
  table.words("profile", "profile", [](At at) { return at.scores.profile; });
  table.words("metric", "metric", [](At at) { return at.metric; });
  table.fixed("value", "value", 4, [](At at) { return figure_of(at).value; });
  table.fixed("standard_error", "SE", 4, [](At at) { return figure_of(at).standard_error; });
  table.count("n", "n", [](At at) { return at.measured.score.items; });
  table.count("clusters", "clusters", [](At at) { return at.measured.score.clusters; });
  table.fixed("chance", "chance", 4, [](At at) { return at.first() ? at.scores.chance : kNone; });
  table.fixed("gold_bits_per_byte", "bits/byte of gold", 4,
              [](At at) { return at.measured.gold_bits.value; });
  table.cells({"contaminated", "contaminated"}, contamination_cell);
  table.fixed("clean_value", "clean", 4,
              [](At at) { return at.clean() ? at.measured.clean.value : kNone; });
  table.fixed("clean_standard_error", "SE", 4,
              [](At at) { return at.clean() ? at.measured.clean.standard_error : kNone; });
  for (const TaskScores* scores : in_order_of_runs(study)) {
    for (const std::string& metric : scores->metrics) {
      table.add({*scores, find_run(study, scores->model), metric, measure(*scores, metric)});
    }
  }
  return table.take();
}

Table paired_scores_table(const StudyResults& study, const ReportOptions& options) {
  TableOf<PairOfScores, PairedScores> table(
      "paired_scores",
      "Candidate less baseline on the same items, each at its best size of the largest budget "
      "that both scored: 95 % interval and p from resampled passages; McNemar's exact p of the "
      "items that one alone has right.");
  table.words("task", "task", [](const PairOfScores& of) { return of.task.task; });
  table.words("profile", "profile", [](const PairOfScores& of) { return of.task.profile; });
  table.words("metric", "metric", [](const PairOfScores& of) { return of.task.metric; });
  table.words("candidate", "candidate", &PairOfScores::candidate);
  table.words("baseline", "baseline", &PairOfScores::baseline);
  table.significant("budget", "budget", 3, &PairOfScores::budget);
  table.fixed("baseline_value", "baseline's", 4, &PairedScores::baseline);
  table.fixed("candidate_value", "candidate's", 4, &PairedScores::candidate);
  table.fixed("difference", "difference", 4, &PairedScores::difference);
  table.fixed("standard_error", "SE", 4, &PairedScores::standard_error);
  table.fixed_ends("interval", 4, &PairedScores::interval);
  table.fixed("p", "p", 3, &PairedScores::bootstrap_p);
  const auto alone_right = [](std::size_t McNemar::*field) {
    return [field](const PairedScores& pair) {
      return pair.mcnemar ? static_cast<double>((*pair.mcnemar).*field) : kNone;
    };
  };
  table.fixed("baseline_only", "baseline alone right", 0, alone_right(&McNemar::baseline_only));
  table.fixed("candidate_only", "candidate alone right", 0, alone_right(&McNemar::candidate_only));
  table.fixed("mcnemar_p", "McNemar p", 4,
              [](const PairedScores& pair) { return pair.mcnemar ? pair.mcnemar->p : kNone; });
  table.sentence("why", "why none", [](const PairedScores&) { return ""; });
  PairedOptions paired;
  paired.draws = options.bootstrap;
  paired.seed = options.seed;
  for (const StudyTask& task : study.tasks) {
    if (task.data.profile.empty()) continue;
    for (const std::string& candidate : study.architectures) {
      if (candidate == study.baseline || study.baseline.empty()) continue;
      const auto budget = common_budget(task.data, {study.baseline, candidate});
      if (!budget) continue;
      const TaskScores* a =
          scores_of(study.scores, task.data, *best_trial(task.data, study.baseline, *budget));
      const TaskScores* b =
          scores_of(study.scores, task.data, *best_trial(task.data, candidate, *budget));
      if (!a || !b) continue;
      const PairOfScores of{task.data, candidate, study.baseline, *budget};
      try {
        table.add(of, compare_scores(*a, *b, paired));
      } catch (const std::runtime_error& error) {
        table.refuse(of, error.what());
      }
    }
  }
  return table.take();
}

Table task_averages_table(const StudyResults& study) {
  TableOf<AverageOf, TaskAverage> table(
      "task_averages",
      "Averages over named sets of tasks, each architecture at its best size of the largest "
      "budget that all scored. A set with a missing task has none.");
  table.words("set", "set", &TaskAverage::set);
  table.count("tasks", "tasks", &TaskAverage::tasks);
  table.words("profile", "profile", &AverageOf::profile);
  table.words("architecture", "architecture", &AverageOf::architecture);
  table.fixed("value", "average", 4, &TaskAverage::value);
  table.fixed("standard_error", "SE", 4, &TaskAverage::standard_error);
  for (const std::string& profile : profiles_of(study.tasks)) {
    for (const std::string& architecture : study.architectures) {
      const AverageOf of{profile, architecture};
      const std::map<std::string, TaskValue> values = best_values(study, of);
      for (const TaskSet& set : task_sets()) {
        const bool whole = std::ranges::all_of(
            set.tasks, [&](const std::string& task) { return values.contains(task); });
        if (whole) table.add(of, average_over(set, values));
      }
    }
  }
  return table.take();
}

}  // namespace isoloss
