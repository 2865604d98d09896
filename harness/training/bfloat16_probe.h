// Whether bfloat16 is faster than float32 where a study is about to be trained: processors without
// instructions for it compute such products by detours.
#pragma once
#include <cstdint>
#include <string>

#include "model/spec/model_spec.h"
#include "sweeps/plan.h"

namespace isoloss {

// Of one step's products with weights, forward, scaled down.
struct ProbedSeconds {
  double float32 = 0, bfloat16 = 0;
};

// Measures products of the model's shapes on at most `rows` rows, wide ones by a part of their
// width: under a second.
ProbedSeconds probe_products(const ModelSpec& spec, std::int64_t rows);

// One line with the measured ratio; empty where bfloat16 is not the slower one.
std::string bfloat16_warning(const ProbedSeconds& seconds);

// Tells standard error where the largest bfloat16 run of the plan would be faster in float32;
// measures once a process, with the threads of that run. A plan without such runs costs nothing.
void warn_of_slow_bfloat16(const StudyPlan& plan);

}  // namespace isoloss
