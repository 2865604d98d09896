// Values that an optimizer keeps of a rank's parameters.
#pragma once
#include <cstdint>

#include "model/spec/parameters.h"

namespace isoloss {

// `states` values a parameter (AdamW 2, Adafactor 1), but one a row and column of matrices with
// both sides at least `factored_from` wide; 0: of none.
double optimizer_values(const ParameterTable& table, double states, std::int64_t factored_from);

}  // namespace isoloss
