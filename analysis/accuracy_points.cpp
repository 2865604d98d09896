#include "analysis/accuracy_points.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

#include "analysis/task_measure.h"

namespace isoloss {
namespace {

constexpr std::size_t kCheckpoints = 5;  // So et al. 2021, table 6; Bhagia et al. 2024
constexpr double kSameCompute = 0.05;    // of ln C: a trial's last checkpoint and its evaluation

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

// What the runs stored: scores at the step of each result's evaluation.
void add_run_scores(const PointTable& results, std::vector<AccuracyTask>& tasks) {
  std::map<std::string, const RunRecord*> runs;
  for (const RunRecord& run : results.runs) runs[run.header.id] = &run;
  std::map<std::pair<std::string, std::string>, AccuracyTask> found;  // by task and metric
  for (const Point& point : results.points) {
    const auto run = runs.find(point.run);
    if (run == runs.end()) continue;
    for (const Evaluation& evaluation : run->second->evaluations) {
      if (evaluation.budget != point.budget || evaluation.budget_unit != point.budget_unit) {
        continue;
      }
      for (const Score& score : run->second->scores) {
        if (score.step != evaluation.step) continue;
        AccuracyTask& task = found[{score.task, score.metric}];
        task.task = score.task;
        task.metric = score.metric;
        task.chance = score.chance;
        task.items = score.n;
        AccuracyPoint out = accuracy_point(point);
        out.accuracy = score.value;
        out.standard_error = score.standard_error;
        task.points.push_back(std::move(out));
      }
    }
  }
  for (auto& [name, task] : found) tasks.push_back(std::move(task));
}

const Point* trial_point(const PointTable& results, const TaskScores& scores) {
  const Point* best = nullptr;
  double nearest = kSameCompute;
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
  if (trial.size() > kCheckpoints) {
    trial.erase(trial.begin(), trial.end() - static_cast<std::ptrdiff_t>(kCheckpoints));
  }
  AccuracyPoint out = accuracy_point(*point);
  out.checkpoints = trial.size();
  out.task_loss = 0;
  const auto n = static_cast<double>(trial.size());
  for (const TaskScores* scores : trial) {
    const TaskMeasure measured = measure(*scores);
    out.accuracy += measured.score.value / n;
    out.standard_error = measured.score.standard_error;
    out.task_loss += measured.gold_bits.value / n;
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

}  // namespace

std::vector<AccuracyTask> accuracy_tasks(const PointTable& results,
                                         std::span<const TaskScores> scores) {
  std::vector<AccuracyTask> tasks;
  add_run_scores(results, tasks);
  add_file_scores(results, scores, tasks);
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
