// Fields of a run's canonical spec, as the report shows them.
#pragma once
#include <string>
#include <vector>

#include "analysis/points/points.h"

namespace isoloss {

// A field of the run's canonical spec as text, by its path ("optimizer", "schedule"); "not
// recorded" where the spec does not say.
std::string spec_text(const RunHeader& header, const std::vector<std::string>& path);
// The same as a number; NaN where the spec does not say.
double spec_number(const RunHeader& header, const std::vector<std::string>& path);

}  // namespace isoloss
