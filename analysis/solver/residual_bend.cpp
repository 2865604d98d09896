#include "analysis/solver/residual_bend.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace isoloss {
namespace {

constexpr double kLadKnee = 2e-3;  // of the mean residual

}  // namespace

std::pair<ResidualSide, ResidualSide> residual_sides(const Objective& objective, double scatter) {
  constexpr double kNever = std::numeric_limits<double>::infinity();
  switch (objective.kind) {
    case ObjectiveKind::Squares:
      return {{2, kNever}, {2, kNever}};
    case ObjectiveKind::Lad: {
      const double knee = kLadKnee * scatter;
      return {{1 / knee, knee}, {1 / knee, knee}};
    }
    case ObjectiveKind::AsymmetricHuber:
      return {{objective.overestimate, objective.delta}, {1, objective.delta}};
    case ObjectiveKind::Huber:
      break;
  }
  return {{1, objective.delta}, {1, objective.delta}};
}

double negligible_residual(const Objective& objective, const LawData& data) {
  return 1e-5 * (objective.space == FitSpace::Log ? 1 : data.loss.mean());
}

double mean_residual(const Objective& objective, const LawData& data, double value) {
  return std::max(value / data.weight.sum(), negligible_residual(objective, data));
}

ResidualSide loosened(const ResidualSide& side, double knee) {
  return knee > side.knee ? ResidualSide{side.scale * side.knee / knee, knee} : side;
}

double residual_of_cost(double cost, const ResidualSide& side) {
  const double r = std::sqrt(2 * cost / side.scale);
  return r > side.knee ? cost / side.scale / side.knee + side.knee / 2 : r;
}

double residual_rho(double r, const ResidualSide& side) {
  const double size = std::abs(r);
  return side.scale * (size <= side.knee ? size * size / 2 : side.knee * (size - side.knee / 2));
}

BendLines::BendLines(FitSpace space, Eigen::ArrayXd reach)
    : space_(space), reach_(std::move(reach)) {
  if (space_ == FitSpace::Log) furthest_ = reach_.log();
  lines_.resize(static_cast<std::size_t>(reach_.size()));
}

const std::vector<BendLine>& BendLines::of(const ResidualSide& side) {
  if (space_ == FitSpace::Linear || side.knee == knee_) return lines_;
  knee_ = side.knee;
  for (std::size_t i = 0; i < lines_.size(); ++i) {
    const double reach = reach_[static_cast<Eigen::Index>(i)];
    const double furthest = furthest_[static_cast<Eigen::Index>(i)];
    double bent = std::min(side.knee, 1.0);
    if (furthest > bent) {
      // Slopes of chords to the furthest place, each from where the one before leaves rho.
      const double top = residual_rho(furthest, side) / side.scale;
      double leaves = top / (reach - 1);
      if (leaves < bent) {
        leaves = std::max(leaves, (top - leaves * leaves / 2) / (reach - std::exp(leaves)));
      }
      bent = std::min(bent, leaves);
    }
    lines_[i] = {bent, std::exp(bent)};
  }
  return lines_;
}

ResidualBend bend_above(const ResidualPlace& place, double ratio, const BendLine& line,
                        const ResidualSide& side) {
  const double w = place.weight, k = side.scale;
  if (place.space == FitSpace::Linear) {
    const double unit = place.loss, r = unit * (ratio - 1);
    const double slope = k * std::min(r, side.knee) * unit;
    return {w * residual_rho(r, side), w * slope, r <= side.knee ? w * k * unit * unit : 0,
            w * slope / std::max(ratio - 1, 1e-14)};
  }
  if (ratio <= line.ratio) {
    const double r = std::log(ratio), slope = k * r / ratio;
    return {w * k * r * r / 2, w * slope, w * k * (1 - r) / (ratio * ratio),
            w * slope / std::max(ratio - 1, 1e-14)};
  }
  const double slope = k * line.residual / line.ratio;
  const double value = k * line.residual * line.residual / 2 + slope * (ratio - line.ratio);
  // ln(1 + x) is about x / (1 + x / 2), and nowhere less.
  const double rho = residual_rho((ratio - 1) / (1 + (ratio - 1) / 2), side);
  return {w * value, w * slope, 0, w * slope / (ratio - 1), w * std::max(0.0, rho - value)};
}

ResidualBend bend_below(const ResidualPlace& place, double ratio, const ResidualSide& side) {
  const double w = place.weight, k = side.scale;
  if (place.space == FitSpace::Linear) {
    const double unit = place.loss, r = unit * (ratio - 1);
    const double slope = k * std::max(r, -side.knee) * unit;
    return {w * residual_rho(r, side), w * slope, -r <= side.knee ? w * k * unit * unit : 0,
            w * slope / std::min(ratio - 1, -1e-14)};
  }
  constexpr double kLeast = 1e-6;
  const double at = std::max(ratio, kLeast), r = std::log(at);
  const double slope = k * std::max(r, -side.knee) / at;
  const double curvature = -r <= side.knee ? k * (1 - r) / (at * at) : k * side.knee / (at * at);
  return {w * (residual_rho(r, side) + slope * (ratio - at)), w * slope, w * curvature,
          w * slope / std::min(ratio - 1, -1e-14)};
}

}  // namespace isoloss
