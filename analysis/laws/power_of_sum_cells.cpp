// A power of two terms (LogSum of law.h) as one term: with delta = p (ln c0 - ln c1), and m0 and m1
// p times the inner exponents, its logarithm is p ln c1 + p ln(1 + e^(d/p)) - m1 z1, d = delta - m0
// z0 + m1 z1. Axes: delta, m0, m1 (m0's where they are tied), p (m1's where that is the power).
#include <algorithm>
#include <utility>

#include "analysis/laws/cells.h"

namespace isoloss {
namespace {

struct PowerOfSumCells {
  static constexpr double kVanished = 30;  // e^-30 of the other term is beyond what a double adds

  struct Axes {
    Eigen::Index first, second, power, count;
  };

  static Axes axes_of(const Law& law) {
    const auto axis = [&](int shape) -> Eigen::Index {
      if (!law.tied || shape < law.may_tie->second) return 1 + shape;
      return shape == law.may_tie->second ? 1 + law.may_tie->first : shape;
    };
    return {axis(law.log_sum->first), axis(law.log_sum->second), axis(law.log_sum->power),
            static_cast<Eigen::Index>(law.shape.size()) + (law.tied ? 0 : 1)};
  }

  static const ShapeParameter& parameter(const Law& law, int shape) {
    return law.shape[static_cast<std::size_t>(shape)];
  }

  // Beyond it one term counts for nothing at any point, and delta makes no difference.
  static double furthest_delta(const LawData& data, const Axes& axes, const CellBox& box) {
    return box.high[axes.first] * data.z.col(0).abs().maxCoeff() +
           box.high[axes.second] * data.z.col(1).abs().maxCoeff() +
           kVanished * box.high[axes.power];
  }

  static CellBox whole(const Law& law, const LawData& data) {
    const Axes axes = axes_of(law);
    const LogSum& sum = *law.log_sum;
    CellBox box{Eigen::ArrayXd(axes.count), Eigen::ArrayXd(axes.count)};
    const ShapeParameter& power = parameter(law, sum.power);
    for (const auto& [axis, shape] :
         {std::pair{axes.first, sum.first}, {axes.second, sum.second}, {axes.power, sum.power}}) {
      const bool times = sum.inner && shape != sum.power;
      box.low[axis] = parameter(law, shape).lowest * (times ? power.lowest : 1);
      box.high[axis] = parameter(law, shape).highest * (times ? power.highest : 1);
    }
    box.high[0] = furthest_delta(data, axes, box);
    box.low[0] = -box.high[0];
    return box;
  }

  static bool shrink(const Law& law, const LawData& data, CellBox& box) {
    const Axes axes = axes_of(law);
    const LogSum& sum = *law.log_sum;
    if (sum.inner) {
      for (const auto& [axis, shape] :
           {std::pair{axes.first, sum.first}, {axes.second, sum.second}}) {
        const ShapeParameter& inner = parameter(law, shape);
        box.low[axis] = std::max(box.low[axis], inner.lowest * box.low[axes.power]);
        box.high[axis] = std::min(box.high[axis], inner.highest * box.high[axes.power]);
        box.low[axes.power] = std::max(box.low[axes.power], box.low[axis] / inner.highest);
        box.high[axes.power] = std::min(box.high[axes.power], box.high[axis] / inner.lowest);
      }
    }
    const double furthest = furthest_delta(data, axes, box);
    box.low[0] = std::max(box.low[0], -furthest);
    box.high[0] = std::min(box.high[0], furthest);
    return (box.low <= box.high).all();
  }

  static LawCell cell(const Law& law, const LawData& data, const CellBox& box) {
    const Axes axes = axes_of(law);
    const Eigen::ArrayXd middle = box.middle(), half = box.half();
    const auto z0 = data.z.col(0).matrix(), z1 = data.z.col(1).matrix();
    TermCell term;
    term.kind = TermKind::PowerOfSum;
    for (Eigen::Index a = 0; a < axes.count; ++a) term.axes.push_back(a);
    term.v.setZero(data.points(), 1 + axes.count);
    term.v.col(0) = -middle[axes.second] * z1 - data.log_loss.matrix();
    term.v.col(1 + axes.second) = -half[axes.second] * z1;
    term.d.setZero(data.points(), 1 + axes.count);
    term.d.col(0).array() =
        middle[0] - middle[axes.first] * data.z.col(0) + middle[axes.second] * data.z.col(1);
    term.d.col(1).setConstant(half[0]);
    term.d.col(1 + axes.first) -= half[axes.first] * z0;
    term.d.col(1 + axes.second) += half[axes.second] * z1;
    term.power.setZero(1 + axes.count);
    term.power[0] = middle[axes.power];
    term.power[1 + axes.power] = half[axes.power];
    LawCell out;
    out.terms.push_back(finished(std::move(term)));
    return out;
  }

  static LawState state(const Law& law, const Eigen::ArrayXd& place,
                        const Eigen::ArrayXd& log_amount) {
    const Axes axes = axes_of(law);
    const double p = place[axes.power], inner = law.log_sum->inner ? p : 1;
    LawState state;
    state.log_coefficient = Eigen::Array2d(log_amount[0] + place[0], log_amount[0]) / p;
    state.shape.resize(static_cast<Eigen::Index>(law.shape.size()));
    state.shape[law.log_sum->power] = p;
    state.shape[law.log_sum->first] = place[axes.first] / inner;
    state.shape[law.log_sum->second] = place[axes.second] / inner;
    return state;
  }
};

}  // namespace

const LawCells kPowerOfSumCells = {PowerOfSumCells::whole, PowerOfSumCells::shrink,
                                   PowerOfSumCells::cell, PowerOfSumCells::state};

}  // namespace isoloss
