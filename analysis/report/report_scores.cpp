#include "analysis/report/report_scores.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "analysis/numbers/student_test.h"
#include "analysis/plot/number_text.h"
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

// As it was computed where it is stored: not every metric is a mean of its items.
MetricFigure figure_of(const TaskScores& scores, const std::string& metric,
                       const TaskMeasure& measured) {
  if (scores.figures.empty()) return {measured.score.value, measured.score.standard_error};
  return scores.figures[metric_place(scores, metric)];
}

// Items that the training text holds; of scores from before it was kept whether it was searched a
// count above nothing says that it was.
TableCell contamination_cell(const TaskScores& scores, const TaskMeasure& measured) {
  if (scores.overlap_searched.value_or(measured.contaminated > 0))
    return fixed_cell(static_cast<double>(measured.contaminated), 0);
  return text_cell(scores.overlap_searched ? "not checked" : "not known");
}

std::set<std::string> profiles_of(const StudyResults& study) {
  std::set<std::string> profiles;
  for (const StudyTask& task : study.tasks) profiles.insert(task.data.profile);
  return profiles;
}

}  // namespace

Table task_scores_table(const StudyResults& study) {
  Table table{
      "task_scores",
      "Scores kept item by item; SE is the standard error over items, those that share a passage "
      "taken together. Clean: without items that the training text holds.",
      {words_column("architecture", "architecture"), words_column("size", "size"),
       number_column("seed", "seed"), number_column("step", "step"),
       number_column("flops", "FLOPs spent"), words_column("task", "task"),
       words_column("profile", "profile"), words_column("metric", "metric"),
       number_column("value", "value"), number_column("standard_error", "SE"),
       number_column("n", "n"), number_column("clusters", "clusters"),
       number_column("chance", "chance"), number_column("gold_bits_per_byte", "bits/byte of gold"),
       number_column("contaminated", "contaminated"), number_column("clean_value", "clean"),
       number_column("clean_standard_error", "SE")},
      {}};
  for (const TaskScores* at : in_order_of_runs(study)) {
    const TaskScores& scores = *at;
    const RunRecord* run = find_run(study, scores.model);
    for (const std::string& metric : scores.metrics) {
      const TaskMeasure measured = measure(scores, metric);
      const bool first = metric == scores.metrics.front();
      const MetricFigure figure = figure_of(scores, metric, measured);
      table.rows.push_back(
          {text_cell(run ? run->header.architecture : scores.model),
           text_cell(run ? run->header.size : ""),
           fixed_cell(run ? static_cast<double>(run->header.seed) : kNone, 0),
           fixed_cell(static_cast<double>(scores.step), 0), significant_cell(scores.flops, 4),
           text_cell(scores.task), text_cell(scores.profile), text_cell(metric),
           fixed_cell(figure.value, 4), fixed_cell(figure.standard_error, 4),
           fixed_cell(static_cast<double>(measured.score.items), 0),
           fixed_cell(static_cast<double>(measured.score.clusters), 0),
           fixed_cell(first ? scores.chance : kNone, 4), fixed_cell(measured.gold_bits.value, 4),
           contamination_cell(scores, measured),
           fixed_cell(first && measured.contaminated > 0 ? measured.clean.value : kNone, 4),
           fixed_cell(first && measured.contaminated > 0 ? measured.clean.standard_error : kNone,
                      4)});
    }
  }
  return table;
}

Table paired_scores_table(const StudyResults& study, const ReportOptions& options) {
  Table table{
      "paired_scores",
      "Candidate less baseline on the same items, each at its best size of the largest budget "
      "that both scored: 95 % interval and p from resampled passages; McNemar's exact p of the "
      "items that one alone has right.",
      {words_column("task", "task"), words_column("profile", "profile"),
       words_column("metric", "metric"), words_column("candidate", "candidate"),
       words_column("baseline", "baseline"), number_column("budget", "budget"),
       number_column("baseline_value", "baseline's"),
       number_column("candidate_value", "candidate's"), number_column("difference", "difference"),
       number_column("standard_error", "SE"), number_column("interval_low", "from"),
       number_column("interval_high", "to"), number_column("p", "p"),
       number_column("baseline_only", "baseline alone right"),
       number_column("candidate_only", "candidate alone right"),
       number_column("mcnemar_p", "McNemar p"), sentence_column("why", "why none")},
      {}};
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
      const std::vector<TableCell> first{text_cell(task.data.task),   text_cell(task.data.profile),
                                         text_cell(task.data.metric), text_cell(candidate),
                                         text_cell(study.baseline),   significant_cell(*budget, 3)};
      try {
        const PairedScores pair = compare_scores(*a, *b, paired);
        const Interval ends = ends_of(pair.interval);
        const auto count = [&](std::size_t McNemar::*field) {
          return pair.mcnemar ? static_cast<double>((*pair.mcnemar).*field) : kNone;
        };
        std::vector<TableCell> row = first;
        for (TableCell cell :
             {fixed_cell(pair.baseline, 4), fixed_cell(pair.candidate, 4),
              fixed_cell(pair.difference, 4), fixed_cell(pair.standard_error, 4),
              fixed_cell(ends.first, 4), fixed_cell(ends.second, 4),
              fixed_cell(pair.bootstrap_p, 3), fixed_cell(count(&McNemar::baseline_only), 0),
              fixed_cell(count(&McNemar::candidate_only), 0),
              fixed_cell(pair.mcnemar ? pair.mcnemar->p : kNone, 4), text_cell("")}) {
          row.push_back(std::move(cell));
        }
        table.rows.push_back(std::move(row));
      } catch (const std::runtime_error& error) {
        table.rows.push_back(refused_row(table, first, error.what()));
      }
    }
  }
  return table;
}

