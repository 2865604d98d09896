#include "analysis/numbers/json_number.h"

#include <cmath>
#include <nlohmann/json.hpp>

namespace isoloss {

nlohmann::json json_number(double value) {
  return std::isfinite(value) ? nlohmann::json(value) : nlohmann::json();
}

nlohmann::json json_interval(const std::optional<Interval>& interval) {
  if (!interval) return nullptr;
  return {json_number(interval->first), json_number(interval->second)};
}

}  // namespace isoloss
