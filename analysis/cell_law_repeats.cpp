// Muennighoff et al.'s law (laws/data_constrained.cpp) over a cell. What N and D are worth, N' and
// D', lies between its values at the ends of what it grows with: the decay constants, and U_N, the
// size that the unique tokens can use. U_N follows from the coefficients; here it is an axis of its
// own, h = ln U_N at the mean of ln U, with ln U_N = h + (beta / alpha) (ln U - mean), so that the
// bound holds for every U_N, that of the coefficients among them.
#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "analysis/cell_law.h"

namespace isoloss {
namespace {

constexpr double kLargestWorth = 300;     // of an exponent: its square is a double
constexpr double kBelow = 8, kAbove = 2;  // of h, beyond the sizes seen: in e-folds

// ln of what `used` of `unique` is worth, both ln; grows with all three.
double log_worth(double log_unique, double log_used, double log_decay) {
  if (log_unique >= log_used) return log_used;
  const double decay = std::exp(log_decay), repeats = std::expm1(log_used - log_unique);
  return log_unique + std::log1p(-decay * std::expm1(-repeats / decay));
}

// Where U_N is far below N, the worth of all N there is: ln N' - ln U_N.
double log_worth_of_plenty(double log_decay) { return std::log1p(std::exp(log_decay)); }

struct RepeatAxes {
  Eigen::Index alpha, beta, parameters, tokens, usable;
};

RepeatAxes axes_of(const Law& law) {
  const Eigen::Index beta = law.tied ? 0 : 1, less = law.tied ? 1 : 0;
  const auto shapes = static_cast<Eigen::Index>(law.shape.size());
  return {0, beta, law.repeats->parameters - less, law.repeats->tokens - less, shapes - less};
}

struct Range {
  Eigen::ArrayXd low, high;

  double spread() const { return (high - low).sum(); }
};

// N, D and U of each point, ln.
struct RepeatData {
  Eigen::ArrayXd n, d, unique;
  double mean = 0;  // of ln U

