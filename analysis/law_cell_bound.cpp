#include "analysis/law_cell_bound.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <limits>

namespace isoloss {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kLadKnee = 1e-4;  // of Huber's rho that bounds |r| from below, in logarithms
constexpr double kFurthest = 40;   // of a residual's logarithm
constexpr double kFirstKnee = 0.05, kKneeStep = 0.15;
constexpr double kCoarse = 0.02, kFine = 3e-3;  // of the value, between it and its bound
constexpr int kMostBoundSteps = 12;

double huber(double r, double scale, double knee) {
  const double size = std::abs(r);
  return scale * (size <= knee ? size * size / 2 : knee * (size - knee / 2));
}

}  // namespace

// Unknowns: of each term its amount at either end of the cell (together its coefficient, apart its
// exponent), then the floor. Predicted over measured loss is between the tangents low x and the
// chords high x, and exactly the sum of basis x amount x exp(slope u).
struct CellBound::Columns {
  using Rows = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  Rows low, high;
  Rows basis;            // points x terms, at the cell's middle
  Eigen::ArrayXd half;   // of the cell's width, by term
  Eigen::ArrayXd most;   // of each term's pair together, then of the floor
  Eigen::ArrayXd scale;  // what one of x is of coefficient or floor
};

CellBound::CellBound(const Law& law, const LawData& data, const Objective& objective,
                     const FloorChoice& floor, double value)
    : law_(law),
      data_(data),
      space_(objective.space),
      free_floor_(law.has_floor && floor.kind == FloorChoice::Free),
      fixed_floor_(law.has_floor && floor.kind == FloorChoice::Value ? floor.value : 0),
      value_(value) {
  switch (objective.kind) {
    case ObjectiveKind::Squares:
      over_ = under_ = {2, kInfinity};
      break;
    case ObjectiveKind::Lad: {
      const double knee = space_ == FitSpace::Log ? kLadKnee : kLadKnee * data.loss.mean();
      over_ = under_ = {1 / knee, knee};
      break;
    }
    case ObjectiveKind::Huber:
      over_ = under_ = {1, objective.delta};
      break;
    case ObjectiveKind::AsymmetricHuber:
      over_ = {objective.overestimate, objective.delta};
      under_ = {1, objective.delta};
      break;
  }
  for (const int shape : law.exponent_of_term) {
    const bool follows = law.tied && shape == law.may_tie->second;
    axis_.push_back(follows ? law.may_tie->first : shape);
  }
  const auto terms = static_cast<Eigen::Index>(law.terms.size());
  LawState state{Eigen::ArrayXd::Zero(terms),
                 Eigen::ArrayXd::Zero(static_cast<Eigen::Index>(law.shape.size())), 0};
  at_zero_ = law.math.basis(data, state).log();
  state.shape.setOnes();
  slope_ = law.math.basis(data, state).log() - at_zero_;
  offset_ = (data.offset + fixed_floor_) / data.loss;
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
  // One residual alone may not cost more than the known fit.
  cell.reach.resize(data_.points());
  for (Eigen::Index i = 0; i < data_.points(); ++i) {
    const double cost = value_ / (data_.weight[i] * over_.scale);
    double r = std::sqrt(2 * cost);
    if (r > over_.knee) r = cost / over_.knee + over_.knee / 2;
    cell.reach[i] =
        space_ == FitSpace::Log ? std::exp(std::min(r, kFurthest)) : 1 + r / data_.loss[i];
  }
  cell.coefficient =
      Eigen::ArrayXd::Constant(static_cast<Eigen::Index>(axis_.size()), 0.3 * data_.loss.mean());
  cell.exponent.resize(cell.coefficient.size());
  for (Eigen::Index t = 0; t < cell.exponent.size(); ++t) {
    const Eigen::Index a = axis_[static_cast<std::size_t>(t)];
    cell.exponent[t] = (cell.low[a] + cell.high[a]) / 2;
  }
  cell.floor = free_floor_ ? 0.5 * data_.loss.minCoeff() : 0;
  return cell;
}

