#include "analysis/solver/law_objective.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace isoloss {

Rho rho(double r, const Objective& objective) {
  switch (objective.kind) {
    case ObjectiveKind::Squares:
      return {r * r, 2 * r, 2, 2};
    case ObjectiveKind::Lad:
      return {std::abs(r), r < 0 ? -1.0 : 1.0, 0, 1 / std::abs(r)};
    case ObjectiveKind::Huber:
    case ObjectiveKind::AsymmetricHuber:
      break;
  }
  const double side =
      objective.kind == ObjectiveKind::AsymmetricHuber && r > 0 ? objective.overestimate : 1;
  const double d = objective.delta;
  if (std::abs(r) <= d) return {side * r * r / 2, side * r, side, side};
  return {side * d * (std::abs(r) - d / 2), r < 0 ? -d * side : d * side, 0,
          side * d / std::abs(r)};
}

Eigen::ArrayXd residuals(const Law& law, const LawData& data, const LawState& state,
                         FitSpace space) {
  const Eigen::ArrayXd p = predict(law, data, state);
  return space == FitSpace::Log ? Eigen::ArrayXd(p.log() - data.log_loss)
                                : Eigen::ArrayXd(p - data.loss);
}

double objective_value(const Law& law, const LawData& data, const LawState& state,
                       const Objective& objective) {
  const Eigen::ArrayXd r = residuals(law, data, state, objective.space);
  double sum = 0;
  for (Eigen::Index i = 0; i < r.size(); ++i) sum += data.weight[i] * rho(r[i], objective).value;
  return sum;
}

namespace {

constexpr Eigen::Index kBlock = 256;  // points whose derivatives are held at once

}  // namespace

Expansion expand(const Law& law, const LawData& data, const LawState& state,
                 const Objective& objective, Curvature kind) {
  if (objective.kind == ObjectiveKind::Lad) throw std::logic_error("lad has no curvature");
  const auto size = static_cast<Eigen::Index>(law.coordinates());
  const std::size_t inner = law.coordinates() - 1, pairs = inner * (inner + 1) / 2;
  Expansion e{0, Eigen::VectorXd::Zero(size), Eigen::MatrixXd::Zero(size, size)};
  std::vector<double> gradient(inner + 1, 0), curvature(pairs, 0), floor_row(inner + 1, 0);
  const bool log_space = objective.space == FitSpace::Log;
  ExcessBlock block;
  for (Eigen::Index first = 0; first < data.points(); first += kBlock) {
    const Eigen::Index count = std::min(kBlock, data.points() - first);
    law.math.expand(data, state, first, count, block);
    for (Eigen::Index i = 0; i < count; ++i) {
      const auto at = static_cast<std::size_t>(i);
      const double p = state.floor + data.offset[first + i] + block.value[at];
      const double r =
          log_space ? std::log(p) - data.log_loss[first + i] : p - data.loss[first + i];
      const Rho f = rho(r, objective);
      const double w = data.weight[first + i];
      const double scale = log_space ? 1 / p : 1;  // d residual / d p
      const double pull = w * f.slope * scale;
      double outer = w * scale * scale * f.weight, bend = 0;
      if (kind == Curvature::Exact) {
        outer = w * scale * scale * (f.curvature - (log_space ? f.slope : 0));
        bend = pull;
      }
      const double* g = &block.gradient[at * inner];
      const double* h = &block.curvature[at * pairs];
      e.value += w * f.value;
      for (std::size_t j = 0, pair = 0; j < inner; ++j) {
        gradient[j] += pull * g[j];
        floor_row[j] += outer * g[j];
        const double along = outer * g[j];
        for (std::size_t k = 0; k <= j; ++k, ++pair) {
          curvature[pair] += along * g[k] + bend * h[pair];
        }
      }
      gradient[inner] += pull;
      floor_row[inner] += outer;
    }
  }
  for (std::size_t j = 0, pair = 0; j <= inner; ++j) {
    const auto row = static_cast<Eigen::Index>(j);
    e.gradient[row] = gradient[j];
    e.curvature(size - 1, row) = e.curvature(row, size - 1) = floor_row[j];
    for (std::size_t k = 0; j < inner && k <= j; ++k, ++pair) {
      const auto column = static_cast<Eigen::Index>(k);
      e.curvature(row, column) = e.curvature(column, row) = curvature[pair];
    }
  }
  return e;
}

Eigen::MatrixXd jacobian(const Law& law, const LawData& data, const LawState& state,
                         FitSpace space) {
  const auto size = static_cast<Eigen::Index>(law.coordinates());
  Eigen::MatrixXd rows(data.points(), size);
  ExcessBlock block;
  for (Eigen::Index first = 0; first < data.points(); first += kBlock) {
    const Eigen::Index count = std::min(kBlock, data.points() - first);
    law.math.expand(data, state, first, count, block);
    for (Eigen::Index i = 0; i < count; ++i) {
      const double p =
          state.floor + data.offset[first + i] + block.value[static_cast<std::size_t>(i)];
      const double scale = space == FitSpace::Log ? 1 / p : 1;
      for (Eigen::Index j = 0; j + 1 < size; ++j) {
        rows(first + i, j) = scale * block.gradient[static_cast<std::size_t>(i * (size - 1) + j)];
      }
      rows(first + i, size - 1) = scale;
    }
  }
  return rows;
}

}  // namespace isoloss
