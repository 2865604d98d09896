#include "analysis/scores/task_average.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "model/spec/error.h"

namespace isoloss {

const std::vector<TaskSet>& task_sets() {
  static const std::vector<TaskSet> sets = [] {
    const TaskSet answers{
        "primer_qa",
        {"triviaqa", "webqs", "naturalqs", "squadv2", "coqa", "drop", "quac", "lambada"}};
    const TaskSet choice{"primer_choice",
                         {"hellaswag", "storycloze", "winogrande", "piqa", "arc_challenge",
                          "arc_easy", "openbookqa", "anli_r1", "anli_r2", "anli_r3", "record",
                          "wsc", "boolq", "cb", "rte", "copa", "wic", "race_high", "race_middle"}};
    TaskSet without{"primer_choice_18", choice.tasks};
    std::erase(without.tasks, "record");
    TaskSet all{"primer", answers.tasks};
    all.tasks.insert(all.tasks.end(), choice.tasks.begin(), choice.tasks.end());
    return std::vector<TaskSet>{answers, choice, without, all};
  }();
  return sets;
}

TaskAverage average_over(const TaskSet& set, const std::map<std::string, TaskValue>& values) {
  std::string missing;
  double sum = 0, variance = 0;
  for (const std::string& task : set.tasks) {
    const auto at = values.find(task);
    if (at == values.end()) {
      missing += (missing.empty() ? "" : ", ") + task;
      continue;
    }
    sum += at->second.value;
    variance += at->second.standard_error * at->second.standard_error;
  }
  if (!missing.empty()) {
    throw InputError(fmt::format(
        "no average over '{}' (not scored: {}); score them, or average a set without them",
        set.name, missing));
  }
  const auto n = static_cast<double>(set.tasks.size());
  return {set.name, set.tasks.size(), sum / n, std::sqrt(variance) / n};
}

double difference(const TaskAverage& baseline, const TaskAverage& candidate) {
  if (baseline.set != candidate.set) {
    throw InputError(
        fmt::format("an average over '{}' beside one over '{}' (they are of different tasks); "
                    "average both over "
                    "one set",
                    baseline.set, candidate.set));
  }
  return candidate.value - baseline.value;
}

}  // namespace isoloss
