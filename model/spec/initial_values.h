// Initial weights: element i of a tensor is a function of (seed, its name, i) alone; a shard's
// elements keep their places in the whole tensor.
#pragma once
#include <cstdint>
#include <span>

#include "model/spec/parameters.h"

namespace isoloss {

// Fills values[j] with element first + j of the parameter; values may be a part of it.
void fill_initial(std::span<double> values, const Parameter& parameter, std::uint64_t seed,
                  std::int64_t first = 0);
void fill_initial(std::span<float> values, const Parameter& parameter, std::uint64_t seed,
                  std::int64_t first = 0);

}  // namespace isoloss
