// The two sides of `isoloss compare`: what each scored on which task.
#pragma once
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "analysis/points/points.h"
#include "analysis/report/report_tasks.h"
#include "analysis/scores/accuracy_points.h"
#include "results/task_scores.h"

namespace isoloss {

using TaskName = std::pair<std::string, std::string>;  // task and profile
// What one side scored; of a trial that was scored at several steps the last.
using SideScores = std::map<TaskName, const TaskScores*>;
// Tasks of which a file that a side needs cannot be read, and why: what the rest says of them may
// be of another trial or step.
using UnreadTasks = std::map<TaskName, std::string>;

SideScores latest_scores(const std::vector<TaskScores>& scores);

// What `isoloss eval --out FOLDER` left; a file that cannot be read is `unread` by the task of its
// name. InputError where the folder has none, or one that cannot be read and names no task.
std::vector<TaskScores> scores_in_folder(const std::filesystem::path& folder, UnreadTasks& unread);

// A study's sides: trials by their id, or architectures, each at its best size of the largest
// budget that all named architectures scored. They point into this object.
class StudySides {
 public:
  // InputError where nothing is scored item by item.
  explicit StudySides(const std::filesystem::path& folder);

  // In the order of `names`; InputError for a name that is neither.
  std::vector<SideScores> sides(const std::vector<std::string>& names) const;

  // Of the sides of these names.
  UnreadTasks unread(const std::vector<std::string>& names) const;

  const PointTable& results() const { return results_; }

 private:
  std::string known_architecture(const std::string& name) const;
  bool is_of(const std::string& trial, const std::string& name) const;
  SideScores of_trial(const std::string& trial) const;
  SideScores of_architecture(const std::string& name,
                             const std::vector<std::string>& architectures) const;

  StudyScores stored_;
  PointTable results_;
  std::vector<AccuracyTask> tasks_;
  std::set<std::string> trials_;
};

}  // namespace isoloss