std::vector<ExponentCell> CellBound::halves(const ExponentCell& cell) const {
  Eigen::ArrayXd moves = Eigen::ArrayXd::Zero(cell.low.size());
  for (std::size_t t = 0; t < axis_.size(); ++t) {
    const double furthest = slope_.col(static_cast<Eigen::Index>(t)).abs().maxCoeff();
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
  state.floor = free_floor_ ? cell.floor : fixed_floor_;
  return state;
}

// Convex, zero at a ratio of one, never above rho between there and `reach`.
CellBound::Bend CellBound::above(Eigen::Index i, double ratio, double reach,
                                 const Side& side) const {
  const double w = data_.weight[i], k = side.scale;
  if (space_ == FitSpace::Linear) {
    const double unit = data_.loss[i], r = unit * (ratio - 1);
    const double slope = k * std::min(r, side.knee) * unit;
    return {w * huber(r, k, side.knee), w * slope, r <= side.knee ? w * k * unit * unit : 0,
            w * slope / std::max(ratio - 1, 1e-14)};
  }
  const double r = std::log(ratio), furthest = std::log(reach);
  double bent = std::min(side.knee, 1.0);  // rho is followed up to here, a line from there on
  if (furthest > bent && r > 0) {
    // Slopes of chords to the furthest place, each from where the one before leaves rho.
    const double top = huber(furthest, k, side.knee);
    double leaves = top / (reach - 1) / k;
    if (leaves < bent) {
      const double start = std::exp(leaves);
      leaves = std::max(leaves, (top - k * leaves * leaves / 2) / (reach - start) / k);
    }
    bent = std::min(bent, leaves);
  }
  if (r <= bent) {
    const double slope = k * r / ratio;
    return {w * k * r * r / 2, w * slope, w * k * (1 - r) / (ratio * ratio),
            w * slope / std::max(ratio - 1, 1e-14)};
  }
  const double start = std::exp(bent), slope = k * bent / start;
  return {w * (k * bent * bent / 2 + slope * (ratio - start)), w * slope, 0,
          w * slope / (ratio - 1)};
}

// rho itself, which is convex below the measured loss; a tangent where nothing is left of it.
CellBound::Bend CellBound::below(Eigen::Index i, double ratio, const Side& side) const {
  const double w = data_.weight[i], k = side.scale;
  if (space_ == FitSpace::Linear) {
    const double unit = data_.loss[i], r = unit * (ratio - 1);
    const double slope = k * std::max(r, -side.knee) * unit;
    return {w * huber(r, k, side.knee), w * slope, -r <= side.knee ? w * k * unit * unit : 0,
            w * slope / std::min(ratio - 1, -1e-14)};
  }
  constexpr double kLeast = 1e-6;
  const double at = std::max(ratio, kLeast), r = std::log(at);
  const double slope = k * std::max(r, -side.knee) / at;
  const double curvature = -r <= side.knee ? k * (1 - r) / (at * at) : k * side.knee / (at * at);
  return {w * (huber(r, k, side.knee) + slope * (ratio - at)), w * slope, w * curvature,
          w * slope / std::min(ratio - 1, -1e-14)};
}

CellBound::Columns CellBound::columns_of(const ExponentCell& cell) const {
  const auto terms = static_cast<Eigen::Index>(axis_.size()), n = data_.points();
  Columns out;
  const Eigen::Index size = 2 * terms + (free_floor_ ? 1 : 0);
  out.low.resize(n, size);
  out.high.resize(n, size);
  out.basis.resize(n, terms);
  out.half.resize(terms);
  out.most.resize(terms + (free_floor_ ? 1 : 0));
  out.scale.resize(out.most.size());
  const Eigen::ArrayXd room = cell.reach - offset_;
  for (Eigen::Index t = 0; t < terms; ++t) {
    const Eigen::Index a = axis_[static_cast<std::size_t>(t)];
    const double middle = (cell.low[a] + cell.high[a]) / 2;
    const double half = (cell.high[a] - cell.low[a]) / 2;
    Eigen::ArrayXd basis = (at_zero_.col(t) + middle * slope_.col(t)).exp() / data_.loss;
    const Eigen::ArrayXd step = half * slope_.col(t);
    const Eigen::ArrayXd up = step.exp();
    out.scale[t] = 1 / basis.mean();
    basis *= out.scale[t];
    out.basis.col(t) = basis.matrix();
    out.half[t] = half;
    out.low.col(2 * t) = (basis * (1 + step)).matrix();
    out.low.col(2 * t + 1) = (basis * (1 - step)).matrix();
    out.high.col(2 * t) = (basis * up).matrix();
    out.high.col(2 * t + 1) = (basis / up).matrix();
    out.most[t] = std::max(0.0, (room / (basis * up.min(1 / up))).minCoeff());
  }
  if (free_floor_) {
    const Eigen::ArrayXd basis = 1 / data_.loss;
    out.scale[terms] = 1 / basis.mean();
    out.low.col(2 * terms) = (basis * out.scale[terms]).matrix();
    out.high.col(2 * terms) = out.low.col(2 * terms);
    out.most[terms] = std::max(0.0, (room / (basis * out.scale[terms])).minCoeff());
  }
  return out;
}

CellBound::Look CellBound::look(const Columns& columns, const Eigen::ArrayXd& reach,
                                const Eigen::VectorXd& x, double knee) const {
  const auto terms = static_cast<Eigen::Index>(axis_.size()), n = data_.points();
  const Eigen::Index size = x.size();
  // A rho of a larger knee with the same slope beyond it lies below.
  const auto loose = [&](const Side& side) {
    return knee > side.knee ? Side{side.scale * side.knee / knee, knee} : side;
  };
  const Side over = loose(over_), under = loose(under_);
  Look at;
  at.gradient.setZero(size);
  at.curvature.setZero(size, size);
  at.weight.setZero(size, size);
  const Eigen::ArrayXd highest = offset_ + (columns.high * x).array();
  Eigen::ArrayXd amount(terms), off(terms);
  for (Eigen::Index t = 0; t < terms; ++t) {
    amount[t] = x[2 * t] + x[2 * t + 1];
    off[t] = amount[t] > 0 ? columns.half[t] * (x[2 * t] - x[2 * t + 1]) / amount[t] : 0.0;
  }
  Eigen::VectorXd own(size), bent(terms);
  for (Eigen::Index i = 0; i < n; ++i) {
    const double* row = &columns.high(i, 0);
    Bend bend;
    if (highest[i] < 1) {
      bend = below(i, highest[i], under);
    } else {
      double ratio = offset_[i];
      for (Eigen::Index t = 0; t < terms; ++t) {
        const double d = slope_(i, t), g = columns.basis(i, t) * std::exp(d * off[t]);
        ratio += amount[t] * g;
        own[2 * t] = g * (1 + d * (columns.half[t] - off[t]));
        own[2 * t + 1] = g * (1 - d * (columns.half[t] + off[t]));
        bent[t] = amount[t] > 0 ? g * d * d / amount[t] : 0;
      }
      if (free_floor_) {
        own[2 * terms] = columns.high(i, 2 * terms);
        ratio += own[2 * terms] * x[2 * terms];
      }
      if (!(ratio > 1)) continue;
      bend = above(i, ratio, reach[i], over);
      row = own.data();
      for (Eigen::Index t = 0; t < terms; ++t) {
        const double a = columns.half[t] - off[t], b = -columns.half[t] - off[t];
        const double curve = bend.slope * bent[t];
        at.curvature(2 * t, 2 * t) += curve * a * a;
        at.curvature(2 * t + 1, 2 * t) += curve * a * b;
        at.curvature(2 * t + 1, 2 * t + 1) += curve * b * b;
      }
    }
    at.value += bend.value;
    for (Eigen::Index j = 0; j < size; ++j) {
      at.gradient[j] += bend.slope * row[j];
      const double curve = bend.curvature * row[j], weigh = bend.weight * row[j];
      for (Eigen::Index k = 0; k <= j; ++k) {
        at.curvature(j, k) += curve * row[k];
        at.weight(j, k) += weigh * row[k];
      }
    }
  }
  at.curvature = at.curvature.selfadjointView<Eigen::Lower>();
  at.weight = at.weight.selfadjointView<Eigen::Lower>();
  // A convex function lies above its tangent: the least of it where the unknowns may be.
  at.bound = at.value - at.gradient.dot(x);
  for (Eigen::Index t = 0; t < terms; ++t) {
    const double least = std::min(at.gradient[2 * t], at.gradient[2 * t + 1]);
    at.bound += std::min(0.0, least) * columns.most[t];
  }
  if (free_floor_) at.bound += std::min(0.0, at.gradient[2 * terms]) * columns.most[terms];
  return at;
}

Eigen::VectorXd CellBound::descend(const Columns& columns, const Eigen::ArrayXd& reach,
                                   Eigen::VectorXd x, double knee, double target,
                                   double& lower) const {
  const double least = std::min(over_.knee, under_.knee);
  Look at = look(columns, reach, x, knee);
  double damping = 0.1;
  for (int step = 0; step < kMostBoundSteps; ++step) {
    lower = std::max(lower, at.bound);
    const double left = at.value - at.bound;
    if (lower >= target || left < (knee > least ? kCoarse : kFine) * std::abs(at.value)) break;
    // Such a cell will be halved whatever is left.
    if (knee <= least && at.value < target && left < 0.2 * (value_ - at.value)) break;
    std::vector<Eigen::Index> free;
    for (Eigen::Index j = 0; j < x.size(); ++j) {
      if (x[j] > 0 || at.gradient[j] < 0) free.push_back(j);
    }
    if (free.empty()) break;
    bool moved = false;
    for (int trial = 0; trial < 8 && !moved; ++trial) {
      Eigen::MatrixXd normal = at.curvature(free, free) + damping * at.weight(free, free);
      normal.diagonal() *= 1 + 1e-12;
      Eigen::VectorXd next = x;
      next(free) -= normal.ldlt().solve(at.gradient(free));
      if (!next.allFinite()) break;
      next = next.cwiseMax(0.0);
      Look there = look(columns, reach, next, knee);
      if (there.value < at.value) {
        x = next;
        at = std::move(there);
        damping *= 0.1;
        moved = true;
      } else {
        damping = std::max(damping, 1e-3) * 10;
      }
    }
    if (!moved) break;
  }
  lower = std::max(lower, at.bound);
  return x;
}

void CellBound::raise(ExponentCell& cell, double target) const {
  const Columns columns = columns_of(cell);
  const auto terms = static_cast<Eigen::Index>(axis_.size());
  const auto middle = [&](Eigen::Index t) {
    const Eigen::Index a = axis_[static_cast<std::size_t>(t)];
    return (cell.low[a] + cell.high[a]) / 2;
  };
  Eigen::VectorXd x(columns.low.cols());
  for (Eigen::Index t = 0; t < terms; ++t) {
    const double side = std::clamp((cell.exponent[t] - middle(t)) / columns.half[t], -1.0, 1.0);
    const double amount = std::min(cell.coefficient[t] / columns.scale[t], columns.most[t]);
    x[2 * t] = amount * (1 + side) / 2;
    x[2 * t + 1] = amount * (1 - side) / 2;
  }
  if (free_floor_) x[2 * terms] = std::min(cell.floor / columns.scale[terms], columns.most[terms]);
  const double last = std::min(over_.knee, under_.knee);
  const double unit = space_ == FitSpace::Log ? 1 : data_.loss.mean();
  double knee = std::isfinite(last) ? std::max(last, kFirstKnee * unit) : last;
  for (bool more = true; more && cell.lower < target;) {
    x = descend(columns, cell.reach, x, knee, target, cell.lower);
    more = knee > last;
    knee = std::max(last, knee * kKneeStep);
  }
  for (Eigen::Index t = 0; t < terms; ++t) {
    const double amount = x[2 * t] + x[2 * t + 1];
    cell.coefficient[t] = amount * columns.scale[t];
    cell.exponent[t] =
        middle(t) + (amount > 0 ? columns.half[t] * (x[2 * t] - x[2 * t + 1]) / amount : 0);
  }
  if (free_floor_) cell.floor = x[2 * terms] * columns.scale[terms];
  if (cell.lower < target) tighten(cell, columns, x);
}

// How far a prediction of a better fit can lie from the relaxed minimum's: the sum of |residuals|
// of both is known, their difference lies (but for what tangents and chords leave) in the span of a
// few columns, and no vector of that span has an entry larger than its leverages allow.
void CellBound::tighten(ExponentCell& cell, const Columns& columns,
                        const Eigen::VectorXd& x) const {
  if (space_ != FitSpace::Log || !std::isfinite(over_.knee)) return;
  const auto terms = static_cast<Eigen::Index>(axis_.size()), n = data_.points();
  const Eigen::Index size = columns.low.cols();
  Eigen::MatrixXd span = (columns.low + columns.high) / 2;
  const Eigen::ArrayXd ratio = offset_ + (span * x).array();
  Eigen::ArrayXd rest = Eigen::ArrayXd::Zero(n);
  for (Eigen::Index t = 0; t < terms; ++t) {
    const Eigen::ArrayXXd gap = (columns.high - columns.low).middleCols(2 * t, 2).array();
    rest += columns.most[t] * gap.rowwise().maxCoeff() / 2;
    // Sum and difference of a pair span the same and are further apart.
    const Eigen::VectorXd sum = (span.col(2 * t) + span.col(2 * t + 1)) / 2;
    const Eigen::VectorXd difference = (span.col(2 * t) - span.col(2 * t + 1)) / 2;
    span.col(2 * t) = sum;
    span.col(2 * t + 1) = difference / std::max(difference.norm(), 1e-300) * sum.norm();
  }
  const double knee = over_.knee;
  Eigen::ArrayXd cost(n);  // of a ratio's distance from one, at least
  double total = value_;
  for (Eigen::Index i = 0; i < n; ++i) {
    const double far = cell.reach[i] - 1;
    const double chord = far > 1e-12 ? std::log1p(far) / far : 1;
    cost[i] = data_.weight[i] * knee * std::min(under_.scale, over_.scale * chord);
    total += data_.weight[i] * std::max(under_.scale, over_.scale) * knee * knee / 2 +
             cost[i] * (std::abs(ratio[i] - 1) + rest[i]);
  }
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
