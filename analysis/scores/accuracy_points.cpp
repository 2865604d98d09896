#include "analysis/scores/accuracy_points.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <tuple>

#include "analysis/points/one_budget.h"
#include "analysis/scores/task_measure.h"
#include "results/best_possible.h"

namespace isoloss {
namespace {

AccuracyPoint accuracy_point(const Point& point) {
  AccuracyPoint out;
  out.architecture = point.architecture;
  out.size = point.size;
  out.run = point.run;
  out.seed = point.seed;
  out.parameters = point.parameters;
  out.tokens = point.tokens;
  out.flops = point.flops;
  out.budget = std::isnan(point.budget) ? point.flops : point.budget;
  out.held_out = out.task_loss = point.loss;
  return out;
}

// By task and metric.
using TrialScores = std::map<std::pair<std::string, std::string>, std::vector<Score>>;

// Of each task and metric that was scored where the evaluation's trial ended, the last checkpoints
// of that trial, by step.
TrialScores scores_of_trial(const RunRecord& run, const Evaluation& evaluation) {
  TrialScores found;
  const std::int64_t first = evaluation.step - evaluation.step / 10;
  for (const Score& score : run.scores)
    if (score.step >= first && score.step <= evaluation.step)
      found[{score.task, score.metric}].push_back(score);
  for (auto& [name, scores] : found) {
    std::ranges::stable_sort(scores, {}, &Score::step);
    if (scores.size() > kLastCheckpoints)
      scores.erase(scores.begin(), scores.end() - static_cast<std::ptrdiff_t>(kLastCheckpoints));
  }
  std::erase_if(found,
                [&](const auto& entry) { return entry.second.back().step != evaluation.step; });
  return found;
}

bool is_best_of_another(const TrialScores::key_type& name, const TrialScores& scores) {
  if (!name.first.ends_with(kBestSuffix)) return false;
  const auto size = name.first.size() - kBestSuffix.size();
  return scores.contains({name.first.substr(0, size), name.second});
}

void set_accuracy(AccuracyPoint& point, const CheckpointSpread& spread) {
  point.accuracy = spread.mean;
  point.deviation = spread.deviation;
  point.checkpoints = spread.checkpoints;
}

// What the runs stored.
void add_run_scores(const PointTable& results, std::vector<AccuracyTask>& tasks) {
  std::map<std::string, const RunRecord*> runs;
  for (const RunRecord& run : results.runs) runs[run.header.id] = &run;
  std::map<std::pair<std::string, std::string>, AccuracyTask> found;
  for (const Point& point : results.points) {
    const auto run = runs.find(point.run);
    if (run == runs.end()) continue;
    for (const Evaluation& evaluation : run->second->evaluations) {
      if (evaluation.budget != point.budget || evaluation.budget_unit != point.budget_unit) {
        continue;
      }
      const auto of_trial = scores_of_trial(*run->second, evaluation);
      for (const auto& [name, scores] : of_trial) {
        if (is_best_of_another(name, of_trial)) continue;
        AccuracyTask& task = found[name];
        task.task = name.first;
        task.metric = name.second;
        task.chance = scores.back().chance;
        task.items = scores.back().n;
        std::vector<double> values;
        for (const Score& score : scores) values.push_back(score.value);
        AccuracyPoint out = accuracy_point(point);
        set_accuracy(out, spread_of(values));
        out.standard_error = scores.back().standard_error;
        const auto best = of_trial.find({name.first + std::string(kBestSuffix), name.second});
        if (best != of_trial.end()) out.best = best->second.back().value;
        out.first_step = scores.front().step;
        out.last_step = scores.back().step;
        task.points.push_back(std::move(out));
      }
    }
  }
  for (auto& [name, task] : found) tasks.push_back(std::move(task));
}

const Point* trial_point(const PointTable& results, const TaskScores& scores) {
  const Point* best = nullptr;
  double nearest = kOneBudget;  // between a trial's last checkpoint and its evaluation
  for (const Point& point : results.points) {
    if (point.run != scores.model) continue;
    const double distance = std::abs(std::log(point.flops / scores.flops));
    if (distance < nearest) {
      nearest = distance;
      best = &point;
    }
  }
  return best;
}

void add_trial(const PointTable& results, std::vector<const TaskScores*> trial,
               AccuracyTask& task) {
  std::sort(trial.begin(), trial.end(),
            [](const TaskScores* a, const TaskScores* b) { return a->step < b->step; });
  const Point* point = trial_point(results, *trial.back());
  if (!point) return;
  AccuracyPoint out = accuracy_point(*point);
  set_accuracy(out, spread_over_checkpoints(trial));
  trial.erase(trial.begin(), trial.end() - static_cast<std::ptrdiff_t>(out.checkpoints));
  out.first_step = trial.front()->step;
  out.last_step = trial.back()->step;
  out.task_loss = 0;
  for (const TaskScores* scores : trial) {
    const TaskMeasure measured = measure(*scores);
    out.standard_error = measured.score.standard_error;
    out.task_loss += measured.gold_bits.value / static_cast<double>(trial.size());
    task.metric = measured.metric;
    task.items = static_cast<std::int64_t>(measured.score.items);
    task.contaminated = static_cast<std::int64_t>(measured.contaminated);
  }
  task.gold_bits = task.gold_bits && std::isfinite(out.task_loss);
  task.points.push_back(std::move(out));
}

void add_file_scores(const PointTable& results, std::span<const TaskScores> scores,
                     std::vector<AccuracyTask>& tasks) {
  using Card =
      std::tuple<std::string, std::string, std::string, std::string, std::int64_t, std::int64_t>;
  std::map<Card, std::map<std::string, std::vector<const TaskScores*>>> found;
  for (const TaskScores& one : scores) {
    found[{one.task, one.profile, one.card_digest, one.data_digest, one.shots, one.suite_seed}]
         [one.trial]
             .push_back(&one);
  }
  for (const auto& [card, trials] : found) {
    AccuracyTask task;
    task.task = std::get<0>(card);
    task.profile = std::get<1>(card);
    task.chance = trials.begin()->second.front()->chance;
    task.gold_bits = true;
    for (const auto& [trial, of_trial] : trials) {
      if (!of_trial.front()->trial.empty()) add_trial(results, of_trial, task);
    }
    if (task.points.empty()) continue;
    if (!task.gold_bits) {
      for (AccuracyPoint& point : task.points) point.task_loss = point.held_out;
    }
    tasks.push_back(std::move(task));
  }
}

// Where every trial that training scored has its rows in a file, the task takes from them what rows
// say; where some have none (of earlier versions) it stays as the runs have it. Either way it is
// there once.
void take_rows(AccuracyTask& task, std::vector<AccuracyTask>& tasks) {
  std::map<std::pair<std::string, double>, const AccuracyPoint*> rows;
  bool gold_bits = true;
  for (const AccuracyTask& other : tasks) {
    if (other.profile != kStudyProfile || other.task != task.task) continue;
    gold_bits = gold_bits && other.gold_bits;
    for (const AccuracyPoint& point : other.points) rows[{point.run, point.budget}] = &point;
  }
  const auto has_rows = [&](const AccuracyPoint& point) {
    return rows.contains({point.run, point.budget});
  };
  if (std::ranges::all_of(task.points, has_rows)) {
    task.profile = kStudyProfile;
    task.gold_bits = gold_bits;
    for (AccuracyPoint& point : task.points)
      point.task_loss = rows.at({point.run, point.budget})->task_loss;
  }
  std::erase_if(tasks, [&](const AccuracyTask& other) {
    return other.profile == kStudyProfile && other.task == task.task;
  });
}

}  // namespace

std::vector<AccuracyTask> accuracy_tasks(const PointTable& results,
                                         std::span<const TaskScores> scores) {
  std::vector<AccuracyTask> of_runs, tasks;
  add_run_scores(results, of_runs);
  add_file_scores(results, scores, tasks);
  for (AccuracyTask& task : of_runs) take_rows(task, tasks);
  tasks.insert(tasks.end(), of_runs.begin(), of_runs.end());
  std::stable_sort(tasks.begin(), tasks.end(), [](const AccuracyTask& a, const AccuracyTask& b) {
    return std::tie(a.task, a.profile) < std::tie(b.task, b.profile);
  });
  return tasks;
}

std::vector<AccuracyPoint> best_sizes(const AccuracyTask& task, const std::string& architecture) {
  struct Group {
    AccuracyPoint sum;
    double seeds = 0;
  };
  std::map<double, std::map<std::pair<std::string, double>, Group>> budgets;
  for (const AccuracyPoint& point : task.points) {
    if (point.architecture != architecture) continue;
    Group& group = budgets[point.budget][{point.size, point.parameters}];
    if (group.seeds++ == 0) {
      group.sum = point;
      continue;
    }
    group.sum.accuracy += point.accuracy;
    group.sum.task_loss += point.task_loss;
    group.sum.held_out += point.held_out;
  }
  std::vector<AccuracyPoint> best;
  for (auto& [budget, sizes] : budgets) {
    AccuracyPoint least;
    for (auto& [size, group] : sizes) {
      AccuracyPoint mean = group.sum;
      mean.accuracy /= group.seeds;
      mean.task_loss /= group.seeds;
      mean.held_out /= group.seeds;
      if (least.run.empty() || mean.task_loss < least.task_loss) least = std::move(mean);
    }
    best.push_back(std::move(least));
  }
  std::sort(best.begin(), best.end(),
            [](const AccuracyPoint& a, const AccuracyPoint& b) { return a.flops < b.flops; });
  return best;
}

std::string AccuracyTask::name() const {
  return profile.empty() || profile == kStudyProfile ? task : task + " (" + profile + ")";
}

std::vector<double> AccuracyTask::best_levels() const {
  std::set<double> levels;
  for (const AccuracyPoint& point : points)
    if (std::isfinite(point.best)) levels.insert(point.best);
  return {levels.begin(), levels.end()};
}

bool above_best(const AccuracyPoint& point) {
  return point.accuracy > point.best + point.standard_error;
}

std::vector<std::string> architectures_of(const AccuracyTask& task) {
  std::vector<std::string> names;
  for (const AccuracyPoint& point : task.points) {
    if (std::find(names.begin(), names.end(), point.architecture) == names.end()) {
      names.push_back(point.architecture);
    }
  }
  return names;
}

}  // namespace isoloss
