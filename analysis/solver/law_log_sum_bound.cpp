#include "analysis/solver/law_log_sum_bound.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <tuple>
#include <utility>

#include "analysis/numbers/softplus.h"

namespace isoloss {
namespace {

constexpr double kFirstLogKnee = 0.05;
constexpr double kVanished = 30;  // e^-30 of the other term is beyond what a double adds

Eigen::VectorXd corner_of(const LogSumCell& cell, unsigned corner) {
  Eigen::VectorXd at = cell.low;
  for (Eigen::Index j = 0; j < at.size(); ++j) {
    if (corner >> j & 1U) at[j] = cell.high[j];
  }
  return at;
}

}  // namespace

LogSumBound::LogSumBound(const Law& law, const LawData& data, const Objective& objective,
                         double value)
    : law_(law), data_(data), known_(value) {
  std::tie(over_, under_) = residual_sides(objective, mean_residual(objective, data, value));
  const auto axis = [&](int shape) -> Eigen::Index {
    if (!law.tied || shape < law.may_tie->second) return 1 + shape;
    return shape == law.may_tie->second ? 1 + law.may_tie->first : shape;
  };
  first_ = axis(law.log_sum->first);
  second_ = axis(law.log_sum->second);
  power_ = axis(law.log_sum->power);
  axes_ = static_cast<Eigen::Index>(law.shape.size()) + (law.tied ? 0 : 1);
}

LogSumCell LogSumBound::whole() const {
  LogSumCell cell;
  cell.low.resize(axes_);
  cell.high.resize(axes_);
  const LogSum& sum = *law_.log_sum;
  for (const auto& [axis, shape] :
       {std::pair{first_, sum.first}, {second_, sum.second}, {power_, sum.power}}) {
    cell.low[axis] = law_.shape[static_cast<std::size_t>(shape)].lowest;
    cell.high[axis] = law_.shape[static_cast<std::size_t>(shape)].highest;
  }
  if (sum.inner) {
    for (const Eigen::Index j : std::set{first_, second_}) {
      cell.low[j] *= cell.low[power_];
      cell.high[j] *= cell.high[power_];
    }
  }
  const double furthest = cell.high[first_] * data_.z.col(0).abs().maxCoeff() +
                          cell.high[second_] * data_.z.col(1).abs().maxCoeff() +
                          kVanished * cell.high[power_];
  cell.low[0] = -furthest;
  cell.high[0] = furthest;
  cell.place.resize(1 + axes_);
  cell.place[0] = data_.log_loss.mean();
  cell.place.tail(axes_) = (cell.low + cell.high).matrix() / 2;
  return cell;
}

double LogSumBound::value_at(Eigen::Index i, const Eigen::VectorXd& axes) const {
  const double p = axes[power_], z0 = data_.z(i, 0), z1 = data_.z(i, 1);
  const double d = axes[0] - axes[first_] * z0 + axes[second_] * z1;
  return p * softplus(d / p) - axes[second_] * z1;
}

LogSumBound::Shape LogSumBound::shape_at(Eigen::Index i, const Eigen::VectorXd& axes) const {
  const double p = axes[power_], z0 = data_.z(i, 0), z1 = data_.z(i, 1);
  const double ratio = (axes[0] - axes[first_] * z0 + axes[second_] * z1) / p;
  const auto [soft, share] = softplus_at(ratio);
  Shape at;
  at.value = p * soft - axes[second_] * z1;
  at.along = Eigen::VectorXd::Zero(axes_);
  at.along[0] = 1;
  at.along[first_] -= z0;
  at.along[second_] += z1;
  at.slope = share * at.along;
  at.slope[second_] -= z1;
  at.slope[power_] += soft - ratio * share;
  at.along[power_] -= ratio;
  at.bend = share * (1 - share) / p;
  return at;
}

// The plane's slope along an axis is the mean over the cell's edges of that direction.
LogSumBound::Planes LogSumBound::planes_of(const LogSumCell& cell) const {
  const Eigen::Index n = data_.points();
  const unsigned corners = 1U << axes_;
  Planes out;
  out.middle = (cell.low + cell.high).matrix() / 2;
  out.value.resize(n);
  out.slope.resize(n, axes_);
  Eigen::MatrixXd place(axes_, corners);
  Eigen::MatrixXd value(n, corners);
  for (unsigned c = 0; c < corners; ++c) {
    place.col(c) = corner_of(cell, c);
    for (Eigen::Index i = 0; i < n; ++i) value(i, c) = value_at(i, place.col(c));
  }
  for (Eigen::Index j = 0; j < axes_; ++j) {
    out.slope.col(j).setZero();
    for (unsigned c = 0; c < corners; ++c) {
      out.slope.col(j) += (c >> j & 1U ? 1.0 : -1.0) * value.col(c);
    }
    out.slope.col(j) *= 2.0 / corners / (cell.high[j] - cell.low[j]);
  }
  const Eigen::MatrixXd linear = out.slope * (place.colwise() - out.middle);
  out.value = (value - linear).rowwise().maxCoeff();
  const double total = data_.weight.sum();
  out.common = (data_.weight * out.value.array()).sum() / total;
  out.common_slope = out.slope.transpose() * data_.weight.matrix() / total;
  out.value.array() -= out.common;
  out.slope.rowwise() -= out.common_slope.transpose();
  return out;
}

ConvexLook LogSumBound::look(const Eigen::VectorXd& x, double knee, const Planes& planes,
                             const ConvexProblem& box) const {
  const ResidualSide over = loosened(over_, knee), under = loosened(under_, knee);
  const Eigen::Index size = x.size();
  const Eigen::VectorXd axes = x.tail(axes_), step = axes - planes.middle;
  const double common = planes.common + planes.common_slope.dot(step);
  ConvexLook at;
  at.gradient.setZero(size);
  at.curvature.setZero(size, size);
  at.weight.setZero(size, size);
  Eigen::VectorXd row(size);
  row[0] = 1;
  const auto add = [&](double r, double weight, const ResidualSide& side) {
    const double pull = side.scale * std::clamp(r, -side.knee, side.knee);
    at.value += weight * residual_rho(r, side);
    at.gradient += weight * pull * row;
    const double bent = std::abs(r) <= side.knee ? side.scale : 0;
    at.curvature += weight * bent * row * row.transpose();
    at.weight +=
        weight * pull / (r > 0 ? std::max(r, 1e-14) : std::min(r, -1e-14)) * row * row.transpose();
    return weight * pull;
  };
  const Eigen::VectorXd highest = planes.value + planes.slope * step;
  for (Eigen::Index i = 0; i < data_.points(); ++i) {
    const double target = data_.log_loss[i] - x[0];
    if (highest[i] < target) {
      row.tail(axes_) = planes.slope.row(i).transpose();
      add(highest[i] - target, data_.weight[i], under);
      continue;
    }
    const double r = value_at(i, axes) - common - target;
    if (!(r > 0)) continue;
    const Shape shape = shape_at(i, axes);
    row.tail(axes_) = shape.slope - planes.common_slope;
    const double pull = add(r, data_.weight[i], over);
    at.curvature.bottomRightCorner(axes_, axes_) +=
        pull * shape.bend * shape.along * shape.along.transpose();
  }
  at.bound = at.value;
  for (Eigen::Index j = 0; j < size; ++j) {
    const double least = at.gradient[j] > 0 ? box.low[j] : box.high[j];
    at.bound += at.gradient[j] * (least - x[j]);
  }
  return at;
}

void LogSumBound::raise(LogSumCell& cell, double target) const {
  const Planes planes = planes_of(cell);
  ConvexProblem problem;
  problem.low.resize(1 + axes_);
  problem.high.resize(1 + axes_);
  problem.low.tail(axes_) = cell.low;
  problem.high.tail(axes_) = cell.high;
  // One residual alone may not cost more than the known fit. A plane is as high as the law can get,
  // a tangent as low.
  const Eigen::VectorXd half = (cell.high - cell.low).matrix() / 2;
  const Eigen::VectorXd highest = planes.value + planes.slope.cwiseAbs() * half;
  problem.low[0] = -std::numeric_limits<double>::infinity();
  problem.high[0] = std::numeric_limits<double>::infinity();
  for (Eigen::Index i = 0; i < data_.points(); ++i) {
    const double cost = known_ / data_.weight[i], loss = data_.log_loss[i];
    const Shape tangent = shape_at(i, planes.middle);
    const double lowest =
        tangent.value - planes.common - (tangent.slope - planes.common_slope).cwiseAbs().dot(half);
    problem.low[0] = std::max(problem.low[0], loss - residual_of_cost(cost, under_) - highest[i]);
    problem.high[0] = std::min(problem.high[0], loss + residual_of_cost(cost, over_) - lowest);
  }
  if (problem.low[0] > problem.high[0]) {
    cell.lower = std::max(cell.lower, known_);
    return;
  }
  problem.look = [&](const Eigen::VectorXd& x, double knee) {
    return look(x, knee, planes, problem);
  };
  problem.first_knee = kFirstLogKnee;
  problem.last_knee = std::min(over_.knee, under_.knee);
  problem.known = known_;
  // The unknown is the prediction less what the points have in common in this cell.
  const auto common = [&](const Eigen::VectorXd& axes) {
    return planes.common + planes.common_slope.dot(axes - planes.middle);
  };
  Eigen::VectorXd x = cell.place;
  x.tail(axes_) = x.tail(axes_).cwiseMax(cell.low.matrix()).cwiseMin(cell.high.matrix());
  x[0] = std::clamp(data_.log_loss.mean(), problem.low[0], problem.high[0]);
  x = convex_minimum(problem, std::move(x), target, cell.lower);
  x[0] -= common(x.tail(axes_));
  cell.place = std::move(x);
}

// By how much the predictions sag below their chord along each axis, all points together.
std::vector<LogSumCell> LogSumBound::halves(const LogSumCell& cell) const {
  const Eigen::VectorXd middle = (cell.low + cell.high).matrix() / 2;
  Eigen::Index axis = 0;
  double most = -1;
  for (Eigen::Index j = 0; j < axes_; ++j) {
    Eigen::VectorXd low = middle, high = middle;
    low[j] = cell.low[j];
    high[j] = cell.high[j];
    double sag = 0;
    for (Eigen::Index i = 0; i < data_.points(); ++i) {
      sag += data_.weight[i] * (value_at(i, low) + value_at(i, high) - 2 * value_at(i, middle));
    }
    if (sag > most) {
      most = sag;
      axis = j;
    }
  }
  std::vector<LogSumCell> parts(2, cell);
  parts[0].high[axis] = parts[1].low[axis] = middle[axis];
  return parts;
}

LawState LogSumBound::state_of(const LogSumCell& cell) const {
  const Eigen::VectorXd axes = cell.place.tail(axes_);
  const double p = axes[power_];
  LawState state;
  state.log_coefficient = Eigen::Array2d(cell.place[0] + axes[0], cell.place[0]) / p;
  state.shape.resize(static_cast<Eigen::Index>(law_.shape.size()));
  state.shape[law_.log_sum->first] = law_.log_sum->inner ? axes[first_] / p : axes[first_];
  state.shape[law_.log_sum->second] = law_.log_sum->inner ? axes[second_] / p : axes[second_];
  state.shape[law_.log_sum->power] = axes[power_];
  return state;
}

}  // namespace isoloss
