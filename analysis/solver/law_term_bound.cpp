#include "analysis/solver/law_term_bound.h"

#include <algorithm>
#include <cmath>
#include <tuple>
#include <utility>

#include "analysis/solver/law_narrowing.h"
#include "analysis/solver/law_reach.h"

namespace isoloss {
namespace {

constexpr double kStartInside = 0.9;                   // of a cell's half, where a start may be
constexpr double kLeastStart = 1e-3, kMostStart = 10;  // of an amount or floor
constexpr double kHalvedGap = 1.15;       // after four halvings the same gap is looked at again
constexpr double kNextNarrowing = 0.6;    // of the gap that was left the last time
constexpr double kWorthNarrowing = 0.5;   // of the known value: the widest gap that is looked at
constexpr Eigen::Index kSomePoints = 30;  // that are looked at first
constexpr double kWorthAll = 0.1;  // of their share of the known value: their bound is then of use
constexpr std::size_t kLooksOfACell = 6;  // that planes and axes cost as much as
constexpr std::size_t kFewPoints = 20;    // that a look costs as much as, beside its points

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

double common_at(const TermCell& term, const TermVector& y) {
  double sum = term.common[0];
  for (std::size_t j = 0; j < term.size(); ++j)
    sum += term.common[static_cast<Eigen::Index>(j) + 1] * y[j];
  return sum;
}

}  // namespace

struct LawTermBound::Some {
  LawData data;
  LawTermBound bound;

  Some(const Law& law, LawData points, const Objective& objective, const FloorChoice& floor,
       double value, double share)
      : data(std::move(points)), bound(law, data, objective, floor, value) {
    bound.points_.worth *= share;
  }
};

LawTermBound::LawTermBound(const Law& law, const LawData& data, const Objective& objective,
                           const FloorChoice& floor, double value)
    : law_(law),
      points_{.data = data},
      fixed_floor_(law.has_floor && floor.kind == FloorChoice::Value ? floor.value : 0),
      floor_unit_(1 / data.loss.inverse().mean()) {
  points_.free_floor = law.has_floor && floor.kind == FloorChoice::Free;
  points_.offset = (data.offset + fixed_floor_) / data.loss;
  points_.floor = floor_unit_ / data.loss;
  points_.objective.space = objective.space;
  points_.objective.known = points_.worth = value;
  std::tie(points_.objective.over, points_.objective.under) =
      residual_sides(objective, mean_residual(objective, data, value));
  if (data.points() >= 2 * kSomePoints) {
    const double share = static_cast<double>(kSomePoints) / static_cast<double>(data.points());
    some_ = std::make_shared<const Some>(law, spread_points(data), objective, floor, value, share);
  }
}

TermBoundCell LawTermBound::whole() const {
  TermBoundCell cell;
  cell.box = law_.cells->whole(law_, points_.data);
  cell.reach = reach_of_one(points_.data, points_.objective);
  cell.place = cell.box.middle();
  cell.floor = points_.free_floor ? 0.5 * points_.data.loss.minCoeff() : 0;
  return cell;
}

std::vector<TermBoundCell> LawTermBound::halves(const TermBoundCell& cell) const {
  Eigen::Index axis = 0;
  cell.sag.maxCoeff(&axis);
  std::vector<TermBoundCell> parts(2, cell);
  parts[0].box.high[axis] = parts[1].box.low[axis] = cell.box.middle()[axis];
  for (TermBoundCell& part : parts) part.narrowed_gap *= kHalvedGap;
  return parts;
}

LawState LawTermBound::state_of(const TermBoundCell& cell) const {
  LawState state = law_.cells->state(law_, cell.place, cell.log_amount);
  if (law_.tied) state.shape[law_.may_tie->second] = state.shape[law_.may_tie->first];
  state.floor = points_.free_floor ? cell.floor : fixed_floor_;
  return state;
}

Eigen::VectorXd LawTermBound::start_of(const TermBoundCell& cell,
                                       const LawTermProblem& problem) const {
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
  if (points_.free_floor) x[x.size() - 1] = std::max(cell.floor / floor_unit_, kLeastStart);
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
  if (!law_.cells->shrink(law_, points_.data, cell.box)) {
    cell.lower = std::max(cell.lower, points_.objective.known);
    return;
  }
  if (some_ && !cell.all) {
    TermBoundCell part = cell;
    part.reach = reach_of_one(some_->data, points_.objective);
    some_->bound.raise_all(part, target);
    part.box = cell.box;
    std::swap(part.reach, cell.reach);
    std::swap(part, cell);
    if (cell.lower >= target || cell.lower < kWorthAll * some_->bound.points_.worth) return;
    cell.all = true;
  }
  raise_all(cell, target);
}

void LawTermBound::raise_all(TermBoundCell& cell, double target) const {
  for (int looks = 0; looks < kMostLooks && look(cell, target); ++looks) continue;
}

std::size_t LawTermBound::points_of_look() const {
  return static_cast<std::size_t>(points_.data.points()) + kFewPoints;
}

bool LawTermBound::look(TermBoundCell& cell, double target) const {
  cell.points_looked_at += kLooksOfACell * points_of_look();
  LawTermProblem problem =
      term_problem(law_.cells->cell(law_, points_.data, cell.box), points_, cell.reach);
  const bool bounded = problem.above.allFinite() && problem.most.allFinite();
  Eigen::VectorXd x = start_of(cell, problem);
  if (bounded) {
    BendLines lines(points_.objective.space, cell.reach);
    problem.cone.look = [&](const Eigen::VectorXd& at, double knee) {
      cell.points_looked_at += points_of_look();
      return look_at(problem, points_, lines, at, knee);
    };
    x = cone_minimum(problem.cone, std::move(x), target, cell.lower);
    problem.cone.look = nullptr;
  }
  keep(cell, problem, x);
  if (cell.lower >= target) return false;
  weigh_axes(cell, problem, bounded);
  const RelaxedObjective& objective = points_.objective;
  if (!bounded || !objective.is_concave()) return false;
  tighten(cell, problem, x);
  if (points_.worth < objective.known) return false;  // some of the points: no gap is to be closed
  const double gap = objective.known - cell.lower;
  if (gap > kWorthNarrowing * objective.known || gap > kNextNarrowing * cell.narrowed_gap) {
    return false;
  }
  cell.narrowed_gap = gap;
  const double before = (cell.reach - 1).sum();
  cell.reach = narrowed(cell, problem, x);
  return (cell.reach - 1).sum() < kNarrowed * before;
}

void LawTermBound::keep(TermBoundCell& cell, const LawTermProblem& problem,
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
  if (points_.free_floor) cell.floor = x[x.size() - 1] * floor_unit_;
}

void LawTermBound::weigh_axes(TermBoundCell& cell, const LawTermProblem& problem,
                              bool bounded) const {
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
    const TermVector sag = sag_of(term, points_.data.weight);
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

}  // namespace isoloss
