// A power of two terms beneath a floor, or in nats: one coefficient times e^(w - common), w of
// law_log_sum.h. What all points have in common near the cell's middle is taken off, linear in the
// axes, so that w stays convex and the coefficient a number of nats.
#include <algorithm>
#include <cmath>

#include "analysis/cell_law.h"
#include "analysis/law_log_sum.h"

namespace isoloss {
namespace {

constexpr double kLargestExponent = 300;  // its square is a double

struct CommonPart {
  Eigen::VectorXd middle, slope;
  double value = 0;

  double at(const Eigen::VectorXd& place) const { return value + slope.dot(place - middle); }
};

CommonPart common_part(const LogSumAxes& axes, const LawData& data, const CellBox& box) {
  CommonPart common{box.middle().matrix(), Eigen::VectorXd::Zero(axes.count), 0};
  const double total = data.weight.sum();
  for (Eigen::Index i = 0; i < data.points(); ++i) {
    const LogSumLook at = log_sum_look(axes, data.z(i, 0), data.z(i, 1), common.middle);
    common.value += data.weight[i] / total * at.value;
    common.slope += data.weight[i] / total * at.slope;
  }
  return common;
}

Eigen::VectorXd place_on(const Eigen::VectorXd& middle, const TermAxes& off) {
  Eigen::VectorXd at = middle;
  for (Eigen::Index j = 0; j < at.size(); ++j) at[j] += off[static_cast<std::size_t>(j)];
  return at;
}

TermLook exponential_of(const LogSumLook& w, const CommonPart& common, double exponent) {
  TermLook at;
  at.value = std::exp(exponent);
  at.bend = {at.value, at.value * w.bend};
  for (Eigen::Index j = 0; j < w.slope.size(); ++j) {
    const auto axis = static_cast<std::size_t>(j);
    at.along[0][axis] = w.slope[j] - common.slope[j];
    at.along[1][axis] = w.along[j];
    at.slope[axis] = at.value * at.along[0][axis];
  }
  return at;
}

}  // namespace

CellLaw cell_law_of_log_sum(const Law& law, const LawData& data) {
  const LogSumAxes axes = log_sum_axes(law);
  const LogSumWhole all = log_sum_whole(law, data, axes);
  CellLaw out;
  out.whole = {all.low, all.high};
  TermAxisList every;
  for (Eigen::Index j = 0; j < axes.count; ++j) every.push_back(j);
  out.axes = {every};
  out.terms_of = [axes, every, &data](const CellBox& box) -> std::vector<CellTerm> {
    CellTerm term;
    const CommonPart common = common_part(axes, data, box);
    const unsigned corners = 1U << axes.count;
    const Eigen::VectorXd half = (box.high - box.low).matrix() / 2;
    term.high.resize(data.points(), corners);
    term.least.resize(data.points());
    for (Eigen::Index i = 0; i < data.points(); ++i) {
      const double z0 = data.z(i, 0), z1 = data.z(i, 1);
      for (unsigned c = 0; c < corners; ++c) {
        const Eigen::VectorXd at = place_on(common.middle, corner_of(box, every, c));
        term.high(i, c) = log_sum_value(axes, z0, z1, at) - common.at(at);
      }
      const LogSumLook tangent = log_sum_look(axes, z0, z1, common.middle);
      term.least[i] =
          tangent.value - common.value - (tangent.slope - common.slope).cwiseAbs().dot(half);
    }
    if (!(term.high.maxCoeff() < kLargestExponent)) return {};
    term.high = term.high.array().exp().matrix();
    term.least = term.least.exp();
    term.low = [axes, &data, common](Eigen::Index i, const TermAxes& off) {
      const Eigen::VectorXd at = place_on(common.middle, off);
      const LogSumLook w = log_sum_look(axes, data.z(i, 0), data.z(i, 1), at);
      return exponential_of(w, common, w.value - common.at(at));
    };
    return {term};
  };
  out.clip = [law, axes, &data](CellBox& box) {
    return clip_log_sum(law, axes, data, box.low, box.high);
  };
  out.state = [law, axes, &data](const CellBox& box, const CellPlace& place) {
    const Eigen::VectorXd at = place_on(Eigen::VectorXd::Zero(axes.count), place.axes.front());
    const double total =
        std::log(std::max(place.coefficient[0], 1e-300)) - common_part(axes, data, box).at(at);
    LawState state = log_sum_state(law, axes, total, at);
    state.floor = place.floor;
    return state;
  };
  return out;
}

}  // namespace isoloss
