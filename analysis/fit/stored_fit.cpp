#include "analysis/fit/stored_fit.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "analysis/fit/stored_fit_checks.h"
#include "analysis/points/points_digest.h"
#include "model/spec/error.h"
#include "model/spec/nearest_name.h"

namespace isoloss {

FitOrigin origin_of(const PointTable& table, std::span<const Point> points,
                    const std::string& architecture) {
  FitOrigin origin{table.source,
                   input_digest(table).digest,
                   architecture,
                   table.flops_convention,
                   table.tokenizer_hash,
                   table.held_out_hash,
                   {}};
  const auto add = [&](const std::string& name, auto value) {
    Interval range{INFINITY, -INFINITY};
    for (const Point& point : points) {
      const double x = value(point);
      if (!(x > 0)) return;
      range = {std::min(range.first, x), std::max(range.second, x)};
    }
    origin.ranges[name] = range;
  };
  add("parameters", [](const Point& p) { return p.parameters; });
  add("tokens", [](const Point& p) { return p.tokens; });
  add("flops", [](const Point& p) { return p.flops; });
  add("tokens_per_parameter", [](const Point& p) { return p.tokens / p.parameters; });
  return origin;
}

namespace {

using nlohmann::json;

struct Reader {
  const std::string& name;

  const json& at(const json& object, const char* key) const {
    if (object.is_object() && object.contains(key)) return object[key];
    throw InputError(fmt::format(
        "{}: no key '{}' (not what `isoloss fit --json` prints); print the fit again", name, key));
  }
  double number(const json& value, const char* key) const {
    if (value.is_number()) return value.get<double>();
    throw InputError(
        fmt::format("{}: '{}' is {} (not a number); print the fit again", name, key, value.dump()));
  }
  std::string text(const json& object, const char* key) const {
    const json& value = at(object, key);
    if (value.is_string()) return value.get<std::string>();
    throw InputError(
        fmt::format("{}: '{}' is {} (not a text); print the fit again", name, key, value.dump()));
  }
  // A key that holds a list; one value is none.
  const json& list(const json& value, const char* key) const {
    if (value.is_array()) return value;
    throw InputError(
        fmt::format("{}: '{}' is {} (not a list); print the fit again", name, key, value.dump()));
  }
  const json& object(const json& value, const char* key) const {
    if (value.is_object()) return value;
    throw InputError(fmt::format("{}: '{}' is {} (not an object); print the fit again", name, key,
                                 value.dump()));
  }
  std::size_t count(const json& value, const char* key) const {
    const double out = number(value, key);
    if (out >= 0 && out <= 1e15) return static_cast<std::size_t>(out);
    throw InputError(
        fmt::format("{}: '{}' is {} (not a count); print the fit again", name, key, value.dump()));
  }
  std::vector<double> numbers(const json& value, const char* key) const {
    list(value, key);
    std::vector<double> out;
    for (const json& entry : value) out.push_back(number(entry, key));
    return out;
  }
};

PredictionBasis basis_of(const json& object, const Reader& read) {
  PredictionBasis basis;
  basis.centre = read.numbers(read.at(object, "centre"), "centre");
  const json& rows = read.list(read.at(object, "covariance"), "covariance");
  const auto size = static_cast<Eigen::Index>(rows.size());
  basis.covariance.resize(size, size);
  for (Eigen::Index j = 0; j < size; ++j) {
    const auto row = read.numbers(rows[static_cast<std::size_t>(j)], "covariance");
    if (static_cast<Eigen::Index>(row.size()) != size) {
      throw InputError(
          fmt::format("{}: 'covariance' is not square; print the fit again", read.name));
    }
    for (Eigen::Index k = 0; k < size; ++k) {
      basis.covariance(j, k) = row[static_cast<std::size_t>(k)];
    }
  }
  if (object.contains("shift")) {
    const auto shift = read.numbers(object["shift"], "shift");
    basis.shift =
        Eigen::Map<const Eigen::VectorXd>(shift.data(), static_cast<Eigen::Index>(shift.size()));
    if (basis.shift.size() > 0 && basis.shift.size() != size) {
      throw InputError(
          fmt::format("{}: 'shift' has {} numbers (the covariance is of {}); print the fit again",
                      read.name, basis.shift.size(), size));
    }
  }
  basis.deviation = read.number(read.at(object, "deviation"), "deviation");
  basis.degrees = read.number(read.at(object, "degrees"), "degrees");
  basis.factor = read.number(read.at(object, "factor"), "factor");
  if (!(basis.degrees > 0) || !(basis.factor > 0) || !(basis.deviation >= 0)) {
    throw InputError(fmt::format(
        "{}: 'prediction' is out of range (degrees and factor must be above zero); print the fit "
        "again",
        read.name));
  }
  return basis;
}

Calibration calibration_of(const json& object, const Reader& read) {
  Calibration out;
  out.predictions = read.count(read.at(object, "predictions"), "predictions");
  out.decades = read.number(read.at(object, "decades"), "decades");
  if (object.contains("level")) out.level = read.number(object["level"], "level");
  out.factor = read.number(read.at(object, "factor"), "factor");
  for (const json& row : read.list(read.at(object, "rows"), "rows")) {
    out.rows.push_back({read.number(read.at(row, "level"), "level"),
                        read.number(read.at(row, "coverage"), "coverage"),
                        read.number(read.at(row, "calibrated"), "calibrated")});
  }
  for (const json& fold : read.list(read.at(object, "hold_out"), "hold_out")) {
    out.folds.push_back({read.number(read.at(fold, "largest_flops"), "largest_flops"),
                         read.count(read.at(fold, "fitted"), "fitted"),
                         read.count(read.at(fold, "predicted"), "predicted"),
                         read.number(read.at(fold, "error"), "error")});
  }
  return out;
}

}  // namespace

StoredFit stored_fit(const json& object, const std::string& name) {
  const Reader read{name};
  StoredFit fit;
  fit.law = read.text(object, "law");
  const std::string status = read.text(object, "status");
  if (status != "converged") {
    throw InputError(
        fmt::format("{}: status is '{}' (only a converged fit predicts); fit again", name, status));
  }
  for (const auto& [key, value] :
       read.object(read.at(object, "parameters"), "parameters").items()) {
    fit.parameters[key] = read.number(value, key.c_str());
  }
  if (object.contains("floor_by_evaluation")) {
    for (const auto& [key, value] :
         read.object(object["floor_by_evaluation"], "floor_by_evaluation").items()) {
      fit.floor_by_evaluation[key] = read.number(value, key.c_str());
    }
  }
  const std::string space = read.text(read.at(object, "objective"), "space");
  if (space != "linear" && space != "log") {
    throw InputError(fmt::format(
        "{}: 'space' is '{}' (neither log nor linear); print the fit again", name, space));
  }
  fit.space = space == "linear" ? FitSpace::Linear : FitSpace::Log;
  const json& data = read.at(object, "data");
  fit.origin = {read.text(data, "source"),
                read.text(data, "digest"),
                read.text(data, "architecture"),
                read.text(data, "flops_convention"),
                read.text(data, "tokenizer_hash"),
                read.text(data, "held_out_hash"),
                {}};
  for (const auto& [key, value] : read.object(read.at(data, "ranges"), "ranges").items()) {
    const auto ends = read.numbers(value, key.c_str());
    if (ends.size() != 2) {
      throw InputError(
          fmt::format("{}: range of '{}' is not two numbers; print the fit again", name, key));
    }
    fit.origin.ranges[key] = {ends[0], ends[1]};
  }
  fit.origin.embeddings = data.value("embeddings", true);
  const json& prediction = read.at(object, "prediction");
  if (!prediction.is_null()) fit.basis = basis_of(prediction, read);
  // Fits that were printed before predictions were calibrated have no such key.
  if (object.contains("calibration") && !object["calibration"].is_null()) {
    fit.calibration = calibration_of(object["calibration"], read);
  }
  if (object.contains("calibration_missing")) {
    fit.calibration_missing = read.text(object, "calibration_missing");
  }
  check_stored_fit(fit, name);
  return fit;
}

std::map<std::string, double> parameters_on(const StoredFit& fit, const std::string& evaluation) {
  std::map<std::string, double> parameters = fit.parameters;
  if (fit.floor_by_evaluation.empty()) {
    if (evaluation.empty()) return parameters;
    throw InputError(fmt::format(
        "evaluation set '{}' (the fit's floors are not pinned by evaluation set); leave it out",
        evaluation));
  }
  std::vector<std::string> known;
  for (const auto& [name, floor] : fit.floor_by_evaluation) known.push_back(name);
  if (evaluation.empty()) {
    throw InputError(fmt::format(
        "the fit has a floor for each evaluation set (its loss depends on which); choose one of {} "
        "with --evaluation",
        fmt::join(known, ", ")));
  }
  const auto floor = fit.floor_by_evaluation.find(evaluation);
  if (floor == fit.floor_by_evaluation.end()) {
    throw InputError(fmt::format("evaluation set '{}' (the fit has no floor for it){}", evaluation,
                                 suggestion(evaluation, known)));
  }
  parameters["E"] = floor->second;
  return parameters;
}

}  // namespace isoloss
