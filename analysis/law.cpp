#include "analysis/law.h"

#include <fmt/format.h>

#include <cmath>

#include "model/spec/error.h"
#include "model/spec/nearest_name.h"

namespace isoloss {

const std::vector<Law>& laws() {
  static const std::vector<Law> all = {
      {"power", {{"a", "b", Regressor::Flops}}},
      {"chinchilla", {{"A", "alpha", Regressor::Parameters}, {"B", "beta", Regressor::Tokens}}},
  };
  return all;
}

const Law& law_named(const std::string& name) {
  std::vector<std::string> known;
  for (const Law& law : laws()) {
    if (law.name == name) return law;
    known.push_back(law.name);
  }
  throw InputError(
      fmt::format("law '{}' (there is none of that name){}", name, suggestion(name, known)));
}

double value_of(Regressor regressor, const Point& point) {
  switch (regressor) {
    case Regressor::Parameters:
      return point.parameters;
    case Regressor::Tokens:
      return point.tokens;
    case Regressor::Flops:
      break;
  }
  return point.flops;
}

const char* column_of(Regressor regressor) {
  switch (regressor) {
    case Regressor::Parameters:
      return "parameters";
    case Regressor::Tokens:
      return "tokens";
    case Regressor::Flops:
      break;
  }
  return "flops";
}

namespace {

void finish(LawData& data) {
  data.centre = data.z.colwise().mean().transpose();
  data.z.rowwise() -= data.centre.transpose();
  data.log_loss = data.loss.log();
  data.weight = Eigen::ArrayXd::Ones(data.points());
}

}  // namespace

LawData law_data(const Law& law, std::span<const Point> points) {
  const auto n = static_cast<Eigen::Index>(points.size());
  const auto terms = static_cast<Eigen::Index>(law.terms.size());
  LawData data;
  data.z.resize(n, terms);
  data.loss.resize(n);
  for (Eigen::Index i = 0; i < n; ++i) {
    const Point& point = points[static_cast<std::size_t>(i)];
    data.loss[i] = point.loss;
    for (Eigen::Index t = 0; t < terms; ++t) {
      const Regressor regressor = law.terms[static_cast<std::size_t>(t)].regressor;
      const double x = value_of(regressor, point);
      if (!(x > 0)) {
        throw InputError(
            fmt::format("law '{}' needs {} (point {} of architecture '{}' has none); fill "
                        "the column or choose another law",
                        law.name, column_of(regressor), i + 1, point.architecture));
      }
      data.z(i, t) = std::log(x);
    }
  }
  finish(data);
  return data;
}

LawData law_data(std::span<const double> x, std::span<const double> loss) {
  LawData data;
  const auto n = static_cast<Eigen::Index>(x.size());
  data.z = Eigen::Map<const Eigen::ArrayXd>(x.data(), n).log();
  data.loss = Eigen::Map<const Eigen::ArrayXd>(loss.data(), n);
  finish(data);
  return data;
}

double log_coefficient(const LawData& data, const LawState& state, Eigen::Index term) {
  return state.log_coefficient[term] + state.exponent[term] * data.centre[term];
}

Eigen::ArrayXd predict(const LawData& data, const LawState& state) {
  Eigen::ArrayXd p = Eigen::ArrayXd::Constant(data.points(), state.floor);
  for (Eigen::Index t = 0; t < data.z.cols(); ++t) {
    p += (state.log_coefficient[t] - state.exponent[t] * data.z.col(t)).exp();
  }
  return p;
}

}  // namespace isoloss
