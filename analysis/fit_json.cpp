#include <nlohmann/json.hpp>

#include "analysis/fit.h"

namespace isoloss {

const char* name_of(ObjectiveKind kind) {
  switch (kind) {
    case ObjectiveKind::Squares:
      return "squares";
    case ObjectiveKind::Lad:
      return "lad";
    case ObjectiveKind::AsymmetricHuber:
      return "asymmetric_huber";
    case ObjectiveKind::Huber:
      break;
  }
  return "huber";
}

const char* name_of(FitSpace space) { return space == FitSpace::Log ? "log" : "linear"; }

nlohmann::json to_json(const Fit& fit) {
  nlohmann::json objective = {
      {"kind", name_of(fit.objective)}, {"space", name_of(fit.space)}, {"value", fit.value}};
  if (fit.objective == ObjectiveKind::Huber || fit.objective == ObjectiveKind::AsymmetricHuber)
    objective["delta"] = fit.delta;
  nlohmann::json parameters = nlohmann::json::object(), intervals = nlohmann::json::object();
  for (const auto& [name, value] : fit.parameters) parameters[name] = value;
  for (const auto& [name, interval] : fit.intervals) {
    intervals[name] = {interval.first, interval.second};
  }
  return {{"law", fit.law},
          {"n", fit.n},
          {"objective", objective},
          {"parameters", parameters},
          {"intervals", intervals},
          {"status", fit.converged ? "converged" : "failed"},
          {"flags", fit.flags},
          {"bootstrap",
           {{"resamples", fit.resamples}, {"failed", fit.failed_resamples}, {"seed", fit.seed}}},
          {"uncertainty", fit.uncertainty},
          {"frontier", fit.frontier},
          {"gradient_norm", fit.gradient_norm},
          {"condition", fit.condition},
          {"starts", {{"refined", fit.starts}, {"agreeing", fit.starts_agreeing}}}};
}

}  // namespace isoloss
