#include "analysis/laws/law.h"

#include <fmt/format.h>

#include <cmath>

#include "analysis/laws/laws.h"
#include "model/spec/error.h"
#include "model/spec/nearest_name.h"

namespace isoloss {

const std::vector<Law>& laws() {
  static const std::vector<Law> all = {power_law(),  chinchilla_law(),   gamma_law(),
                                       kaplan_law(), overtraining_law(), data_constrained_law(),
                                       surface_law()};
  return all;
}

const std::vector<Law>& accuracy_laws() {
  static const std::vector<Law> all = {sigmoid_law(), exponential_law()};
  return all;
}

const Law& law_named(const std::string& name) {
  std::vector<std::string> known;
  for (const Law& law : laws()) {
    if (law.name == name) return law;
    known.push_back(law.name);
  }
  known.emplace_back("isoflop");  // no law of the solver's, but a name that `fit` knows
  throw InputError(
      fmt::format("law '{}' (there is none of that name){}", name, suggestion(name, known)));
}

Law tied(const Law& law) {
  if (!law.may_tie) {
    throw InputError(
        fmt::format("law '{}' has no pair of exponents to tie (--tied makes the exponents of N and "
                    "D equal); leave --tied out or choose chinchilla, gamma, kaplan or "
                    "data_constrained",
                    law.name));
  }
  Law same = law;
  same.tied = true;
  return same;
}

Eigen::ArrayXd predict(const Law& law, const LawData& data, const LawState& state) {
  return data.offset + state.floor + law.math.excess(data, state);
}

std::vector<std::pair<std::string, double>> named_parameters(const Law& law, const LawData& data,
                                                             const LawState& state) {
  const std::vector<double> values = law.math.parameters(state, data.centre);
  std::vector<std::pair<std::string, double>> named;
  for (std::size_t j = 0; j < values.size(); ++j) named.emplace_back(law.parameters[j], values[j]);
  if (law.has_floor) named.emplace_back("E", state.floor);
  return named;
}

LawState state_of(const Law& law, const std::map<std::string, double>& named) {
  const auto value = [&](const std::string& name) {
    const auto at = named.find(name);
    if (at != named.end() && std::isfinite(at->second)) return at->second;
    throw InputError(fmt::format(
        "parameter '{}' of law '{}' is missing (or not a number); take what `fit --json` printed",
        name, law.name));
  };
  std::vector<double> values;
  for (const std::string& name : law.parameters) values.push_back(value(name));
  LawState state = law.math.state(
      values, Eigen::ArrayXd::Zero(static_cast<Eigen::Index>(law.regressors.size())));
  if (law.has_floor) state.floor = value("E");
  return state;
}

}  // namespace isoloss
