// How many ranks train each run of a study: decided once for a job, from the plan, the ranks, their
// memory and an assumed rate alone, so that a job that is started again decides the same.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "sweeps/layout.h"
#include "sweeps/makespan.h"
#include "sweeps/plan.h"

namespace isoloss {

// For whom it is planned.
struct PlanRanks {
  int ranks = 1;
  double bytes_per_rank = 0;  // of memory
  double price = 0;           // of a rank's hour, in any currency; 0: not given
  int sharing = 0;            // a run, at most, unless the study asks for more; 0: any number
};

struct RankPlan {
  int unit = 1;                     // ranks that the study asks for: no block is narrower
  std::vector<RunRanks> runs;       // by run of the plan
  std::vector<RankLayout> layouts;  // by run, of as many ranks as planned
  std::vector<WorkNode> work;       // that the schedule is of
  StudySchedule schedule;           // predicted
  std::string reason;               // one sentence
  bool held = true;                 // memory holds every run; else the reason says what to do
};

// Widths are what the study asks for, doubled as often as divides a run's heads, widths and batch,
// fits the job, and lets the study end earliest by prediction, runs scattering around theirs by a
// tenth; of plans that end within a fiftieth of the earliest the one that shares least. A run that
// memory does not hold so gets more ranks; one that no block would hold gets the least, and the
// reason says so: it is a prediction. Steps that were measured decide nothing: `plan`, which may
// know some, and `run`, on whatever machine, decide alike. They say how long the schedule takes.
RankPlan plan_ranks(const StudyPlan& plan, const PlanRanks& ranks, const DeviceRate& rate);

// The schedule where a step of a run takes step_seconds(run, block ranks).
StudySchedule schedule_of(const RankPlan& chosen, int ranks,
                          const std::function<double(std::size_t, int)>& step_seconds);

// InputError where the ranks do not make whole blocks of what the study asks for.
void check_ranks(const StudyPlan& plan, int ranks);

}  // namespace isoloss
