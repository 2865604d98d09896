#include <nlohmann/json.hpp>

#include "analysis/fit/predict.h"
#include "analysis/numbers/json_number.h"

namespace isoloss {

nlohmann::json to_json(const Calibration& calibration) {
  nlohmann::json rows = nlohmann::json::array();
  for (const CalibrationRow& row : calibration.rows) {
    rows.push_back(
        {{"level", row.level}, {"coverage", row.coverage}, {"calibrated", row.calibrated}});
  }
  nlohmann::json hold_out = nlohmann::json::array();
  for (const CalibrationFold& fold : calibration.folds) {
    hold_out.push_back({{"largest_flops", fold.largest_flops},
                        {"fitted", fold.fitted},
                        {"predicted", fold.predicted},
                        {"error", fold.error}});
  }
  return {{"folds", calibration.folds.size()}, {"predictions", calibration.predictions},
          {"decades", calibration.decades},    {"level", calibration.level},
          {"factor", calibration.factor},      {"rows", std::move(rows)},
          {"hold_out", std::move(hold_out)}};
}

nlohmann::json to_json(const Prediction& p) {
  nlohmann::json json = {
      {"law", p.law},
      {"evaluation", p.evaluation.empty() ? nlohmann::json() : nlohmann::json(p.evaluation)},
      {"parameters", json_number(p.parameters)},
      {"tokens", json_number(p.tokens)},
      {"flops", json_number(p.flops)},
      {"loss", p.loss ? json_number(*p.loss) : nlohmann::json()},
      {"interval", json_interval(p.interval)},
      {"level", p.level},
      {"decades_beyond", p.decades_beyond},
      {"warning", p.warning.empty() ? nlohmann::json() : nlohmann::json(p.warning)},
      {"calibration", p.calibration ? to_json(*p.calibration) : nlohmann::json()},
      {"notes", p.notes}};
  if (p.optimal_parameters) json["parameters_interval"] = json_interval(p.optimal_parameters);
  if (p.optimal_tokens) json["tokens_interval"] = json_interval(p.optimal_tokens);
  return json;
}

}  // namespace isoloss
