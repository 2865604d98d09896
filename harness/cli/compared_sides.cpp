#include "harness/cli/compared_sides.h"

#include <algorithm>

#include "analysis/scores/paired_trials.h"
#include "model/spec/error.h"
#include "model/spec/nearest_name.h"
#include "results/folder_entries.h"
#include "results/task_scores_file.h"

namespace isoloss {
namespace {

namespace fs = std::filesystem;

void keep_latest(SideScores& side, const TaskScores& scores) {
  const TaskScores*& kept = side[{scores.task, scores.profile}];
  if (kept == nullptr || scores.step > kept->step) kept = &scores;
}

}  // namespace

SideScores latest_scores(const std::vector<TaskScores>& scores) {
  SideScores side;
  for (const TaskScores& one : scores) keep_latest(side, one);
  return side;
}

std::vector<TaskScores> scores_in_folder(const fs::path& folder, UnreadTasks& unread) {
  std::vector<TaskScores> all;
  bool any = false;
  for (const fs::path& file : files_in(folder)) {
    if (file.extension() != ".h5") continue;
    any = true;
    try {
      all.push_back(read_task_scores(file));
    } catch (const InputError& error) {
      const std::string stem = file.stem();
      const std::size_t dot = stem.find('.');
      if (dot == std::string::npos) throw;
      unread.emplace(TaskName(stem.substr(dot + 1), stem.substr(0, dot)), error.what());
    }
  }
  if (!any)
    throw InputError(folder.string() +
                     ": no scores (no file ends in .h5); make them by isoloss eval --model MODEL "
                     "--out FOLDER");
  return all;
}

StudySides::StudySides(const fs::path& folder)
    : stored_(read_study_scores({folder})),
      results_(read_points_folder(folder, "exact", false)),
      tasks_(accuracy_tasks(results_, stored_.scores)) {
  if (stored_.scores.empty() && stored_.unread.empty())
    throw InputError(folder.string() +
                     ": nothing is scored item by item (no file in its scores); name task cards "
                     "in the study's evaluate.tasks, or run isoloss eval");
  for (const TaskScores& scores : stored_.scores) trials_.insert(scores.trial);
  for (const UnreadScores& file : stored_.unread)
    if (const auto name = named_by_path(file.file)) trials_.insert(name->trial);
}

// A trial's id begins with its run's.
bool StudySides::is_of(const std::string& trial, const std::string& name) const {
  return trial == name || std::ranges::any_of(results_.points, [&](const Point& point) {
           return point.architecture == name && trial.starts_with(point.run + "-");
         });
}

UnreadTasks StudySides::unread(const std::vector<std::string>& names) const {
  UnreadTasks tasks;
  for (const UnreadScores& file : stored_.unread) {
    const auto name = named_by_path(file.file);
    if (!name || std::ranges::none_of(
                     names, [&](const std::string& side) { return is_of(name->trial, side); }))
      continue;
    const bool later = std::ranges::any_of(stored_.scores, [&](const TaskScores& scores) {
      return scores.trial == name->trial && scores.task == name->task &&
             scores.profile == name->profile && scores.step > name->step;
    });
    if (!later) tasks.emplace(TaskName(name->task, name->profile), file.why);
  }
  return tasks;
}

std::vector<SideScores> StudySides::sides(const std::vector<std::string>& names) const {
  std::vector<std::string> architectures;
  for (const std::string& name : names)
    if (!trials_.contains(name)) architectures.push_back(known_architecture(name));
  std::vector<SideScores> result;
  for (const std::string& name : names)
    result.push_back(trials_.contains(name) ? of_trial(name)
                                            : of_architecture(name, architectures));
  return result;
}

std::string StudySides::known_architecture(const std::string& name) const {
  std::vector<std::string> known = architectures_of(results_);
  if (std::ranges::find(known, name) != known.end()) return name;
  known.insert(known.end(), trials_.begin(), trials_.end());
  throw InputError("'" + name + "' is neither an architecture nor a scored trial of the study" +
                   suggestion(name, known));
}

SideScores StudySides::of_trial(const std::string& trial) const {
  SideScores side;
  for (const TaskScores& scores : stored_.scores)
    if (scores.trial == trial) keep_latest(side, scores);
  return side;
}

SideScores StudySides::of_architecture(const std::string& name,
                                       const std::vector<std::string>& architectures) const {
  SideScores side;
  for (const AccuracyTask& task : tasks_) {
    const auto budget = common_budget(task, architectures);
    if (task.profile.empty() || !budget) continue;
    const TaskScores* scores = scores_of(stored_.scores, task, *best_trial(task, name, *budget));
    if (scores != nullptr) keep_latest(side, *scores);
  }
  return side;
}

}  // namespace isoloss
