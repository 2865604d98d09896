// How `isoloss eval` prints scores: a line a metric as they come, or one JSON object at the end.
#pragma once
#include <nlohmann/json.hpp>

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
  nlohmann::ordered_json rows_ = nlohmann::ordered_json::array();
};

}  // namespace isoloss
