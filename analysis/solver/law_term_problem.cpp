#include "analysis/solver/law_term_problem.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include "analysis/solver/residual_sum.h"

namespace isoloss {
namespace {

constexpr double kFirstTermKnee = 0.05;
static_assert(kMostUnknowns >= 3 * (1 + kMostTermAxes) + 1);
using UnknownRow = std::array<double, kMostUnknowns>;
constexpr double kNoLimit = std::numeric_limits<double>::infinity();

// The curvature of amount x phi(y), times `by` / amount.
void add_bend(const TermShape& shape, const TermVector& y, std::size_t axes, double by,
              Eigen::Index first, ConvexMatrix& curvature) {
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
        curvature(first + static_cast<Eigen::Index>(k), first + static_cast<Eigen::Index>(j)) +=
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

TermVector place_in(const TermCell& term, const double* x) {
  TermVector y = {};
  for (std::size_t j = 0; j < term.size(); ++j) y[j] = x[j + 1] / x[0];
  return y;
}

LawTermProblem term_problem(LawCell law, const LawTermPoints& points, const Eigen::ArrayXd& reach) {
  LawTermProblem out;
  out.law = std::move(law);
  Eigen::Index size = points.free_floor ? 1 : 0;
  for (const TermCell& term : out.law.terms) size += 1 + static_cast<Eigen::Index>(term.size());
  out.above.resize(points.data.points(), size);
  out.most.resize(static_cast<Eigen::Index>(out.law.terms.size()) + (points.free_floor ? 1 : 0));
  const Eigen::ArrayXd room = reach - points.offset;
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
  if (points.free_floor) {
    out.above.col(at) = points.floor;
    out.most[t] = std::max(0.0, (room / points.floor).minCoeff());
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
  const double unit = points.objective.space == FitSpace::Log ? 1 : points.data.loss.mean();
  out.cone.first_knee = kFirstTermKnee * unit;
  out.cone.last_knee = std::min(points.objective.over.knee, points.objective.under.knee);
  out.cone.known = points.worth;
  return out;
}

ConvexLook look_at(const LawTermProblem& problem, const LawTermPoints& points, BendLines& lines,
                   const Eigen::VectorXd& x, double knee, const Tilt& tilt) {
  const ResidualSide over = loosened(points.objective.over, knee);
  const std::vector<BendLine>& line = lines.of(over);
  const ResidualSide under = loosened(points.objective.under, knee);
  const std::vector<TermCell>& terms = problem.law.terms;
  const Eigen::Index size = x.size();
  ConvexLook at;
  at.gradient.setZero(size);
  at.curvature.setZero(size, size);
  at.weight.setZero(size, size);
  const Eigen::ArrayXd highest = points.offset + (problem.above * x).array();
  std::array<TermVector, 3> y;
  for (std::size_t t = 0; t < terms.size(); ++t) y[t] = place_in(terms[t], &x[problem.amount[t]]);
  std::array<TermShape, 3> shape;
  UnknownRow own = {};
  for (Eigen::Index i = 0; i < points.data.points(); ++i) {
    const ResidualPlace place{points.objective.space, points.data.weight[i], points.data.loss[i]};
    const double* row = &problem.above(i, 0);
    ResidualBend bend;
    if (highest[i] < 1) {
      bend = bend_below(place, highest[i], under);
    } else {
      double ratio = points.offset[i];
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
      if (points.free_floor) {
        own[static_cast<std::size_t>(size) - 1] = points.floor[i];
        ratio += points.floor[i] * x[size - 1];
      }
      if (!(ratio > 1)) continue;
      bend = bend_above(place, ratio, line[static_cast<std::size_t>(i)], over);
      row = own.data();
      for (std::size_t t = 0; t < terms.size(); ++t) {
        add_bend(shape[t], y[t], terms[t].size(), bend.slope / x[problem.amount[t]],
                 problem.amount[t], at.curvature);
      }
    }
    add_point(at, bend, row);
  }
  complete_sum(at, x, tilt);
  Eigen::ArrayXd slope(static_cast<Eigen::Index>(terms.size()));
  for (std::size_t t = 0; t < terms.size(); ++t) {
    const auto axes = static_cast<Eigen::Index>(terms[t].size());
    slope[static_cast<Eigen::Index>(t)] =
        at.gradient[problem.amount[t]] -
        at.gradient.segment(problem.amount[t] + 1, axes).cwiseAbs().sum();
  }
  at.bound += least_of_amounts(problem.law, slope, problem.most);
  if (points.free_floor)
    at.bound += std::min(0.0, at.gradient[size - 1]) * problem.most[problem.most.size() - 1];
  return at;
}

}  // namespace isoloss
