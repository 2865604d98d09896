// All the work of a study, as the schedule (sweeps/schedule.h) hands it out when the expected arm
// wins each search: items, and which of them each has to wait for. Made once, so that many ways to
// share it out can be compared.
#pragma once
#include <cstddef>
#include <vector>

#include "sweeps/plan.h"
#include "sweeps/schedule.h"

namespace isoloss {

struct WorkNode {
  WorkItem item;
  std::vector<std::size_t> after;  // nodes that must be over before it begins; all stand before it
};

std::vector<WorkNode> work_graph(const StudyPlan& plan);

}  // namespace isoloss
