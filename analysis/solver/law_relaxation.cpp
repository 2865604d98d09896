#include "analysis/solver/law_relaxation.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "analysis/solver/law_narrowing.h"

namespace isoloss {
namespace {

constexpr double kFirstKnee = 0.05;
constexpr double kLeastInside = 1e-3;  // of the largest unknown: where others start

}  // namespace

CellColumns cell_columns(const TermRows& rows, const Eigen::ArrayXd& loss,
                         const Eigen::ArrayXd& middle, const Eigen::ArrayXd& half,
                         const Eigen::ArrayXd& reach) {
  const Eigen::Index terms = middle.size(), n = loss.size();
  CellColumns out;
  out.middle = middle;
  out.half = half;
  const Eigen::Index size = 2 * terms + (rows.free_floor ? 1 : 0);
  out.low.resize(n, size);
  out.high.resize(n, size);
  out.basis.resize(n, terms);
  out.most.resize(terms + (rows.free_floor ? 1 : 0));
  out.scale.resize(out.most.size());
  const Eigen::ArrayXd room = reach - rows.offset;
  for (Eigen::Index t = 0; t < terms; ++t) {
    Eigen::ArrayXd basis = (rows.at_zero.col(t) + middle[t] * rows.slope.col(t)).exp() / loss;
    const Eigen::ArrayXd step = half[t] * rows.slope.col(t);
    const Eigen::ArrayXd up = step.exp();
    out.scale[t] = 1 / basis.mean();
    basis *= out.scale[t];
    out.basis.col(t) = basis.matrix();
    out.low.col(2 * t) = (basis * (1 + step)).matrix();
    out.low.col(2 * t + 1) = (basis * (1 - step)).matrix();
    out.high.col(2 * t) = (basis * up).matrix();
    out.high.col(2 * t + 1) = (basis / up).matrix();
    out.most[t] = std::max(0.0, (room / (basis * up.min(1 / up))).minCoeff());
  }
  if (rows.free_floor) {
    const Eigen::ArrayXd basis = 1 / loss;
    out.scale[terms] = 1 / basis.mean();
    out.low.col(2 * terms) = (basis * out.scale[terms]).matrix();
    out.high.col(2 * terms) = out.low.col(2 * terms);
    out.most[terms] = std::max(0.0, (room / (basis * out.scale[terms])).minCoeff());
  }
  return out;
}

double residual_size(const RelaxedObjective& objective, const LawData& data) {
  return objective.known / (data.weight.sum() * objective.over.scale * objective.over.knee);
}

LawRelaxation::LawRelaxation(const TermRows& terms, const LawData& data,
                             const RelaxedObjective& objective, const CellColumns& columns,
                             const Eigen::ArrayXd& reach)
    : terms_(terms), data_(data), objective_(objective), columns_(columns), reach_(reach) {}

ConvexLook LawRelaxation::look(const Eigen::VectorXd& x, double knee, BendLines& lines,
                               const Tilt& tilt) const {
  const auto terms = columns_.half.size(), n = data_.points();
  const Eigen::Index size = x.size();
  const ResidualSide over = loosened(objective_.over, knee);
  const ResidualSide under = loosened(objective_.under, knee);
  const std::vector<BendLine>& line = lines.of(over);
  ConvexLook at;
  at.gradient.setZero(size);
  at.curvature.setZero(size, size);
  at.weight.setZero(size, size);
  const Eigen::ArrayXd highest = terms_.offset + (columns_.high * x).array();
  ConvexVector amount(terms), off(terms);
  for (Eigen::Index t = 0; t < terms; ++t) {
    amount[t] = x[2 * t] + x[2 * t + 1];
    off[t] = amount[t] > 0 ? columns_.half[t] * (x[2 * t] - x[2 * t + 1]) / amount[t] : 0.0;
  }
  ConvexVector own(size), bent(terms);
  for (Eigen::Index i = 0; i < n; ++i) {
    const ResidualPlace place{objective_.space, data_.weight[i], data_.loss[i]};
    const double* row = &columns_.high(i, 0);
    ResidualBend bend;
    if (highest[i] < 1) {
      bend = bend_below(place, highest[i], under);
    } else {
      double ratio = terms_.offset[i];
      for (Eigen::Index t = 0; t < terms; ++t) {
        const double d = terms_.slope(i, t), g = columns_.basis(i, t) * std::exp(d * off[t]);
        ratio += amount[t] * g;
        own[2 * t] = g * (1 + d * (columns_.half[t] - off[t]));
        own[2 * t + 1] = g * (1 - d * (columns_.half[t] + off[t]));
        bent[t] = amount[t] > 0 ? g * d * d / amount[t] : 0;
      }
      if (terms_.free_floor) {
        own[2 * terms] = columns_.high(i, 2 * terms);
        ratio += own[2 * terms] * x[2 * terms];
      }
      if (!(ratio > 1)) continue;
      bend = bend_above(place, ratio, line[static_cast<std::size_t>(i)], over);
      row = own.data();
      for (Eigen::Index t = 0; t < terms; ++t) {
        const double a = columns_.half[t] - off[t], b = -columns_.half[t] - off[t];
        const double curve = bend.slope * bent[t];
        at.curvature(2 * t, 2 * t) += curve * a * a;
        at.curvature(2 * t, 2 * t + 1) += curve * a * b;
        at.curvature(2 * t + 1, 2 * t + 1) += curve * b * b;
      }
    }
    add_point(at, bend, row);
  }
  complete_sum(at, x, tilt);
  for (Eigen::Index t = 0; t < terms; ++t) {
    const double least = std::min(at.gradient[2 * t], at.gradient[2 * t + 1]);
    at.bound += std::min(0.0, least) * columns_.most[t];
  }
  if (terms_.free_floor) at.bound += std::min(0.0, at.gradient[2 * terms]) * columns_.most[terms];
  return at;
}

ConeProblem LawRelaxation::problem() const {
  const double unit = objective_.space == FitSpace::Log ? 1 : data_.loss.mean();
  ConeProblem problem;
  for (Eigen::Index j = 0; j < columns_.high.cols(); ++j) problem.sides.push_back({j});
  problem.first_knee = kFirstKnee * unit;
  problem.last_knee = std::min(objective_.over.knee, objective_.under.knee);
  problem.known = objective_.known;
  return problem;
}

Eigen::VectorXd LawRelaxation::minimum(Eigen::VectorXd x, double target, double& lower) const {
  BendLines lines(objective_.space, reach_);
  ConeProblem at_rest = problem();
  at_rest.look = [&](const Eigen::VectorXd& at, double knee) { return look(at, knee, lines, {}); };
  return cone_minimum(at_rest, x.cwiseMax(kLeastInside * x.maxCoeff()), target, lower);
}

Eigen::ArrayXd LawRelaxation::narrowed_reach_about(const Eigen::VectorXd& x) const {
  BendLines lines(objective_.space, reach_);
  Narrowing narrowing;
  narrowing.cone = problem();
  narrowing.at = x;
  narrowing.scatter = residual_size(objective_, data_);
  narrowing.rows = columns_.high;
  narrowing.ratio = terms_.offset + (columns_.high * x).array();
  narrowing.look = [&](const Eigen::VectorXd& at, double knee, const Tilt& tilt) {
    return look(at, knee, lines, tilt);
  };
  return narrowed_reach(narrowing, reach_);
}

}  // namespace isoloss