Table checkpoint_spreads_table(const StudyResults& study) {
  Table table{
      "checkpoint_spreads",
      "Mean and sample deviation of each trial's score over its last five scored checkpoints, as "
      "So "
      "et al. 2021 print them (table 6): the noise of the weights, not of the items or the seed.",
      {words_column("architecture", "architecture"), words_column("size", "size"),
       number_column("seed", "seed"), number_column("flops", "FLOPs spent"),
       words_column("task", "task"), words_column("profile", "profile"),
       words_column("metric", "metric"), number_column("checkpoints", "checkpoints"),
       number_column("first_step", "from step"), number_column("last_step", "to step"),
       number_column("mean", "mean"), number_column("deviation", "deviation")},
      {}};
  for (const StudyTask& task : study.tasks)
    for (const AccuracyPoint& point : task.data.points) {
      if (point.checkpoints < 2) continue;
      table.rows.push_back({text_cell(point.architecture), text_cell(point.size),
                            fixed_cell(static_cast<double>(point.seed), 0),
                            significant_cell(point.flops, 4), text_cell(task.data.task),
                            text_cell(task.data.profile), text_cell(task.data.metric),
                            fixed_cell(static_cast<double>(point.checkpoints), 0),
                            fixed_cell(static_cast<double>(point.first_step), 0),
                            fixed_cell(static_cast<double>(point.last_step), 0),
                            fixed_cell(point.accuracy, 4), fixed_cell(point.deviation, 4)});
    }
  return table;
}

Table checkpoint_counts_table(const StudyResults& study) {
  Table table{
      "checkpoint_t_tests",
      "Tasks on which the candidate is better, worse or equal by Student's t-test (p < .05) of "
      "the means over the last five checkpoints, each at its best size of the largest budget "
      "that both scored.",
      {words_column("candidate", "candidate"), words_column("baseline", "baseline"),
       words_column("profile", "profile"), number_column("tasks", "tasks"),
       number_column("checkpoints", "checkpoints"), number_column("better", "better"),
       number_column("worse", "worse"), number_column("equal", "equal")},
      {}};
  for (const std::string& profile : profiles_of(study)) {
    for (const std::string& candidate : study.architectures) {
      if (candidate == study.baseline || study.baseline.empty()) continue;
      std::map<std::size_t, std::vector<std::pair<SampleMean, SampleMean>>> by_checkpoints;
      for (const StudyTask& task : study.tasks) {
        if (task.data.profile != profile) continue;
        const auto budget = common_budget(task.data, {study.baseline, candidate});
        if (!budget) continue;
        const AccuracyPoint& its = *best_trial(task.data, candidate, *budget);
        const AccuracyPoint& base = *best_trial(task.data, study.baseline, *budget);
        if (base.checkpoints < 2 || base.checkpoints != its.checkpoints) continue;
        by_checkpoints[base.checkpoints].push_back(
            {{base.accuracy, base.deviation}, {its.accuracy, its.deviation}});
      }
      for (const auto& [checkpoints, pairs] : by_checkpoints) {
        const SideCounts counts = count_sides(pairs, static_cast<double>(checkpoints));
        table.rows.push_back({text_cell(candidate), text_cell(study.baseline), text_cell(profile),
                              fixed_cell(static_cast<double>(pairs.size()), 0),
                              fixed_cell(static_cast<double>(checkpoints), 0),
                              fixed_cell(counts.better, 0), fixed_cell(counts.worse, 0),
                              fixed_cell(counts.equal, 0)});
      }
    }
  }
  return table;
}

Table task_averages_table(const StudyResults& study) {
  Table table{
      "task_averages",
      "Averages over named sets of tasks, each architecture at its best size of the largest "
      "budget that all scored. A set with a missing task has none.",
      {words_column("set", "set"), number_column("tasks", "tasks"),
       words_column("profile", "profile"), words_column("architecture", "architecture"),
       number_column("value", "average"), number_column("standard_error", "SE")},
      {}};
  for (const std::string& profile : profiles_of(study)) {
    for (const std::string& architecture : study.architectures) {
      std::map<std::string, TaskValue> values;
      for (const StudyTask& task : study.tasks) {
        if (task.data.profile != profile) continue;
        const auto budget = common_budget(task.data, study.architectures);
        if (!budget) continue;
        const AccuracyPoint& best = *best_trial(task.data, architecture, *budget);
        values[task.data.task] = {best.accuracy, best.standard_error};
      }
      for (const TaskSet& set : task_sets()) {
        bool whole = true;
        for (const std::string& task : set.tasks) whole = whole && values.contains(task);
        if (!whole) continue;
        const TaskAverage average = average_over(set, values);
        table.rows.push_back({text_cell(set.name),
                              fixed_cell(static_cast<double>(average.tasks), 0), text_cell(profile),
                              text_cell(architecture), fixed_cell(average.value, 4),
                              fixed_cell(average.standard_error, 4)});
      }
    }
  }
  return table;
}

}  // namespace isoloss
