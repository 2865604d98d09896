#include "analysis/solver/residual_bend.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace isoloss {
namespace {

constexpr double kLadKnee = 1e-4;  // in logarithms

}  // namespace

std::pair<ResidualSide, ResidualSide> residual_sides(const Objective& objective, double mean_loss) {
  constexpr double kNever = std::numeric_limits<double>::infinity();
  switch (objective.kind) {
    case ObjectiveKind::Squares:
      return {{2, kNever}, {2, kNever}};
    case ObjectiveKind::Lad: {
      const double knee = objective.space == FitSpace::Log ? kLadKnee : kLadKnee * mean_loss;
      return {{1 / knee, knee}, {1 / knee, knee}};
    }
    case ObjectiveKind::AsymmetricHuber:
      return {{objective.overestimate, objective.delta}, {1, objective.delta}};
    case ObjectiveKind::Huber:
      break;
  }
  return {{1, objective.delta}, {1, objective.delta}};
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

ResidualBend bend_above(const ResidualPlace& place, double ratio, double reach,
                        const ResidualSide& side) {
  const double w = place.weight, k = side.scale;
  if (place.space == FitSpace::Linear) {
    const double unit = place.loss, r = unit * (ratio - 1);
    const double slope = k * std::min(r, side.knee) * unit;
    return {w * residual_rho(r, side), w * slope, r <= side.knee ? w * k * unit * unit : 0,
            w * slope / std::max(ratio - 1, 1e-14)};
  }
  const double r = std::log(ratio), furthest = std::log(reach);
  double bent = std::min(side.knee, 1.0);  // rho is followed up to here, a line from there on
  if (furthest > bent && r > 0) {
    // Slopes of chords to the furthest place, each from where the one before leaves rho.
    const double top = residual_rho(furthest, side);
    double leaves = top / (reach - 1) / k;
    if (leaves < bent) {
      const double start = std::exp(leaves);
      leaves = std::max(leaves, (top - k * leaves * leaves / 2) / (reach - start) / k);
    }
    bent = std::min(bent, leaves);
  }
  if (r <= bent) {
    const double slope = k * r / ratio;
    return {w * k * r * r / 2, w * slope, w * k * (1 - r) / (ratio * ratio),
            w * slope / std::max(ratio - 1, 1e-14)};
  }
  const double start = std::exp(bent), slope = k * bent / start;
  return {w * (k * bent * bent / 2 + slope * (ratio - start)), w * slope, 0,
          w * slope / (ratio - 1)};
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
