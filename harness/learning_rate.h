// The learning rate as a function of the step (docs/models.md): reciprocal square root
// after a constant warm-up, as T5 and Primer trained (So et al. 2021, appendix A.8), or constant.
#pragma once
#include <cstdint>

#include "sweeps/run_spec.h"

namespace isoloss {

// Rate of the update that follows `step` finished updates (the first update has step 0):
// learning_rate * sqrt(warmup / max(step, warmup)) for rsqrt, learning_rate for constant.
double learning_rate_at(const OptimizerSpec& spec, std::int64_t step);

}  // namespace isoloss
