#include "analysis/law_log_sum.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

namespace isoloss {
namespace {

constexpr double kVanished = 30;  // e^-30 of the other term is beyond what a double adds

double softplus(double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))); }

double logistic(double x) {
  const double e = std::exp(-std::abs(x));
  return (x < 0 ? e : 1) / (1 + e);
}

// Of exponents up to `high`: one of the terms is all there is at every point.
double furthest_delta(const LogSumAxes& axes, const LawData& data, const Eigen::ArrayXd& high) {
  return high[axes.first] * data.z.col(0).abs().maxCoeff() +
         high[axes.second] * data.z.col(1).abs().maxCoeff() + kVanished * high[axes.power];
}

}  // namespace

LogSumAxes log_sum_axes(const Law& law) {
  const auto axis = [&](int shape) -> Eigen::Index {
    if (!law.tied || shape < law.may_tie->second) return 1 + shape;
    return shape == law.may_tie->second ? 1 + law.may_tie->first : shape;
  };
  return {axis(law.log_sum->first), axis(law.log_sum->second), axis(law.log_sum->power),
          static_cast<Eigen::Index>(law.shape.size()) + (law.tied ? 0 : 1)};
}

LogSumWhole log_sum_whole(const Law& law, const LawData& data, const LogSumAxes& axes) {
  LogSumWhole whole{Eigen::ArrayXd(axes.count), Eigen::ArrayXd(axes.count)};
  const LogSum& sum = *law.log_sum;
  for (const auto& [axis, shape] :
       {std::pair{axes.first, sum.first}, {axes.second, sum.second}, {axes.power, sum.power}}) {
    whole.low[axis] = law.shape[static_cast<std::size_t>(shape)].lowest;
    whole.high[axis] = law.shape[static_cast<std::size_t>(shape)].highest;
  }
  if (sum.inner) {
    for (const Eigen::Index j : std::set{axes.first, axes.second}) {
      whole.low[j] *= whole.low[axes.power];
      whole.high[j] *= whole.high[axes.power];
    }
  }
  const double far = furthest_delta(axes, data, whole.high);
  whole.low[0] = -far;
  whole.high[0] = far;
  return whole;
}

bool clip_log_sum(const Law& law, const LogSumAxes& axes, const LawData& data, Eigen::ArrayXd& low,
                  Eigen::ArrayXd& high) {
  if (law.log_sum->inner) {
    for (const auto& [axis, shape] :
         {std::pair{axes.first, law.log_sum->first}, {axes.second, law.log_sum->second}}) {
      const ShapeParameter& bounds = law.shape[static_cast<std::size_t>(shape)];
      low[axis] = std::max(low[axis], bounds.lowest * low[axes.power]);
      high[axis] = std::min(high[axis], bounds.highest * high[axes.power]);
      if (low[axis] >= high[axis]) return false;
    }
  }
  const double far = furthest_delta(axes, data, high);
  low[0] = std::max(low[0], -far);
  high[0] = std::min(high[0], far);
  return low[0] < high[0];
}

double log_sum_value(const LogSumAxes& axes, double z0, double z1, const Eigen::VectorXd& place) {
  const double p = place[axes.power];
  const double d = place[0] - place[axes.first] * z0 + place[axes.second] * z1;
  return p * softplus(d / p) - place[axes.second] * z1;
}

LogSumLook log_sum_look(const LogSumAxes& axes, double z0, double z1,
                        const Eigen::VectorXd& place) {
  const double p = place[axes.power];
  const double ratio = (place[0] - place[axes.first] * z0 + place[axes.second] * z1) / p;
  const double share = logistic(ratio), soft = softplus(ratio);
  LogSumLook at;
  at.value = p * soft - place[axes.second] * z1;
  at.along = Eigen::VectorXd::Zero(axes.count);
  at.along[0] = 1;
  at.along[axes.first] -= z0;
  at.along[axes.second] += z1;
  at.slope = share * at.along;
  at.slope[axes.second] -= z1;
  at.slope[axes.power] += soft - ratio * share;
  at.along[axes.power] -= ratio;
  at.bend = share * (1 - share) / p;
  return at;
}

LawState log_sum_state(const Law& law, const LogSumAxes& axes, double total,
                       const Eigen::VectorXd& place) {
  const double p = place[axes.power];
  LawState state;
  state.log_coefficient = Eigen::Array2d(total + place[0], total) / p;
  state.shape.resize(static_cast<Eigen::Index>(law.shape.size()));
  const double unit = law.log_sum->inner ? p : 1;
  state.shape[law.log_sum->first] = place[axes.first] / unit;
  state.shape[law.log_sum->second] = place[axes.second] / unit;
  state.shape[law.log_sum->power] = p;
  return state;
}

}  // namespace isoloss
