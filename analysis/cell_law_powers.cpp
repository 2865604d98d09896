// Laws whose terms are powers of a regressor or the valley of a surface.
#include <Eigen/Dense>
#include <algorithm>
#include <limits>
#include <utility>

#include "analysis/cell_law.h"

namespace isoloss {
namespace {

// (z_of - slope z_along - place)^2, linear in the slope and the place before it is squared.
CellTerm valley_term(const CellBox& box, const Valley& valley, const LawData& data) {
  CellTerm term;
  const TermAxisList axes = {valley.slope, valley.place};
  const Eigen::ArrayXd of = data.z.col(valley.of), along = data.z.col(valley.along);
  const Eigen::ArrayXd off = of - along * ((box.low[valley.slope] + box.high[valley.slope]) / 2) -
                             (box.low[valley.place] + box.high[valley.place]) / 2;
  term.high.resize(data.points(), 4);
  Eigen::ArrayXd lowest = off, highest = off;
  for (unsigned c = 0; c < 4; ++c) {
    const TermAxes at = corner_of(box, axes, c);
    const Eigen::ArrayXd here = off - along * at[0] - at[1];
    term.high.col(c) = here.square().matrix();
    lowest = lowest.min(here);
    highest = highest.max(here);
  }
  term.least = lowest.max(0).max(-highest).square();
  term.low = [off, along](Eigen::Index i, const TermAxes& place) {
    const double here = off[i] - along[i] * place[0] - place[1];
    TermLook at;
    at.value = here * here;
    at.slope[0] = -2 * here * along[i];
    at.slope[1] = -2 * here;
    at.bend[0] = 2;
    at.along[0][0] = -along[i];
    at.along[0][1] = -1;
    return at;
  };
  return term;
}

// For any valley some point lies off it: coefficient x mean(off^2 / room) is at most one, and the
// least mean is that of a line through the points by least squares.
double most_of_valley(const Valley& valley, const LawData& data, const Eigen::ArrayXd& room) {
  const Eigen::ArrayXd root = room.inverse().sqrt();
  Eigen::MatrixXd line(data.points(), 2);
  line << (data.z.col(valley.along) * root).matrix(), root.matrix();
  const Eigen::VectorXd of = (data.z.col(valley.of) * root).matrix();
  const Eigen::VectorXd off = of - line * line.colPivHouseholderQr().solve(of);
  return static_cast<double>(data.points()) / off.squaredNorm();
}

}  // namespace

CellLaw cell_law_of_powers(const Law& law, const LawData& data) {
  const auto terms = static_cast<Eigen::Index>(law.terms.size());
  LawState state{Eigen::ArrayXd::Zero(terms),
                 Eigen::ArrayXd::Zero(static_cast<Eigen::Index>(law.shape.size())), 0};
  const Eigen::ArrayXXd at_zero = law.math.basis(data, state).log();
  state.shape.setOnes();
  const Eigen::ArrayXXd slope = law.math.basis(data, state).log() - at_zero;
  // Tied exponents are one axis, the first of them.
  const auto axis_of = [law](int shape) -> Eigen::Index {
    return law.tied && shape == law.may_tie->second ? law.may_tie->first : shape;
  };
  CellLaw out;
  const auto axes = static_cast<Eigen::Index>(law.shape.size()) - (law.tied ? 1 : 0);
  out.whole.low.resize(axes);
  out.whole.high.resize(axes);
  for (Eigen::Index a = 0; a < axes; ++a) {
    out.whole.low[a] = law.shape[static_cast<std::size_t>(a)].lowest;
    out.whole.high[a] = law.shape[static_cast<std::size_t>(a)].highest;
  }
  for (const int shape : law.exponent_of_term) {
    out.axes.push_back(shape < 0 ? TermAxisList{law.valley->slope, law.valley->place}
                                 : TermAxisList{axis_of(shape)});
  }
  out.terms_of = [law, &data, at_zero, slope, axis_of, terms](const CellBox& box) {
    std::vector<CellTerm> made;
    for (Eigen::Index t = 0; t < terms; ++t) {
      const int shape = law.exponent_of_term[static_cast<std::size_t>(t)];
      made.push_back(shape < 0 ? valley_term(box, *law.valley, data)
                               : exponential_term(box, axis_of(shape), at_zero.col(t), slope.col(t),
                                                  slope.col(t)));
    }
    return made;
  };
  if (law.valley) {
    out.most = [law, &data, terms](const Eigen::ArrayXd& room) -> Eigen::ArrayXd {
      Eigen::ArrayXd most =
          Eigen::ArrayXd::Constant(terms, std::numeric_limits<double>::infinity());
      most[law.valley->term] = most_of_valley(*law.valley, data, room);
      return most;
    };
  }
  out.state = [law](const CellBox&, const CellPlace& place) {
    LawState at;
    at.log_coefficient = place.coefficient.max(1e-300).log();
    at.shape.resize(static_cast<Eigen::Index>(law.shape.size()));
    for (std::size_t t = 0; t < law.terms.size(); ++t) {
      if (const int shape = law.exponent_of_term[t]; shape >= 0) {
        at.shape[shape] = place.axes[t][0];
      } else {
        at.shape[law.valley->slope] = place.axes[t][0];
        at.shape[law.valley->place] = place.axes[t][1];
      }
    }
    if (law.tied) at.shape[law.may_tie->second] = at.shape[law.may_tie->first];
    at.floor = place.floor;
    return at;
  };
  return out;
}

}  // namespace isoloss
