// Data_constrained's terms over cells of alpha, beta (alpha's where they are tied), ln R_N, ln R_D
// and omega, of which the usable size is made: about the means of ln N and ln U_D, alpha ln U_N =
// omega + beta ln U_D. What N and D are worth is a plane in r and u but for some slack
// (repeated_worth.h). So ln of a term, -alpha h, is linear in alpha, alpha (r - its middle), omega
// and beta but for that slack.
#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "analysis/laws/cells.h"
#include "analysis/laws/repeated_worth.h"

namespace isoloss {
namespace {

// An exponential term; columns of axes that are one are added up.
class TermBuilder {
 public:
  TermBuilder(const LawData& data, std::vector<Eigen::Index> axes) {
    std::sort(axes.begin(), axes.end());
    axes.erase(std::unique(axes.begin(), axes.end()), axes.end());
    term_.axes = std::move(axes);
    const auto size = static_cast<Eigen::Index>(term_.axes.size());
    term_.v.setZero(data.points(), 1 + size);
    term_.v.col(0) = -data.log_loss.matrix();
    term_.slack.setZero(data.points());
    term_.slack_by_axis.setZero(data.points(), size);
  }
  void add(Eigen::Index point, double constant) { term_.v(point, 0) += constant; }
  void add(Eigen::Index point, Eigen::Index axis, double by_y) {
    term_.v(point, 1 + column(axis)) += by_y;
  }
  void slacken(Eigen::Index point, Eigen::Index axis, double slack) {
    term_.slack[point] += slack;
    term_.slack_by_axis(point, column(axis)) += slack;
  }
  TermCell done() && { return finished(std::move(term_)); }

 private:
  Eigen::Index column(Eigen::Index axis) const {
    return std::find(term_.axes.begin(), term_.axes.end(), axis) - term_.axes.begin();
  }
  TermCell term_;
};

struct DataConstrainedCells {
  static constexpr double kVanished = 40;  // e^-40 of repeats is beyond what a double adds

  struct Axes {
    Eigen::Index alpha, beta, decay_n, decay_d, omega;
  };

  static Axes axes_of(const Law& law) {
    const Eigen::Index beta = law.tied ? 0 : 1;
    return {0, beta, beta + 1, beta + 2, beta + 3};
  }

  static Range range_of(const CellBox& box, Eigen::Index axis) {
    return {box.low[axis], box.high[axis]};
  }

  static double log_unique(const LawData& data, Eigen::Index i) {
    return std::min(data.z(i, 2) + data.centre[2], data.z(i, 1) + data.centre[1]);
  }

  // About the mean of ln U_D. A selection of the points has the same one, so that a cell of all
  // points is one of theirs.
  static double middle_unique(const LawData& data) {
    return std::min(data.centre[2], data.centre[1]);
  }

  // The largest and smallest of p x - q y for p and q in their ranges.
  static Range difference(Range p, double x, Range q, double y) {
    return {std::min(p.low * x, p.high * x) - std::max(q.low * y, q.high * y),
            std::max(p.low * x, p.high * x) - std::min(q.low * y, q.high * y)};
  }

  // Above the range every size is usable whatever omega is; below it none is, and the first amount
  // does what omega does.
  static Range omega_that_counts(const Axes& axes, const LawData& data, const CellBox& box) {
    const Range alpha = range_of(box, axes.alpha), beta = range_of(box, axes.beta);
    const double mean = middle_unique(data);
    const double all_gone = std::log1p(kVanished * std::exp(box.high[axes.decay_n]));
    Range out{std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity()};
    for (Eigen::Index i = 0; i < data.points(); ++i) {
      const double log_n = data.z(i, 0), unique = log_unique(data, i) - mean;
      out.low = std::min(out.low, difference(alpha, log_n - all_gone, beta, unique).low);
      out.high = std::max(out.high, difference(alpha, log_n, beta, unique).high);
    }
    return out;
  }

