#include <nlohmann/json.hpp>

#include "analysis/json_number.h"
#include "analysis/predict.h"

namespace isoloss {
nlohmann::json to_json(const Prediction& p) {
  nlohmann::json json = {
      {"law", p.law},
      {"parameters", json_number(p.parameters)},
      {"tokens", json_number(p.tokens)},
      {"flops", json_number(p.flops)},
      {"loss", p.loss ? json_number(*p.loss) : nlohmann::json()},
      {"interval", json_interval(p.interval)},
      {"level", p.level},
      {"decades_beyond", p.decades_beyond},
      {"warning", p.warning.empty() ? nlohmann::json() : nlohmann::json(p.warning)},
      {"notes", p.notes}};
  if (p.optimal_parameters) json["parameters_interval"] = json_interval(p.optimal_parameters);
  if (p.optimal_tokens) json["tokens_interval"] = json_interval(p.optimal_tokens);
  return json;
}

}  // namespace isoloss
