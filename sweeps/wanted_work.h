// What a study asks of each of its runs, as far as that is known (sweeps/schedule.h).
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "sweeps/plan.h"
#include "sweeps/study_view.h"

namespace isoloss {

// By run of the plan.
struct WantedWork {
  std::vector<std::vector<std::int64_t>> steps;     // at which it must have been evaluated
  std::vector<bool> search_arm;                     // an open decision waits for it
  std::vector<std::vector<std::int64_t>> branches;  // steps at which branches wait for it
  std::vector<double> tail;                         // FLOPs of the longest of those branches
  // Steps at which branches of the plan leave it, whether they wait or not, ascending.
  std::vector<std::vector<std::int64_t>> branch_points;
};

// What trials whose run is known and open or decided searches ask for; branches apart.
WantedWork wanted_of(const StudyPlan& plan, const StudyView& view);

// Adds what open searches will ask for: of the arm that the plan's totals expect to win and of its
// neighbour, or of any arm.
enum class Assume { TheExpectedArm, EveryArm };
void add_assumed(const StudyPlan& plan, const StudyView& view, Assume assume, WantedWork& wanted);

// Adds what branches that wait ask of their trunks.
void add_trunks(const StudyPlan& plan, const StudyView& view, WantedWork& wanted);

// A branch without a checkpoint of its own waits while its trunk is on its way to it.
bool waits_for_trunk(const StudyView& view, const PlannedRun& branch, std::size_t run);

// The last of the steps; 0 where there is none.
std::int64_t furthest(const std::vector<std::int64_t>& steps);

}  // namespace isoloss
