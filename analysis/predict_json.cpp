#include <cmath>
#include <nlohmann/json.hpp>

#include "analysis/predict.h"

namespace isoloss {
namespace {

nlohmann::json number(double value) {
  return std::isfinite(value) ? nlohmann::json(value) : nlohmann::json();
}

nlohmann::json ends(const std::optional<Interval>& interval) {
  if (!interval) return nullptr;
  return {number(interval->first), number(interval->second)};
}

}  // namespace

nlohmann::json to_json(const Prediction& p) {
  nlohmann::json json = {
      {"law", p.law},
      {"parameters", number(p.parameters)},
      {"tokens", number(p.tokens)},
      {"flops", number(p.flops)},
      {"loss", p.loss ? number(*p.loss) : nlohmann::json()},
      {"interval", ends(p.interval)},
      {"level", p.level},
      {"decades_beyond", p.decades_beyond},
      {"warning", p.warning.empty() ? nlohmann::json() : nlohmann::json(p.warning)},
      {"notes", p.notes}};
  if (p.optimal_parameters) json["parameters_interval"] = ends(p.optimal_parameters);
  if (p.optimal_tokens) json["tokens_interval"] = ends(p.optimal_tokens);
  return json;
}

}  // namespace isoloss
