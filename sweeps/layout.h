// How many ranks train a run of a study together: `tensor` of them share its model, `data` groups
// of those share its batch. The numbers do not depend on it; memory and time do.
#pragma once
#include <cstdint>
#include <string>

#include "sweeps/device_rate.h"
#include "sweeps/plan.h"

namespace isoloss {

struct StudyLayout {
  std::int64_t tensor = 1;
  std::int64_t data = 1;
  std::string reason;  // one sentence
};

// For whom it is planned.
struct PlanRanks {
  int ranks = 1;
  double bytes_per_rank = 0;  // of memory
};

// Bytes on each rank of a run that `tensor` x `data` ranks train, predicted (model/cost/memory.h).
double memory_per_rank(const RunSpec& spec, std::int64_t tensor, std::int64_t data);

// Of one step of it, predicted (model/cost/step_time.h).
double step_seconds(const RunSpec& spec, std::int64_t tensor, std::int64_t data,
                    const DeviceRate& rate);

// Until `ranks` ranks in blocks of that layout have trained the study (sweeps/makespan.h).
double study_seconds(const StudyPlan& plan, int ranks, const StudyLayout& layout,
                     const DeviceRate& rate);

// What the study asks for. What it leaves open is chosen among the layouts that divide the ranks
// and every run's heads, widths and batch and that hold the largest run: the one whose predicted
// time is least, of nearly equal ones (a tenth) the one that shares least, because narrow pieces of
// a product run slower than the prediction knows. Where none holds it, nothing is shared and the
// reason says so: it is a prediction.
StudyLayout choose_layout(const StudyPlan& plan, const PlanRanks& ranks, const DeviceRate& rate);

// Bytes of memory of this machine.
double machine_memory();

}  // namespace isoloss
