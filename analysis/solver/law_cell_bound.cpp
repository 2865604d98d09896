#include "analysis/solver/law_cell_bound.h"

#include <algorithm>
#include <cmath>
#include <tuple>
#include <utility>

#include "analysis/solver/law_narrowing.h"
#include "analysis/solver/law_reach.h"

namespace isoloss {

CellBound::CellBound(const Law& law, const LawData& data, const Objective& objective,
                     const FloorChoice& floor, double value)
    : law_(law),
      data_(data),
      fixed_floor_(law.has_floor && floor.kind == FloorChoice::Value ? floor.value : 0) {
  terms_.free_floor = law.has_floor && floor.kind == FloorChoice::Free;
  objective_.space = objective.space;
  objective_.known = value;
  std::tie(objective_.over, objective_.under) =
      residual_sides(objective, mean_residual(objective, data, value));
  for (const int shape : law.exponent_of_term) {
    const bool follows = law.tied && shape == law.may_tie->second;
    axis_.push_back(follows ? law.may_tie->first : shape);
  }
  const auto terms = static_cast<Eigen::Index>(law.terms.size());
  LawState state{Eigen::ArrayXd::Zero(terms),
                 Eigen::ArrayXd::Zero(static_cast<Eigen::Index>(law.shape.size())), 0};
  terms_.at_zero = law.math.basis(data, state).log();
  state.shape.setOnes();
  terms_.slope = law.math.basis(data, state).log() - terms_.at_zero;
  terms_.offset = (data.offset + fixed_floor_) / data.loss;
}

ExponentCell CellBound::whole() const {
  const Eigen::Index axes = *std::max_element(axis_.begin(), axis_.end()) + 1;
  ExponentCell cell;
  cell.low.resize(axes);
  cell.high.resize(axes);
  for (Eigen::Index a = 0; a < axes; ++a) {
    cell.low[a] = law_.shape[static_cast<std::size_t>(a)].lowest;
    cell.high[a] = law_.shape[static_cast<std::size_t>(a)].highest;
  }
  cell.reach = reach_of_one(data_, objective_);
  cell.coefficient =
      Eigen::ArrayXd::Constant(static_cast<Eigen::Index>(axis_.size()), 0.3 * data_.loss.mean());
  cell.exponent.resize(cell.coefficient.size());
  for (Eigen::Index t = 0; t < cell.exponent.size(); ++t) {
    const Eigen::Index a = axis_[static_cast<std::size_t>(t)];
    cell.exponent[t] = (cell.low[a] + cell.high[a]) / 2;
  }
  cell.floor = terms_.free_floor ? 0.5 * data_.loss.minCoeff() : 0;
  return cell;
}

std::vector<ExponentCell> CellBound::halves(const ExponentCell& cell) const {
  Eigen::ArrayXd moves = Eigen::ArrayXd::Zero(cell.low.size());
  for (std::size_t t = 0; t < axis_.size(); ++t) {
    const double furthest = terms_.slope.col(static_cast<Eigen::Index>(t)).abs().maxCoeff();
    moves[axis_[t]] = std::max(moves[axis_[t]], furthest);
  }
  Eigen::Index axis = 0;
  (moves * (cell.high - cell.low)).maxCoeff(&axis);
  std::vector<ExponentCell> parts(2, cell);
  parts[0].high[axis] = parts[1].low[axis] = (cell.low[axis] + cell.high[axis]) / 2;
  return parts;
}

LawState CellBound::state_of(const ExponentCell& cell) const {
  LawState state;
  state.log_coefficient = cell.coefficient.max(1e-300).log();
  state.shape.resize(static_cast<Eigen::Index>(law_.shape.size()));
  for (std::size_t t = 0; t < axis_.size(); ++t) {
    state.shape[law_.exponent_of_term[t]] = cell.exponent[static_cast<Eigen::Index>(t)];
  }
  if (law_.tied) state.shape[law_.may_tie->second] = state.shape[law_.may_tie->first];
  state.floor = terms_.free_floor ? cell.floor : fixed_floor_;
  return state;
}

CellColumns CellBound::columns_of(const ExponentCell& cell) const {
  const auto count = static_cast<Eigen::Index>(axis_.size());
  Eigen::ArrayXd middle(count), half(count);
  for (Eigen::Index t = 0; t < count; ++t) {
    const Eigen::Index a = axis_[static_cast<std::size_t>(t)];
    middle[t] = (cell.low[a] + cell.high[a]) / 2;
    half[t] = (cell.high[a] - cell.low[a]) / 2;
  }
  return cell_columns(terms_, data_.loss, middle, half, cell.reach);
}

void CellBound::raise(ExponentCell& cell, double target) const {
  for (int looks = 0; looks < kMostLooks && look(cell, target); ++looks) continue;
}

bool CellBound::look(ExponentCell& cell, double target) const {
  const CellColumns columns = columns_of(cell);
  const auto terms = static_cast<Eigen::Index>(axis_.size());
  Eigen::VectorXd x(columns.low.cols());
  for (Eigen::Index t = 0; t < terms; ++t) {
    const double side =
        std::clamp((cell.exponent[t] - columns.middle[t]) / columns.half[t], -1.0, 1.0);
    const double amount = std::min(cell.coefficient[t] / columns.scale[t], columns.most[t]);
    x[2 * t] = amount * (1 + side) / 2;
    x[2 * t + 1] = amount * (1 - side) / 2;
  }
  if (terms_.free_floor)
    x[2 * terms] = std::min(cell.floor / columns.scale[terms], columns.most[terms]);
  const LawRelaxation relaxation(terms_, data_, objective_, columns, cell.reach);
  x = relaxation.minimum(std::move(x), target, cell.lower);
  for (Eigen::Index t = 0; t < terms; ++t) {
    const double amount = x[2 * t] + x[2 * t + 1];
    cell.coefficient[t] = amount * columns.scale[t];
    cell.exponent[t] =
        columns.middle[t] + (amount > 0 ? columns.half[t] * (x[2 * t] - x[2 * t + 1]) / amount : 0);
  }
  if (terms_.free_floor) cell.floor = x[2 * terms] * columns.scale[terms];
  if (cell.lower >= target || !objective_.is_concave()) return false;
  tighten(cell, columns, x);
  const double before = (cell.reach - 1).sum();
  cell.reach = relaxation.narrowed_reach_about(x);
  return (cell.reach - 1).sum() < kNarrowed * before;
}

// A better fit's predictions lie about the relaxed minimum's, but for what tangents and chords
// leave.
void CellBound::tighten(ExponentCell& cell, const CellColumns& columns,
                        const Eigen::VectorXd& x) const {
  const auto terms = static_cast<Eigen::Index>(axis_.size());
  Eigen::MatrixXd span = (columns.low + columns.high) / 2;
  const Eigen::ArrayXd ratio = terms_.offset + (span * x).array();
  Eigen::ArrayXd rest = Eigen::ArrayXd::Zero(data_.points());
  for (Eigen::Index t = 0; t < terms; ++t) {
    const Eigen::ArrayXXd gap = (columns.high - columns.low).middleCols(2 * t, 2).array();
    rest += columns.most[t] * gap.rowwise().maxCoeff() / 2;
    // Sum and difference of a pair span the same and are further apart.
    const Eigen::VectorXd sum = (span.col(2 * t) + span.col(2 * t + 1)) / 2;
    const Eigen::VectorXd difference = (span.col(2 * t) - span.col(2 * t + 1)) / 2;
    span.col(2 * t) = sum;
    span.col(2 * t + 1) = difference / std::max(difference.norm(), 1e-300) * sum.norm();
  }
  cell.reach = tightened_reach(data_, objective_, span, ratio, rest, cell.reach);
}

}  // namespace isoloss
