// The two sides of `isoloss compare`: what each scored on which task.
#pragma once
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "analysis/points/points.h"
#include "analysis/scores/accuracy_points.h"
#include "results/task_scores.h"

namespace isoloss {

using TaskName = std::pair<std::string, std::string>;  // task and profile
// What one side scored; of a trial that was scored at several steps the last.
using SideScores = std::map<TaskName, const TaskScores*>;

SideScores latest_scores(const std::vector<TaskScores>& scores);

// What `isoloss eval --out FOLDER` left. InputError where it left nothing.
std::vector<TaskScores> scores_in_folder(const std::filesystem::path& folder);

// A study's sides: trials by their id, or architectures, each at its best size of the largest
// budget that all named architectures scored. They point into this object.
class StudySides {
 public:
  // InputError where nothing is scored item by item.
  explicit StudySides(const std::filesystem::path& folder);

  // In the order of `names`; InputError for a name that is neither.
  std::vector<SideScores> sides(const std::vector<std::string>& names) const;

 private:
  std::string known_architecture(const std::string& name) const;
  SideScores of_trial(const std::string& trial) const;
  SideScores of_architecture(const std::string& name,
                             const std::vector<std::string>& architectures) const;

  std::vector<TaskScores> scores_;
  PointTable results_;
  std::vector<AccuracyTask> tasks_;
  std::set<std::string> trials_;
};

}  // namespace isoloss
