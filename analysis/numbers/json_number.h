// Numbers as JSON has them.
#pragma once
#include <nlohmann/json_fwd.hpp>
#include <optional>

#include "analysis/numbers/statistics.h"

namespace isoloss {

// null for what is not a finite number.
nlohmann::json json_number(double value);
// [low, high], or null where there is none.
nlohmann::json json_interval(const std::optional<Interval>& interval);

}  // namespace isoloss
