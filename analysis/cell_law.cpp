#include "analysis/cell_law.h"

#include <cmath>
#include <limits>

namespace isoloss {

bool has_cell_law(const Law& law) {
  return !law.exponent_of_term.empty() || law.log_sum || law.repeats;
}

CellLaw cell_law(const Law& law, const LawData& data) {
  CellLaw out = law.log_sum   ? cell_law_of_log_sum(law, data)
                : law.repeats ? cell_law_of_repeats(law, data)
                              : cell_law_of_powers(law, data);
  if (!out.clip) out.clip = [](CellBox&) { return true; };
  if (!out.most) {
    out.most = [terms = out.axes.size()](const Eigen::ArrayXd&) -> Eigen::ArrayXd {
      return Eigen::ArrayXd::Constant(static_cast<Eigen::Index>(terms),
                                      std::numeric_limits<double>::infinity());
    };
  }
  return out;
}

TermAxes corner_of(const CellBox& box, const TermAxisList& axes, unsigned corner) {
  TermAxes at{};
  for (std::size_t j = 0; j < axes.size(); ++j) {
    const double half = (box.high[axes[j]] - box.low[axes[j]]) / 2;
    at[j] = corner >> j & 1U ? half : -half;
  }
  return at;
}

CellTerm exponential_term(const CellBox& box, Eigen::Index axis, const Eigen::ArrayXd& at_zero,
                          const Eigen::ArrayXd& lowest, const Eigen::ArrayXd& highest) {
  CellTerm term;
  term.high.resize(at_zero.size(), 2);
  term.high.col(0) = (at_zero + box.low[axis] * highest).exp().matrix();
  term.high.col(1) = (at_zero + box.high[axis] * highest).exp().matrix();
  term.least = (at_zero + (box.low[axis] * lowest).min(box.high[axis] * lowest)).exp();
  term.low = [middle = (box.low[axis] + box.high[axis]) / 2, at_zero, lowest](
                 Eigen::Index i, const TermAxes& place) {
    const double x = lowest[i], value = std::exp(at_zero[i] + (middle + place[0]) * x);
    TermLook at;
    at.value = value;
    at.slope[0] = value * x;
    at.bend[0] = value * x * x;
    at.along[0][0] = 1;
    return at;
  };
  return term;
}

}  // namespace isoloss
