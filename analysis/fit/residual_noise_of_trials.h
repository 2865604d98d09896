// What stands for seed noise where no run has a replicate: the scatter of the trials about the
// chinchilla law that fits them. It holds what the law gets wrong besides the noise.
#pragma once
#include <optional>
#include <span>

#include "analysis/fit/seed_noise.h"

namespace isoloss {

// Of one architecture's trials; runs less parameters are its degrees of freedom, because
// evaluations of one run are one draw. Empty where there is no such law or no degree of freedom is
// left, and where the trials lie on it exactly.
std::optional<SeedNoise> residual_noise_of_trials(std::span<const Point> trials);

}  // namespace isoloss
