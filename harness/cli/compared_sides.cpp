#include "harness/cli/compared_sides.h"

#include <algorithm>

#include "analysis/report/report_tasks.h"
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

std::vector<TaskScores> scores_in_folder(const fs::path& folder) {
  std::vector<TaskScores> all;
  for (const fs::path& file : files_in(folder))
    if (file.extension() == ".h5") all.push_back(read_task_scores(file));
  if (all.empty())
    throw InputError(folder.string() +
                     ": no scores (no file ends in .h5); make them by isoloss eval --model MODEL "
                     "--out FOLDER");
  return all;
}

StudySides::StudySides(const fs::path& folder)
    : scores_(read_study_scores({folder})),
      results_(read_points_folder(folder, "exact", false)),
      tasks_(accuracy_tasks(results_, scores_)) {
  if (scores_.empty())
    throw InputError(folder.string() +
                     ": nothing is scored item by item (no file in its scores); name task cards "
                     "in the study's evaluate.tasks, or run isoloss eval");
  for (const TaskScores& scores : scores_) trials_.insert(scores.trial);
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
  for (const TaskScores& scores : scores_)
    if (scores.trial == trial) keep_latest(side, scores);
  return side;
}

SideScores StudySides::of_architecture(const std::string& name,
                                       const std::vector<std::string>& architectures) const {
  SideScores side;
  for (const AccuracyTask& task : tasks_) {
    const auto budget = common_budget(task, architectures);
    if (task.profile.empty() || !budget) continue;
    const TaskScores* scores = scores_of(scores_, task, *best_trial(task, name, *budget));
    if (scores != nullptr) keep_latest(side, *scores);
  }
  return side;
}

}  // namespace isoloss