  static CellBox whole(const Law& law, const LawData& data) {
    const Axes axes = axes_of(law);
    CellBox box{Eigen::ArrayXd(axes.omega + 1), Eigen::ArrayXd(axes.omega + 1)};
    for (const auto& [axis, shape] : {std::pair{axes.alpha, 0},
                                      {axes.beta, law.tied ? 0 : 1},
                                      {axes.decay_n, 2},
                                      {axes.decay_d, 3}}) {
      box.low[axis] = law.shape[static_cast<std::size_t>(shape)].lowest;
      box.high[axis] = law.shape[static_cast<std::size_t>(shape)].highest;
    }
    const Range omega = omega_that_counts(axes, data, box);
    box.low[axes.omega] = omega.low;
    box.high[axes.omega] = omega.high;
    return box;
  }

  static bool shrink(const Law& law, const LawData& data, CellBox& box) {
    const Axes axes = axes_of(law);
    const Range omega = omega_that_counts(axes, data, box);
    box.low[axes.omega] = std::max(box.low[axes.omega], omega.low);
    box.high[axes.omega] = std::min(box.high[axes.omega], omega.high);
    return box.low[axes.omega] <= box.high[axes.omega];
  }

  // The exponent times what all points' worth has in common, then what the exponent's deviation and
  // that of r add.
  static void add_worth(TermBuilder& term, Eigen::Index i, const WorthPlane& plane, double constant,
                        Range exponent, Eigen::Index exponent_axis, Range r,
                        Eigen::Index decay_axis) {
    const double slack = plane.slack_r + plane.slack_u;
    term.add(i, -exponent.middle() * (constant + slack));
    term.add(i, exponent_axis, -exponent.half() * (constant + slack));
    term.add(i, decay_axis, -plane.by_r * exponent.high * r.half());
    term.slacken(i, decay_axis, 2 * exponent.high * plane.slack_r);
  }

  // Of slope y - ln(exponent), y from -1 to 1 over the exponent's range.
  static Range less_logarithm(Range exponent, double slope) {
    const double at_low = -slope - std::log(exponent.low);
    const double at_high = slope - std::log(exponent.high);
    double least = std::min(at_low, at_high);
    if (slope > 0) {
      const double best = exponent.half() / slope;
      if (best > exponent.low && best < exponent.high) {
        least = slope * (best - exponent.middle()) / exponent.half() - std::log(best);
      }
    }
    return {least, std::max(at_low, at_high)};
  }

  // omega says what A is of B: ln of the first amount over the second's is omega - ln alpha + ln
  // beta, beta times how far the means of ln D and ln U_D are apart, and what the cells take out.
  static void relate(const Axes& axes, const LawData& data, const CellBox& box, LawCell& out) {
    const Range beta = range_of(box, axes.beta), omega = range_of(box, axes.omega);
    Eigen::ArrayXd by_y = Eigen::ArrayXd::Zero(axes.omega + 1);
    by_y[axes.omega] += omega.half();
    const double apart = data.centre[1] - middle_unique(data);
    by_y[axes.beta] += beta.half() * apart;
    double middle = omega.middle() + beta.middle() * apart;
    for (std::size_t t = 0; t < 2; ++t) {
      const TermCell& term = out.terms[t];
      const double sign = t == 0 ? 1 : -1;
      middle += sign * term.common[0];
      for (std::size_t j = 0; j < term.size(); ++j)
        by_y[term.axes[j]] += sign * term.common[static_cast<Eigen::Index>(j) + 1];
    }
    out.least_log_ratio = out.most_log_ratio = middle;
    for (Eigen::Index a = 0; a < by_y.size(); ++a) {
      Range part{-std::abs(by_y[a]), std::abs(by_y[a])};
      if (axes.alpha != axes.beta && (a == axes.alpha || a == axes.beta)) {
        const Range exponent = range_of(box, a);
        // Minus ln alpha is convex; minus it, with the slope turned round, is what beta has.
        const Range bent = a == axes.alpha ? less_logarithm(exponent, by_y[a])
                                           : less_logarithm(exponent, -by_y[a]);
        part = a == axes.alpha ? bent : Range{-bent.high, -bent.low};
      }
      out.least_log_ratio += part.low;
      out.most_log_ratio += part.high;
    }
    // The last cell stands for every larger omega, and what one amount alone decides needs no
    // other.
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    const bool last = box.high[axes.omega] >= omega_that_counts(axes, data, box).high;
    if (last || std::abs(out.most_log_ratio) > kVanished) out.most_log_ratio = kInfinity;
    if (std::abs(out.least_log_ratio) > kVanished) out.least_log_ratio = -kInfinity;
  }

