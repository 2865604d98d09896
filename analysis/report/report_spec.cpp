#include "analysis/report/report_spec.h"

#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

namespace isoloss {
namespace {

nlohmann::json spec_value(const RunHeader& header, const std::vector<std::string>& path) {
  nlohmann::json value = nlohmann::json::parse(header.spec_json, nullptr, false);
  for (const std::string& key : path) {
    if (!value.is_object() || !value.contains(key)) return nullptr;
    nlohmann::json next = value[key];
    value = std::move(next);
  }
  return value;
}

}  // namespace

std::string spec_text(const RunHeader& header, const std::vector<std::string>& path) {
  const nlohmann::json value = spec_value(header, path);
  if (value.is_string()) return value.get<std::string>();
  return value.is_null() || value.is_discarded() ? "not recorded" : value.dump();
}

double spec_number(const RunHeader& header, const std::vector<std::string>& path) {
  const nlohmann::json value = spec_value(header, path);
  return value.is_number() ? value.get<double>() : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace isoloss
