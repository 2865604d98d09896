// How `isoloss eval` prints scores: a line a metric as they come and, last, which tasks had prompts
// that were cut; or one JSON object at the end.
#pragma once
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "results/task_scores.h"

namespace isoloss {

class ScoreListing {
 public:
  // `study`: of its trials, otherwise of one model.
  ScoreListing(bool json, bool study) : json_(json), study_(study) {}

  void begin() const;
  void add(const TaskScores& scores);
  void end() const;

 private:
  bool json_, study_;
  std::vector<std::string> cut_;  // "TASK N of M"
  nlohmann::ordered_json rows_ = nlohmann::ordered_json::array();
};

}  // namespace isoloss
