// The learning rate as a function of the step (docs/models.md). Warm-up, linear or at the constant
// peak, and then: the reciprocal square root as T5 and Primer trained (So et al. 2021, appendix
// A.8); a constant; a cosine to the horizon (Loshchilov & Hutter 2017, equation 5, one cycle); or
// warm-up, stable, decay (Haegele et al. 2024, section 3: linear or 1 - sqrt cooldown).
#pragma once
#include <cstdint>

#include "sweeps/run_spec.h"

namespace isoloss {

// Rate of the update that follows `step` finished updates (the first update has step 0), W being
// the warm-up's steps, H the horizon, B where the cooldown begins and r the final ratio:
// peak (step + 1) / W during a linear warm-up; else the peak times
//   rsqrt     sqrt(W / max(step, W))
//   constant  1
//   cosine    r + (1 - r) (1 + cos(pi (step - W) / (H - W))) / 2 from W on
//   wsd       r + (1 - r) (1 - x) or r + (1 - r) (1 - sqrt(x)), x = (step - B) / (H - B), from B on
// so that a run of wsd is its trunk (constant) up to the update that follows step B.
double learning_rate_at(const OptimizerSpec& spec, std::int64_t step);

}  // namespace isoloss
