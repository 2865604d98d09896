#include "analysis/law_cell_bound.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>
#include <utility>

namespace isoloss {
namespace {

constexpr double kFurthest = 40;       // of a residual's logarithm
constexpr double kLeastAmount = 0.02;  // of a term, in choosing an axis: it may yet get more

}  // namespace

CellBound::CellBound(const Law& law, const LawData& data, const Objective& objective,
                     const FloorChoice& floor, double value)
    : law_(cell_law(law, data)),
      data_(data),
      fixed_floor_(law.has_floor && floor.kind == FloorChoice::Value ? floor.value : 0) {
  objective_.space = objective.space;
  objective_.known = value;
  std::tie(objective_.over, objective_.under) = residual_sides(objective, data.loss.mean());
  ground_.free_floor = law.has_floor && floor.kind == FloorChoice::Free;
  ground_.offset = (data.offset + fixed_floor_) / data.loss;
  // One residual alone may not cost more than the known fit.
  reach_.resize(data.points());
  for (Eigen::Index i = 0; i < data.points(); ++i) {
    const double r = residual_of_cost(value / data.weight[i], objective_.over);
    reach_[i] =
        objective.space == FitSpace::Log ? std::exp(std::min(r, kFurthest)) : 1 + r / data.loss[i];
  }
  ground_.most = law_.most((reach_ - ground_.offset).max(1e-12) * data.loss);
}

LawCell CellBound::whole() const {
  LawCell cell{law_.whole, 0, reach_, {}};
  cell.place.coefficient = Eigen::ArrayXd::Constant(static_cast<Eigen::Index>(law_.axes.size()),
                                                    0.3 * data_.loss.mean());
  cell.place.floor = ground_.free_floor ? 0.5 * data_.loss.minCoeff() : fixed_floor_;
  const Eigen::ArrayXd middle = cell.box.middle();
  for (const TermAxisList& axes : law_.axes) {
    TermAxes place{};
    for (std::size_t j = 0; j < axes.size(); ++j) place[j] = middle[axes[j]];
    cell.place.axes.push_back(place);
  }
  return cell;
}

// By how much mixtures of corners lie above the terms at the middle, all points together.
double CellBound::looseness(const LawCell& cell, const CellBox& box) const {
  const std::vector<CellTerm> terms = law_.terms_of(box);
  if (terms.empty()) return std::numeric_limits<double>::infinity();
  double sum = 0;
  for (std::size_t t = 0; t < terms.size(); ++t) {
    Eigen::ArrayXd middle(data_.points());
    for (Eigen::Index i = 0; i < data_.points(); ++i) middle[i] = terms[t].low(i, {}).value;
    const Eigen::ArrayXd unit = data_.weight / data_.loss;
    const double coefficient = cell.place.coefficient[static_cast<Eigen::Index>(t)] +
                               kLeastAmount / (middle / data_.loss).mean();
    sum += coefficient * (unit * (terms[t].high.array().rowwise().mean() - middle)).sum();
  }
  return sum;
}

std::vector<LawCell> CellBound::halves(const LawCell& cell) const {
  const Eigen::ArrayXd width = cell.box.high - cell.box.low;
  Eigen::Index axis = 0;
  (width / (law_.whole.high - law_.whole.low)).maxCoeff(&axis);
  if (const double all = looseness(cell, cell.box); std::isfinite(all)) {
    double most = 0;
    for (Eigen::Index j = 0; j < width.size(); ++j) {
      CellBox flat = cell.box;
      flat.low[j] = flat.high[j] = cell.box.middle()[j];
      const double gained = all - looseness(cell, flat);
      if (gained > most) {
        most = gained;
        axis = j;
      }
    }
  }
  std::vector<LawCell> parts(2, cell);
  parts[0].box.high[axis] = parts[1].box.low[axis] = cell.box.middle()[axis];
  std::erase_if(parts, [this](LawCell& part) { return !law_.clip(part.box); });
  return parts;
}

LawState CellBound::state_of(const LawCell& cell) const { return law_.state(cell.box, cell.place); }

void CellBound::raise(LawCell& cell, double target) const {
  std::vector<CellTerm> terms = law_.terms_of(cell.box);
  if (terms.empty()) return;
  const CellColumns columns =
      cell_columns(std::move(terms), law_.axes, cell.box, ground_, data_.loss, cell.reach);
  const Eigen::ArrayXd middle = cell.box.middle();
  const Eigen::ArrayXd half = (cell.box.high - cell.box.low) / 2;
  const std::size_t count = columns.terms.size();
  Eigen::VectorXd x(columns.size);
  for (std::size_t t = 0; t < count; ++t) {
    const auto at = static_cast<Eigen::Index>(t);
    const double amount =
        std::min(cell.place.coefficient[at] / columns.scale[at], columns.most[at]);
    const TermAxisList& axes = columns.axes[t];
    for (std::size_t c = 0; c < columns.corner[t].size(); ++c) {
      double share = 1;
      for (std::size_t j = 0; j < axes.size(); ++j) {
        const double side =
            std::clamp((cell.place.axes[t][j] - middle[axes[j]]) / half[axes[j]], -1.0, 1.0);
        share *= (c >> j & 1U ? 1 + side : 1 - side) / 2;
      }
      x[columns.first[t] + static_cast<Eigen::Index>(c)] = amount * share;
    }
  }
  const Eigen::Index floor = columns.size - 1;
  const auto at_floor = static_cast<Eigen::Index>(count);
  if (ground_.free_floor) {
    x[floor] = std::min(cell.place.floor / columns.scale[at_floor], columns.most[at_floor]);
  }
  x = LawRelaxation(ground_, data_, objective_, columns, cell.reach)
          .minimum(std::move(x), target, cell.lower);
  for (std::size_t t = 0; t < count; ++t) {
    const auto at = static_cast<Eigen::Index>(t);
    cell.place.coefficient[at] = columns.amount(x, t) * columns.scale[at];
    const TermAxes off = columns.place(x, t);
    const TermAxisList& axes = columns.axes[t];
    for (std::size_t j = 0; j < axes.size(); ++j) {
      cell.place.axes[t][j] = middle[axes[j]] + off[j];
    }
  }
  if (ground_.free_floor) cell.place.floor = x[floor] * columns.scale[at_floor];
  if (cell.lower < target) tighten(cell, columns, x);
}

// How far a prediction of a better fit can lie from the relaxed minimum's: the sum of |residuals|
// of both is known, their difference lies (but for what tangents and corners leave) in the span of
// a few columns, and no vector of that span has an entry larger than its leverages allow.
void CellBound::tighten(LawCell& cell, const CellColumns& columns, const Eigen::VectorXd& x) const {
  if (objective_.space != FitSpace::Log || !std::isfinite(objective_.over.knee)) return;
  const Eigen::Index n = data_.points();
  Eigen::Index size = ground_.free_floor ? 1 : 0;
  for (const TermAxisList& axes : columns.axes) size += 1 + static_cast<Eigen::Index>(axes.size());
  // Of each term the middle between its tangent and what corners reach above that, linear in the
  // coefficient and its products with the axes.
  Eigen::MatrixXd span(n, size);
  Eigen::ArrayXd ratio = ground_.offset, rest = Eigen::ArrayXd::Zero(n);
  Eigen::Index column = 0;
  for (std::size_t t = 0; t < columns.terms.size(); ++t) {
    const CellTerm& term = columns.terms[t];
    const std::size_t axes = columns.axes[t].size();
    const auto at = static_cast<Eigen::Index>(t);
    const double amount = columns.amount(x, t);
    const TermAxes place = columns.place(x, t);
    for (Eigen::Index i = 0; i < n; ++i) {
      const double unit = columns.scale[at] / data_.loss[i];
      const TermLook tangent = term.low(i, {});
      double above = 0;
      for (std::size_t c = 0; c < columns.corner[t].size(); ++c) {
        double low = tangent.value;
        for (std::size_t j = 0; j < axes; ++j) {
          low += tangent.slope[j] * columns.corner[t][c][j];
        }
        above = std::max(above, term.high(i, static_cast<Eigen::Index>(c)) - low);
      }
      double here = tangent.value + above / 2;
      span(i, column) = unit * here;
      for (std::size_t j = 0; j < axes; ++j) {
        span(i, column + 1 + static_cast<Eigen::Index>(j)) = unit * tangent.slope[j];
        here += tangent.slope[j] * place[j];
      }
      ratio[i] += amount * unit * here;
      rest[i] += columns.most[at] * unit * above / 2;
    }
    column += 1 + static_cast<Eigen::Index>(axes);
  }
  if (ground_.free_floor) {
    span.col(column) = columns.high.col(columns.size - 1);
    ratio += span.col(column).array() * x[columns.size - 1];
  }
  for (Eigen::Index j = 0; j < size; ++j) span.col(j) /= std::max(span.col(j).norm(), 1e-300);
  const double knee = objective_.over.knee;
  Eigen::ArrayXd cost(n);  // of a ratio's distance from one, at least
  double total = objective_.known;
  for (Eigen::Index i = 0; i < n; ++i) {
    const double far = cell.reach[i] - 1;
    const double chord = far > 1e-12 ? std::log1p(far) / far : 1;
    cost[i] =
        data_.weight[i] * knee * std::min(objective_.under.scale, objective_.over.scale * chord);
    total += data_.weight[i] * std::max(objective_.under.scale, objective_.over.scale) * knee *
                 knee / 2 +
             cost[i] * (std::abs(ratio[i] - 1) + rest[i]);
  }
  if (!std::isfinite(total)) return;
  const Eigen::MatrixXd normal = span.transpose() * cost.matrix().asDiagonal() * span;
  const Eigen::LDLT<Eigen::MatrixXd> factor(normal);
  const Eigen::MatrixXd solved = factor.solve(span.transpose());
  if (!solved.allFinite()) return;
  const Eigen::ArrayXd leverage =
      (span.array() * solved.transpose().array()).rowwise().sum().max(0);
  // The leverages of a projection sum to its rank: what rounding spoiled is not used.
  if (std::abs((cost * leverage).sum() - static_cast<double>(size)) > 1e-6) return;
  const double largest = leverage.maxCoeff();
  cell.reach = cell.reach.min(
      (ratio + rest + total * (leverage * largest).sqrt() * (1 + 1e-6)).max(1 + 1e-9));
}

}  // namespace isoloss
