// Averages over tasks, each with the name of the tasks it is over: the last column of Primer's
// table 6 averages 19 tasks where the columns beside it average 18 (docs/published.md), so no
// average is made without its set and none is compared with one over another.
#pragma once
#include <map>
#include <string>
#include <vector>

namespace isoloss {

struct TaskSet {
  std::string name;
  std::vector<std::string> tasks;  // names of task cards
};

// Those of So et al. 2021 (Primer), table 6: primer_qa (8), primer_choice (19), primer_choice_18
// (without ReCoRD, what four of its columns average), primer (27).
const std::vector<TaskSet>& task_sets();

struct TaskValue {
  double value = 0;
  double standard_error = 0;  // NaN where not known
};

struct TaskAverage {
  std::string set;
  std::size_t tasks = 0;
  double value = 0;
  double standard_error = 0;  // tasks taken as independent; NaN where one is not known
};

// The unweighted mean. InputError naming the tasks of the set that `values` lacks.
TaskAverage average_over(const TaskSet& set, const std::map<std::string, TaskValue>& values);

// Candidate less baseline; InputError where they are over different sets.
double difference(const TaskAverage& baseline, const TaskAverage& candidate);

}  // namespace isoloss