  explicit RepeatData(const LawData& data)
      : n(data.z.col(0) + data.centre[0]),
        d(data.z.col(1) + data.centre[1]),
        unique((data.z.col(2) + data.centre[2]).min(d)),
        mean(unique.mean()) {}
};

struct CellEnds {
  double h_low, h_high, decay_low, decay_high, ratio_low, ratio_high;
  bool endless_below, endless_above;
};

CellEnds ends_of(const CellBox& box, const CellBox& whole, const RepeatAxes& axes, bool tied) {
  const Eigen::Index h = axes.usable, r = axes.parameters, a = axes.alpha, b = axes.beta;
  return {box.low[h],
          box.high[h],
          box.low[r],
          box.high[r],
          tied ? 1 : box.low[b] / box.high[a],
          tied ? 1 : box.high[b] / box.low[a],
          box.low[h] <= whole.low[h],
          box.high[h] >= whole.high[h]};
}

// ln N', and ln N' - h, whose common part the coefficient takes up. Infinite where the cell has no
// end on that side.
std::pair<Range, Range> worth_of_parameters(const RepeatData& data, const CellEnds& ends) {
  constexpr double kEndless = std::numeric_limits<double>::infinity();
  const Eigen::Index count = data.n.size();
  Range own{Eigen::ArrayXd(count), Eigen::ArrayXd(count)}, apart = own;
  for (Eigen::Index i = 0; i < count; ++i) {
    const double n = data.n[i], off = data.unique[i] - data.mean;
    const double low = std::min(ends.ratio_low * off, ends.ratio_high * off);
    const double high = std::max(ends.ratio_low * off, ends.ratio_high * off);
    own.low[i] = ends.endless_below ? -kEndless : log_worth(ends.h_low + low, n, ends.decay_low);
    own.high[i] = ends.endless_above ? n : log_worth(ends.h_high + high, n, ends.decay_high);
    // N' / U_N falls as U_N grows.
    apart.low[i] = ends.endless_above
                       ? -kEndless
                       : log_worth(ends.h_high + low, n, ends.decay_low) - ends.h_high;
    apart.high[i] = ends.endless_below
                        ? high + log_worth_of_plenty(ends.decay_high)
                        : log_worth(ends.h_low + high, n, ends.decay_high) - ends.h_low;
  }
  return {own, apart};
}

bool apart_is_closer(const Range& own, const Range& apart) {
  return !(own.spread() <= apart.spread());
}

}  // namespace

CellLaw cell_law_of_repeats(const Law& law, const LawData& data) {
  const RepeatAxes axes = axes_of(law);
  const RepeatData points(data);
  CellLaw out;
  out.whole.low.resize(axes.usable + 1);
  out.whole.high.resize(axes.usable + 1);
  for (const auto& [axis, shape] : {std::pair{axes.alpha, 0},
                                    {axes.beta, 1},
                                    {axes.parameters, law.repeats->parameters},
                                    {axes.tokens, law.repeats->tokens}}) {
    out.whole.low[axis] = law.shape[static_cast<std::size_t>(shape)].lowest;
    out.whole.high[axis] = law.shape[static_cast<std::size_t>(shape)].highest;
  }
  out.whole.low[axes.usable] = points.n.minCoeff() - kBelow;
  out.whole.high[axes.usable] = points.n.maxCoeff() + kAbove;
  out.axes = {{axes.alpha}, {axes.beta}};
  const auto worth = [whole = out.whole, axes, points, tied = law.tied](const CellBox& box) {
    return worth_of_parameters(points, ends_of(box, whole, axes, tied));
  };
  out.terms_of = [worth, axes, points,
                  centre = data.centre](const CellBox& box) -> std::vector<CellTerm> {
    const auto [own, apart] = worth(box);
    const bool shifted = apart_is_closer(own, apart);
    const Range& parameters = shifted ? apart : own;
    if (!std::isfinite(parameters.spread())) return {};
    const double from = shifted ? 0 : centre[0];
    Range tokens{Eigen::ArrayXd(points.d.size()), Eigen::ArrayXd(points.d.size())};
    for (Eigen::Index i = 0; i < points.d.size(); ++i) {
      tokens.low[i] = log_worth(points.unique[i], points.d[i], box.low[axes.tokens]);
      tokens.high[i] = log_worth(points.unique[i], points.d[i], box.high[axes.tokens]);
    }
    const Eigen::ArrayXd zero = Eigen::ArrayXd::Zero(points.d.size());
    const Range n{from - parameters.high, from - parameters.low};
    const Range d{centre[1] - tokens.high, centre[1] - tokens.low};
    const double largest =
        std::max(box.high[axes.alpha] * n.high.maxCoeff(), box.high[axes.beta] * d.high.maxCoeff());
    if (!(largest < kLargestWorth)) return {};
    return {exponential_term(box, axes.alpha, zero, n.low, n.high),
            exponential_term(box, axes.beta, zero, d.low, d.high)};
  };
  out.state = [law, worth, axes, centre = data.centre](const CellBox& box, const CellPlace& place) {
    const auto [own, apart] = worth(box);
    LawState at;
    at.shape.resize(static_cast<Eigen::Index>(law.shape.size()));
    at.shape[0] = place.axes[0][0];
    at.shape[1] = law.tied ? at.shape[0] : place.axes[1][0];
    at.shape[law.repeats->parameters] = box.middle()[axes.parameters];
    at.shape[law.repeats->tokens] = box.middle()[axes.tokens];
    at.log_coefficient = place.coefficient.max(1e-300).log();
    if (apart_is_closer(own, apart)) {
      at.log_coefficient[0] += at.shape[0] * (box.middle()[axes.usable] - centre[0]);
    }
    at.floor = place.floor;
    return at;
  };
  return out;
}

}  // namespace isoloss
