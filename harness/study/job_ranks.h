// Who trains which run in a job: what sweeps/run_ranks.h decides, the same on every rank.
#pragma once
#include <cstddef>
#include <string>
#include <vector>

#include "model/parallel/communicator.h"
#include "sweeps/plan.h"
#include "sweeps/predicted.h"
#include "sweeps/run_ranks.h"

namespace isoloss {

struct JobRanks {
  int unit = 1;                     // ranks of the narrowest block
  double bytes_per_rank = 0;        // of memory
  std::vector<RunRanks> runs;       // by run of the plan
  std::vector<RankLayout> layouts;  // of as many ranks as planned
  Predicted makespan = {};          // of the whole plan; rank 0 knows it
  std::string not_held = {};        // why memory does not hold every run, and what to do, where it
                                    // does not; rank 0 knows it
};

// InputError where the ranks do not make whole blocks of what the study asks for.
JobRanks plan_job(const StudyPlan& plan, const PlanRanks& ranks, const DeviceRate& rate);

// Gives every rank what rank 0 has; collective. All know the number of runs.
void share(JobRanks& ranks, std::size_t runs, Communicator& job);

// How a block of `ranks` ranks trains the run, planned.least to planned.planned of them.
RankLayout layout_in(const JobRanks& job, const StudyPlan& plan, std::size_t run, int ranks);

}  // namespace isoloss
