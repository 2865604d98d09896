#include <nlohmann/json.hpp>

#include "analysis/fit/fit.h"
#include "analysis/numbers/json_number.h"

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

const char* name_of(DrawKind kind) {
  switch (kind) {
    case DrawKind::Points:
      return "points";
    case DrawKind::Runs:
      return "runs";
    case DrawKind::Noise:
      return "noise";
    case DrawKind::None:
      break;
  }
  return "none";
}

const char* name_of(IntervalKind kind) {
  switch (kind) {
    case IntervalKind::ResidualScatter:
      return "residual_scatter";
    case IntervalKind::ResidualScatterByRun:
      return "residual_scatter_by_run";
    case IntervalKind::PointBootstrap:
      return "point_bootstrap";
    case IntervalKind::RunBootstrap:
      return "run_bootstrap";
    case IntervalKind::NoiseProfile:
      return "noise_profile";
    case IntervalKind::NoiseDraws:
      return "noise_draws";
    case IntervalKind::None:
      break;
  }
  return "none";
}

namespace {

using nlohmann::json;

json named(const std::vector<NamedInterval>& intervals) {
  json object = json::object();
  for (const auto& [name, interval] : intervals) object[name] = json_interval(interval);
  return object;
}

json objective_of(const Fit& fit) {
  json objective = {
      {"kind", name_of(fit.objective)}, {"space", name_of(fit.space)}, {"value", fit.value}};
  const bool huber =
      fit.objective == ObjectiveKind::Huber || fit.objective == ObjectiveKind::AsymmetricHuber;
  if (huber) objective["delta"] = fit.delta;
  if (fit.objective == ObjectiveKind::AsymmetricHuber) {
    objective["overestimate_penalty"] = fit.overestimate;
  }
  return objective;
}

json data_of(const FitOrigin& origin) {
  json ranges = json::object();
  for (const auto& [name, range] : origin.ranges) ranges[name] = json_interval(range);
  return {{"source", origin.source},
          {"digest", origin.digest},
          {"architecture", origin.architecture},
          {"flops_convention", origin.flops_convention},
          {"tokenizer_hash", origin.tokenizer_hash},
          {"held_out_hash", origin.held_out_hash},
          {"embeddings", origin.embeddings},
          {"ranges", ranges}};
}

json prediction_of(const std::optional<PredictionBasis>& basis) {
  if (!basis) return nullptr;
  json rows = json::array();
  for (Eigen::Index j = 0; j < basis->covariance.rows(); ++j) {
    json row = json::array();
    for (Eigen::Index k = 0; k < basis->covariance.cols(); ++k) {
      row.push_back(basis->covariance(j, k));
    }
    rows.push_back(std::move(row));
  }
  return {{"centre", basis->centre},
          {"covariance", std::move(rows)},
          {"shift", std::vector<double>(basis->shift.begin(), basis->shift.end())},
          {"deviation", basis->deviation},
          {"degrees", basis->degrees},
          {"factor", basis->factor}};
}

json certificate_of(const std::optional<LawCertificate>& certificate) {
  if (!certificate) return nullptr;
  return {{"lower_bound", certificate->lower_bound},
          {"relative_gap", certificate->relative_gap},
          {"aim", certificate->aim},
          {"reached", certificate->reached},
          {"cells", certificate->cells}};
}

json budgets_of(const std::vector<IsoflopRow>& rows) {
  json budgets = json::array();
  for (const IsoflopRow& row : rows) {
    budgets.push_back({{"budget", json_number(row.budget)},
                       {"flops", row.flops},
                       {"n", row.n},
                       {"parameters", json_number(row.optimal_parameters)},
                       {"parameters_within_0.1_percent", json_interval(row.near_optimal)},
                       {"tokens", json_number(row.optimal_tokens)},
                       {"loss", json_number(row.loss)},
                       {"curvature", json_number(row.curvature)},
                       {"used", row.used},
                       {"why_not", row.why_not}});
  }
  return budgets;
}

}  // namespace

json to_json(const Fit& fit) {
  json parameters = json::object(), units = json::object();
  for (std::size_t j = 0; j < fit.parameters.size(); ++j) {
    const auto& [name, value] = fit.parameters[j];
    if (!fit.is_parameter(name)) continue;
    parameters[name] = value;
    if (j < fit.units.size()) units[name] = fit.units[j];
  }
  json object = {{"law", fit.law},
                 {"tied", fit.tied},
                 {"n", fit.n},
                 {"objective", objective_of(fit)},
                 {"parameters", parameters},
                 {"units", units},
                 {"intervals", named(fit.intervals)},
                 {"level", fit.level},
                 {"lack_of_fit", named(fit.lack_of_fit)},
                 {"status", fit.converged ? "converged" : "failed"},
                 {"flags", fit.flags},
                 {"bootstrap",
                  {{"kind", name_of(fit.draw_kind)},
                   {"resamples", fit.resamples},
                   {"failed", fit.failed_resamples},
                   {"seed", fit.seed},
                   {"intervals", named(fit.bootstrap_intervals)}}},
                 {"interval_kind", name_of(fit.interval_kind)},
                 {"uncertainty", fit.uncertainty},
                 {"frontier", name_of(fit.frontier)},
                 {"gradient_norm", fit.gradient_norm},
                 {"condition", json_number(fit.condition)},
                 {"starts", {{"refined", fit.starts}, {"agreeing", fit.starts_agreeing}}},
                 {"certificate", certificate_of(fit.certificate)},
                 {"data", data_of(fit.origin)},
                 {"prediction", prediction_of(fit.basis)},
                 {"calibration", fit.calibration ? to_json(*fit.calibration) : json()}};
  if (!fit.floor_by_evaluation.empty()) object["floor_by_evaluation"] = fit.floor_by_evaluation;
  if (!fit.calibration_missing.empty()) object["calibration_missing"] = fit.calibration_missing;
  if (fit.law == "isoflop") object["rows"] = budgets_of(fit.rows);
  return object;
}

}  // namespace isoloss
