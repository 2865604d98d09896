#include "analysis/law_term_bound.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>
#include <utility>

#include "analysis/law_reach.h"
#include "analysis/residual_sum.h"

namespace isoloss {
namespace {

constexpr double kFirstTermKnee = 0.05;
constexpr double kStartInside = 0.9;                   // of a cell's half, where a start may be
constexpr double kLeastStart = 1e-3, kMostStart = 10;  // of an amount or floor
constexpr Eigen::Index kSomePoints = 30;               // that are looked at first
constexpr double kWorthAll = 0.1;  // of their share of the known value: their bound is then of use
constexpr std::size_t kLooksOfACell = 6;  // that planes and axes cost as much as
constexpr std::size_t kFewPoints = 20;    // that a look costs as much as, beside its points
constexpr std::size_t kMostUnknowns = 3 * (1 + kMostTermAxes) + 1;
using UnknownRow = std::array<double, kMostUnknowns>;
constexpr double kNoLimit = std::numeric_limits<double>::infinity();

// kSomePoints of them, in no step that a grid could have.
LawData spread_points(const LawData& data) {
  std::vector<Eigen::Index> rows;
  for (Eigen::Index k = 0; k < kSomePoints; ++k) {
    const double at = 0.6180339887498949 * static_cast<double>(k);
    rows.push_back(
        static_cast<Eigen::Index>((at - std::floor(at)) * static_cast<double>(data.points())));
  }
  return rows_of(data, rows);
}

TermVector place_in(const TermCell& term, const double* x) {
  TermVector y = {};
  for (std::size_t j = 0; j < term.size(); ++j) y[j] = x[j + 1] / x[0];
  return y;
}

double common_at(const TermCell& term, const TermVector& y) {
  double sum = term.common[0];
  for (std::size_t j = 0; j < term.size(); ++j)
    sum += term.common[static_cast<Eigen::Index>(j) + 1] * y[j];
  return sum;
}

// The curvature of amount x phi(y), times `by` / amount.
void add_bend(const TermShape& shape, const TermVector& y, std::size_t axes, double by,
              Eigen::Index first, Eigen::MatrixXd& curvature) {
  for (std::size_t b = 0; b < shape.bend.size(); ++b) {
    if (shape.bend[b] == 0) continue;
    std::array<double, kMostTermAxes + 1> along = {};
    for (std::size_t j = 0; j < axes; ++j) {
      along[j + 1] = shape.along[b][j];
      along[0] -= shape.along[b][j] * y[j];
    }
    for (std::size_t j = 0; j <= axes; ++j) {
      const double bent = by * shape.bend[b] * along[j];
      for (std::size_t k = 0; k <= j; ++k) {
        curvature(first + static_cast<Eigen::Index>(j), first + static_cast<Eigen::Index>(k)) +=
            bent * along[k];
      }
    }
  }
}

// The least of a linear function over the amounts, each at most `most`: at a corner of where they
// may be.
double least_of_amounts(const LawCell& law, const Eigen::ArrayXd& slope,
                        const Eigen::ArrayXd& most) {
  if (law.terms.size() != 2 ||
      !(law.least_log_ratio > -kNoLimit || law.most_log_ratio < kNoLimit)) {
    return (slope.min(0) * most.head(slope.size())).sum();
  }
  double least = 0;
  const double corner = std::log(most[0] / most[1]);
  if (corner >= law.least_log_ratio && corner <= law.most_log_ratio) {
    least = std::min(least, slope[0] * most[0] + slope[1] * most[1]);
  }
  for (const double log_ratio : {law.least_log_ratio, law.most_log_ratio}) {
    const double ratio = std::exp(log_ratio);
    const double second = std::min(most[1], most[0] / ratio);
    const double first = std::min(most[0], ratio * most[1]);
    least = std::min(least, slope[0] * first + slope[1] * second);
  }
  return least;
}

}  // namespace

struct LawTermBound::Some {
  LawData data;
  LawTermBound bound;