  static LawCell cell(const Law& law, const LawData& data, const CellBox& box) {
    const Axes axes = axes_of(law);
    const Range alpha = range_of(box, axes.alpha), beta = range_of(box, axes.beta);
    const Range decay_n = range_of(box, axes.decay_n), decay_d = range_of(box, axes.decay_d);
    const Range omega = range_of(box, axes.omega);
    TermBuilder sizes(data, {axes.alpha, axes.beta, axes.decay_n, axes.omega});
    TermBuilder tokens(data, {axes.beta, axes.decay_d});
    const double mean = middle_unique(data);
    for (Eigen::Index i = 0; i < data.points(); ++i) {
      const double log_n = data.z(i, 0), log_d = data.z(i, 1) + data.centre[1];
      const double fresh = log_unique(data, i), unique = fresh - mean;
      const Range from_beta{std::min(beta.low * unique, beta.high * unique),
                            std::max(beta.low * unique, beta.high * unique)};
      const Range scaled{omega.low + from_beta.low, omega.high + from_beta.high};
      const Range usable{std::min(scaled.low / alpha.low, scaled.low / alpha.high),
                         std::max(scaled.high / alpha.low, scaled.high / alpha.high)};
      const WorthPlane n = worth_plane(decay_n, usable, log_n);
      add_worth(sizes, i, n, n.h - n.by_u * usable.middle(), alpha, axes.alpha, decay_n,
                axes.decay_n);
      sizes.add(i, -n.by_u * (omega.middle() + beta.middle() * unique));
      sizes.add(i, axes.omega, -n.by_u * omega.half());
      sizes.add(i, axes.beta, -n.by_u * beta.half() * unique);
      // The slack of u by what widens u.
      const double by_omega = omega.half(), by_beta = from_beta.half();
      const double by_alpha = std::max(0.0, usable.half() * alpha.middle() - by_omega - by_beta);
      const double share = 2 * alpha.high * n.slack_u / (by_omega + by_beta + by_alpha + 1e-300);
      sizes.slacken(i, axes.omega, share * by_omega);
      sizes.slacken(i, axes.beta, share * by_beta);
      sizes.slacken(i, axes.alpha, share * by_alpha);
      const WorthPlane d = worth_plane(decay_d, {fresh, fresh}, log_d);
      add_worth(tokens, i, d, d.h - data.centre[1], beta, axes.beta, decay_d, axes.decay_d);
    }
    LawCell out;
    out.terms.push_back(std::move(sizes).done());
    out.terms.push_back(std::move(tokens).done());
    relate(axes, data, box, out);
    return out;
  }

  static LawState state(const Law& law, const Eigen::ArrayXd& place,
                        const Eigen::ArrayXd& log_amount) {
    const Axes axes = axes_of(law);
    LawState state;
    state.log_coefficient = log_amount;
    state.shape.resize(4);
    state.shape << place[axes.alpha], place[axes.beta], place[axes.decay_n], place[axes.decay_d];
    return state;
  }
};

}  // namespace

const LawCells kDataConstrainedCells = {DataConstrainedCells::whole, DataConstrainedCells::shrink,
                                        DataConstrainedCells::cell, DataConstrainedCells::state};

}  // namespace isoloss
