// How many ranks train a run of a study together: `tensor` of them share its model, `data` groups
// of those share its batch. The numbers do not depend on it; memory and time do.
#pragma once
#include <cstdint>
#include <string>

#include "sweeps/plan.h"

namespace isoloss {

struct StudyLayout {
  std::int64_t tensor = 1;
  std::int64_t data = 1;
  std::string reason;  // one sentence
};

// Bytes on each rank of a run that `tensor` x `data` ranks train, predicted (model/cost/memory.h).
double memory_per_rank(const RunSpec& spec, std::int64_t tensor, std::int64_t data);

// What the study asks for; what it leaves open is 1, where side by side trained runs cost least, or
// as many tensor ranks as its largest run needs to fit into `bytes_per_rank`, a divisor of `ranks`
// that divides every model. Where none does it is 1 and the reason says so: it is a prediction.
StudyLayout choose_layout(const StudyPlan& plan, int ranks, double bytes_per_rank);

// Bytes of memory of this machine.
double machine_memory();

}  // namespace isoloss