  Some(const Law& law, LawData points, const Objective& objective, const FloorChoice& floor,
       double value, double share)
      : data(std::move(points)), bound(law, data, objective, floor, value) {
    bound.worth_ *= share;
  }
};

LawTermBound::LawTermBound(const Law& law, const LawData& data, const Objective& objective,
                           const FloorChoice& floor, double value)
    : law_(law),
      data_(data),
      free_floor_(law.has_floor && floor.kind == FloorChoice::Free),
      fixed_floor_(law.has_floor && floor.kind == FloorChoice::Value ? floor.value : 0),
      offset_((data.offset + fixed_floor_) / data.loss),
      floor_unit_(1 / data.loss.inverse().mean()),
      floor_(floor_unit_ / data.loss) {
  objective_.space = objective.space;
  objective_.known = worth_ = value;
  std::tie(objective_.over, objective_.under) = residual_sides(objective, data.loss.mean());
  if (data.points() >= 2 * kSomePoints) {
    const double share = static_cast<double>(kSomePoints) / static_cast<double>(data.points());
    some_ = std::make_shared<const Some>(law, spread_points(data), objective, floor, value, share);
  }
}

TermBoundCell LawTermBound::whole() const {
  TermBoundCell cell;
  cell.box = law_.cells->whole(law_, data_);
  cell.reach = reach_of_one(data_, objective_);
  cell.place = cell.box.middle();
  cell.floor = free_floor_ ? 0.5 * data_.loss.minCoeff() : 0;
  return cell;
}

std::vector<TermBoundCell> LawTermBound::halves(const TermBoundCell& cell) const {
  Eigen::Index axis = 0;
  cell.sag.maxCoeff(&axis);
  std::vector<TermBoundCell> parts(2, cell);
  parts[0].box.high[axis] = parts[1].box.low[axis] = cell.box.middle()[axis];
  return parts;
}

LawState LawTermBound::state_of(const TermBoundCell& cell) const {
  LawState state = law_.cells->state(law_, cell.place, cell.log_amount);
  if (law_.tied) state.shape[law_.may_tie->second] = state.shape[law_.may_tie->first];
  state.floor = free_floor_ ? cell.floor : fixed_floor_;
  return state;
}

LawTermBound::Problem LawTermBound::problem_of(const TermBoundCell& cell) const {
  Problem out;
  out.law = law_.cells->cell(law_, data_, cell.box);
  Eigen::Index size = free_floor_ ? 1 : 0;
  for (const TermCell& term : out.law.terms) size += 1 + static_cast<Eigen::Index>(term.size());
  out.above.resize(data_.points(), size);
  out.most.resize(static_cast<Eigen::Index>(out.law.terms.size()) + (free_floor_ ? 1 : 0));
  const Eigen::ArrayXd room = cell.reach - offset_;
  Eigen::Index at = 0, t = 0;
  for (const TermCell& term : out.law.terms) {
    const auto axes = static_cast<Eigen::Index>(term.size());
    out.above.middleCols(at, 1 + axes) = term.above;
    out.most[t++] = most_amount(term, room);
    for (Eigen::Index j = 1; j <= axes; ++j) {
      out.cone.sides.push_back({at, at + j, 1});
      out.cone.sides.push_back({at, at + j, -1});
    }
    out.amount.push_back(at);
    at += 1 + axes;
  }
  if (free_floor_) {
    out.above.col(at) = floor_;
    out.most[t] = std::max(0.0, (room / floor_).minCoeff());
    out.cone.sides.push_back({at});
  }
  if (out.law.least_log_ratio > -kNoLimit) {
    const double ratio = std::exp(out.law.least_log_ratio);
    out.cone.sides.push_back({out.amount[0], out.amount[1], -ratio});
  }
  if (out.law.most_log_ratio < kNoLimit) {
    const double ratio = std::exp(-out.law.most_log_ratio);
    out.cone.sides.push_back({out.amount[1], out.amount[0], -ratio});
  }
  const double unit = objective_.space == FitSpace::Log ? 1 : data_.loss.mean();
  out.cone.first_knee = kFirstTermKnee * unit;
  out.cone.last_knee = std::min(objective_.over.knee, objective_.under.knee);
  out.cone.known = worth_;
  return out;
}

Eigen::VectorXd LawTermBound::start_of(const TermBoundCell& cell, const Problem& problem) const {
  Eigen::VectorXd x(problem.above.cols());
  const Eigen::ArrayXd middle = cell.box.middle(), half = cell.box.half();
  const auto terms = static_cast<Eigen::Index>(problem.law.terms.size());
  for (Eigen::Index t = 0; t < terms; ++t) {
    const TermCell& term = problem.law.terms[static_cast<std::size_t>(t)];
    const Eigen::Index at = problem.amount[static_cast<std::size_t>(t)];
    TermVector y = {};
    for (std::size_t j = 0; j < term.size(); ++j) {
      const Eigen::Index a = term.axes[j];
      y[j] = std::clamp((cell.place[a] - middle[a]) / std::max(half[a], 1e-300), -kStartInside,
                        kStartInside);
    }
    double amount = 0.5;  // of a term whose ratios are about one
    if (cell.log_amount.size() > 0) amount = std::exp(cell.log_amount[t] + common_at(term, y));
    x[at] = std::isfinite(amount) ? std::clamp(amount, kLeastStart, kMostStart) : 0.5;
    for (std::size_t j = 0; j < term.size(); ++j)
      x[at + static_cast<Eigen::Index>(j) + 1] = x[at] * y[j];
  }
  if (free_floor_) x[x.size() - 1] = std::max(cell.floor / floor_unit_, kLeastStart);
  if (problem.law.most_log_ratio > problem.law.least_log_ratio && problem.law.terms.size() == 2) {
    // Inside the amounts' relation, by a twentieth of its width or of itself.
    const Eigen::Index first = problem.amount[0], second = problem.amount[1];
    const double width = problem.law.most_log_ratio - problem.law.least_log_ratio;
    const double margin = std::min(0.05 * width, 0.05);
    const double now = std::log(x[first] / x[second]);
    const double to =
        std::clamp(now, problem.law.least_log_ratio + margin, problem.law.most_log_ratio - margin);
    const auto columns = static_cast<Eigen::Index>(problem.law.terms[0].size()) + 1;
    x.segment(first, columns) *= std::exp(to - now);
  }
  return x;
}

void LawTermBound::raise(TermBoundCell& cell, double target) const {
  cell.points_looked_at = 0;
  if (!law_.cells->shrink(law_, data_, cell.box)) {
    cell.lower = std::max(cell.lower, objective_.known);
    return;
  }
  if (some_ && !cell.all) {
    TermBoundCell part = cell;
    part.reach = reach_of_one(some_->data, objective_);
    some_->bound.raise_all(part, target);
    part.box = cell.box;
    std::swap(part.reach, cell.reach);
    std::swap(part, cell);
    if (cell.lower >= target || cell.lower < kWorthAll * some_->bound.worth_) return;
    cell.all = true;
  }
  raise_all(cell, target);
}

void LawTermBound::raise_all(TermBoundCell& cell, double target) const {
  const auto points = static_cast<std::size_t>(data_.points());
  cell.points_looked_at += kLooksOfACell * (points + kFewPoints);
  Problem problem = problem_of(cell);
  const bool bounded = problem.above.allFinite() && problem.most.allFinite();
  Eigen::VectorXd x = start_of(cell, problem);
  if (bounded) {
    problem.cone.look = [&](const Eigen::VectorXd& at, double knee) {
      cell.points_looked_at += points + kFewPoints;
      return look(problem, cell.reach, at, knee);
    };
    x = cone_minimum(problem.cone, std::move(x), target, cell.lower);
    if (cell.lower < target) tighten(cell, problem, x);
  }
  keep(cell, problem, x);
  if (cell.lower < target) weigh_axes(cell, problem, bounded);
}

void LawTermBound::keep(TermBoundCell& cell, const Problem& problem,
                        const Eigen::VectorXd& x) const {
  const Eigen::ArrayXd middle = cell.box.middle(), half = cell.box.half();
  cell.place = middle;
  cell.log_amount.resize(static_cast<Eigen::Index>(problem.law.terms.size()));
  for (std::size_t t = 0; t < problem.law.terms.size(); ++t) {
    const TermCell& term = problem.law.terms[t];
    const TermVector y = place_in(term, &x[problem.amount[t]]);
    for (std::size_t j = 0; j < term.size(); ++j) {
      const Eigen::Index a = term.axes[j];
      cell.place[a] = middle[a] + half[a] * std::clamp(y[j], -1.0, 1.0);
    }
    cell.log_amount[static_cast<Eigen::Index>(t)] =
        std::log(x[problem.amount[t]]) - common_at(term, y);
  }
  if (free_floor_) cell.floor = x[x.size() - 1] * floor_unit_;
}

void LawTermBound::weigh_axes(TermBoundCell& cell, const Problem& problem, bool bounded) const {
  cell.sag = Eigen::ArrayXd::Zero(cell.box.low.size());
  Eigen::ArrayXd steep = cell.sag;
  for (std::size_t t = 0; t < problem.law.terms.size(); ++t) {
    const TermCell& term = problem.law.terms[t];
    double amount = 0.5;
    if (bounded && cell.log_amount.size() > 0) {
      // Even of a term that the relaxed minimum makes nothing of.
      const auto of = static_cast<Eigen::Index>(t);
      amount = std::clamp(std::exp(cell.log_amount[of] + common_at(term, {})), 0.02, 10.0);
    }
    const TermVector sag = sag_of(term, data_.weight);
    for (std::size_t j = 0; j < term.size(); ++j) {
      const auto column = static_cast<Eigen::Index>(j) + 1;
      cell.sag[term.axes[j]] += amount * sag[j];
      steep[term.axes[j]] += term.v.col(column).cwiseAbs().maxCoeff();
      if (term.kind == TermKind::PowerOfSum)
        steep[term.axes[j]] +=
            term.d.col(column).cwiseAbs().maxCoeff() + std::abs(term.power[column]);
    }
  }
  if (!cell.sag.allFinite()) cell.sag = steep;
}

void LawTermBound::tighten(TermBoundCell& cell, const Problem& problem,
                           const Eigen::VectorXd& x) const {
  Eigen::MatrixXd below = problem.above;  // tangents at the cell's middle
  Eigen::ArrayXd rest = Eigen::ArrayXd::Zero(data_.points());
  for (std::size_t t = 0; t < problem.law.terms.size(); ++t) {
    const TermCell& term = problem.law.terms[t];
    const Eigen::Index at = problem.amount[t];
    const double most = problem.most[static_cast<Eigen::Index>(t)];
    for (Eigen::Index i = 0; i < data_.points(); ++i) {
      const TermShape shape = shape_at(term, i, {});
      double gap = problem.above(i, at) - shape.value;
      below(i, at) = shape.value;
      for (std::size_t j = 0; j < term.size(); ++j) {
        const Eigen::Index column = at + static_cast<Eigen::Index>(j) + 1;
        gap += std::abs(problem.above(i, column) - shape.slope[j]);
        below(i, column) = shape.slope[j];
      }
      rest[i] += most * gap / 2;
    }
  }
  Eigen::MatrixXd span = (problem.above + below) / 2;
  const Eigen::ArrayXd ratio = offset_ + (span * x).array();
  span.colwise().normalize();
  cell.reach = tightened_reach(data_, objective_, span, ratio, rest, cell.reach);
}

ConvexLook LawTermBound::look(const Problem& problem, const Eigen::ArrayXd& reach,
                              const Eigen::VectorXd& x, double knee) const {
  const ResidualSide over = loosened(objective_.over, knee);
  const ResidualSide under = loosened(objective_.under, knee);
  const std::vector<TermCell>& terms = problem.law.terms;
  const Eigen::Index size = x.size();
  ConvexLook at;
  at.gradient.setZero(size);
  at.curvature.setZero(size, size);
  at.weight.setZero(size, size);
  const Eigen::ArrayXd highest = offset_ + (problem.above * x).array();
  std::array<TermVector, 3> y;
  for (std::size_t t = 0; t < terms.size(); ++t) y[t] = place_in(terms[t], &x[problem.amount[t]]);
  std::array<TermShape, 3> shape;
  UnknownRow own = {};
  for (Eigen::Index i = 0; i < data_.points(); ++i) {
    const ResidualPlace place{objective_.space, data_.weight[i], data_.loss[i]};
    const double* row = &problem.above(i, 0);
    ResidualBend bend;
    if (highest[i] < 1) {
      bend = bend_below(place, highest[i], under);
    } else {
      double ratio = offset_[i];
      for (std::size_t t = 0; t < terms.size(); ++t) {
        shape[t] = shape_at(terms[t], i, y[t]);
        const auto first = static_cast<std::size_t>(problem.amount[t]);
        own[first] = shape[t].value;
        for (std::size_t j = 0; j < terms[t].size(); ++j) {
          own[first + 1 + j] = shape[t].slope[j];
          own[first] -= shape[t].slope[j] * y[t][j];
        }
        ratio += x[problem.amount[t]] * shape[t].value;
      }
      if (free_floor_) {
        own[static_cast<std::size_t>(size) - 1] = floor_[i];
        ratio += floor_[i] * x[size - 1];
      }
      if (!(ratio > 1)) continue;
      bend = bend_above(place, ratio, reach[i], over);
      row = own.data();
      for (std::size_t t = 0; t < terms.size(); ++t) {
        add_bend(shape[t], y[t], terms[t].size(), bend.slope / x[problem.amount[t]],
                 problem.amount[t], at.curvature);
      }
    }
    add_point(at, bend, row);
  }
  complete_sum(at, x);
  Eigen::ArrayXd slope(static_cast<Eigen::Index>(terms.size()));
  for (std::size_t t = 0; t < terms.size(); ++t) {
    const auto axes = static_cast<Eigen::Index>(terms[t].size());
    slope[static_cast<Eigen::Index>(t)] =
        at.gradient[problem.amount[t]] -
        at.gradient.segment(problem.amount[t] + 1, axes).cwiseAbs().sum();
  }
  at.bound += least_of_amounts(problem.law, slope, problem.most);
  if (free_floor_)
    at.bound += std::min(0.0, at.gradient[size - 1]) * problem.most[problem.most.size() - 1];
  return at;
}

}  // namespace isoloss
