#include "analysis/law_relaxation.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace isoloss {
namespace {

constexpr double kFirstKnee = 0.05;

double dot(const TermAxes& a, const TermAxes& b) {
  double sum = 0;
  for (std::size_t j = 0; j < a.size(); ++j) sum += a[j] * b[j];
  return sum;
}

}  // namespace

double CellColumns::amount(const Eigen::VectorXd& x, std::size_t term) const {
  return x.segment(first[term], static_cast<Eigen::Index>(corner[term].size())).sum();
}

TermAxes CellColumns::place(const Eigen::VectorXd& x, std::size_t term) const {
  TermAxes at{};
  const double all = amount(x, term);
  if (!(all > 0)) return at;
  for (std::size_t c = 0; c < corner[term].size(); ++c) {
    const double share = x[first[term] + static_cast<Eigen::Index>(c)] / all;
    for (std::size_t j = 0; j < at.size(); ++j) at[j] += share * corner[term][c][j];
  }
  return at;
}

CellColumns cell_columns(std::vector<CellTerm> terms, std::vector<TermAxisList> axes,
                         const CellBox& box, const CellGround& ground, const Eigen::ArrayXd& loss,
                         const Eigen::ArrayXd& reach) {
  CellColumns out;
  out.terms = std::move(terms);
  out.axes = std::move(axes);
  const std::size_t count = out.terms.size();
  for (std::size_t t = 0; t < count; ++t) {
    const CellTerm& term = out.terms[t];
    out.first.push_back(out.size);
    out.corner.emplace_back();
    for (unsigned c = 0; c < term.high.cols(); ++c) {
      out.corner.back().push_back(corner_of(box, out.axes[t], c));
    }
    out.size += term.high.cols();
  }
  const Eigen::Index n = loss.size(), pairs = static_cast<Eigen::Index>(count);
  out.most.resize(pairs + (ground.free_floor ? 1 : 0));
  out.scale.resize(out.most.size());
  out.high.resize(n, out.size + (ground.free_floor ? 1 : 0));
  const Eigen::ArrayXd room = reach - ground.offset;
  for (std::size_t t = 0; t < count; ++t) {
    const CellTerm& term = out.terms[t];
    const auto at = static_cast<Eigen::Index>(t);
    double mean = 0;
    for (Eigen::Index i = 0; i < n; ++i) {
      mean += term.low(i, {}).value / loss[i] / static_cast<double>(n);
    }
    out.scale[at] = 1 / std::max(mean, 1e-280);
    const double scale = out.scale[at];
    out.high.middleCols(out.first[t], term.high.cols()) =
        ((term.high.array().colwise() / loss) * scale).matrix();
    double most = ground.most[at] / scale;
    for (Eigen::Index i = 0; i < n; ++i) {
      const double least = term.least[i] * scale / loss[i];
      if (least > 0) most = std::min(most, room[i] / least);
    }
    out.most[at] = std::max(0.0, most);
  }
  if (ground.free_floor) {
    const Eigen::ArrayXd basis = 1 / loss;
    out.scale[pairs] = 1 / basis.mean();
    out.high.col(out.size) = (basis * out.scale[pairs]).matrix();
    out.most[pairs] = std::max(0.0, (room / (basis * out.scale[pairs])).minCoeff());
    ++out.size;
  }
  return out;
}

LawRelaxation::LawRelaxation(const CellGround& ground, const LawData& data,
                             const RelaxedObjective& objective, const CellColumns& columns,
                             const Eigen::ArrayXd& reach)
    : ground_(ground), data_(data), objective_(objective), columns_(columns), reach_(reach) {}

ConvexLook LawRelaxation::look(const Eigen::VectorXd& x, double knee) const {
  const std::size_t terms = columns_.terms.size();
  const Eigen::Index size = x.size(), n = data_.points();
  const ResidualSide over = loosened(objective_.over, knee);
  const ResidualSide under = loosened(objective_.under, knee);
  ConvexLook at;
  at.gradient.setZero(size);
  at.curvature.setZero(size, size);
  at.weight.setZero(size, size);
  const Eigen::ArrayXd highest = ground_.offset + (columns_.high * x).array();
  std::vector<double> amount(terms);
  std::vector<TermAxes> place(terms);
  std::vector<std::vector<TermAxes>> away(terms);  // corners about the place
  for (std::size_t t = 0; t < terms; ++t) {
    amount[t] = columns_.amount(x, t);
    place[t] = columns_.place(x, t);
    away[t] = columns_.corner[t];
    for (TermAxes& off : away[t]) {
      for (std::size_t j = 0; j < off.size(); ++j) off[j] -= place[t][j];
    }
  }
  std::vector<TermLook> look(terms);
  Eigen::VectorXd own(size), along(size);
  for (Eigen::Index i = 0; i < n; ++i) {
    const ResidualPlace where{objective_.space, data_.weight[i], data_.loss[i]};
    const double* row = &columns_.high(i, 0);
    ResidualBend bend;
    if (highest[i] < 1) {
      bend = bend_below(where, highest[i], under);
    } else {
      double ratio = ground_.offset[i];
      for (std::size_t t = 0; t < terms; ++t) {
        const double unit = columns_.scale[static_cast<Eigen::Index>(t)] / data_.loss[i];
        look[t] = columns_.terms[t].low(i, place[t]);
        ratio += amount[t] * unit * look[t].value;
        for (std::size_t c = 0; c < away[t].size(); ++c) {
          own[columns_.first[t] + static_cast<Eigen::Index>(c)] =
              unit * (look[t].value + dot(look[t].slope, away[t][c]));
        }
      }
      if (ground_.free_floor) {
        own[size - 1] = columns_.high(i, size - 1);
        ratio += own[size - 1] * x[size - 1];
      }
      if (!(ratio > 1)) continue;
      bend = bend_above(where, ratio, reach_[i], over);
      row = own.data();
      for (std::size_t t = 0; t < terms; ++t) {
        if (!(amount[t] > 0)) continue;
        const double unit = columns_.scale[static_cast<Eigen::Index>(t)] / data_.loss[i];
        for (std::size_t b = 0; b < look[t].bend.size(); ++b) {
          const double curve = bend.slope * unit * look[t].bend[b] / amount[t];
          if (!(curve > 0)) continue;
          const auto corners = static_cast<Eigen::Index>(away[t].size());
          for (Eigen::Index c = 0; c < corners; ++c) {
            along[c] = dot(look[t].along[b], away[t][static_cast<std::size_t>(c)]);
            for (Eigen::Index d = 0; d <= c; ++d) {
              at.curvature(columns_.first[t] + c, columns_.first[t] + d) +=
                  curve * along[c] * along[d];
            }
          }
        }
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
  const auto fall = [&](double steepest, double most) {
    if (steepest < 0) at.bound += steepest * most;
  };
  for (std::size_t t = 0; t < terms; ++t) {
    const auto corners = static_cast<Eigen::Index>(columns_.corner[t].size());
    fall(at.gradient.segment(columns_.first[t], corners).minCoeff(),
         columns_.most[static_cast<Eigen::Index>(t)]);
  }
  if (ground_.free_floor) fall(at.gradient[size - 1], columns_.most[columns_.most.size() - 1]);
  return at;
}

Eigen::VectorXd LawRelaxation::minimum(Eigen::VectorXd x, double target, double& lower) const {
  const double unit = objective_.space == FitSpace::Log ? 1 : data_.loss.mean();
  ConvexProblem problem;
  problem.look = [this](const Eigen::VectorXd& at, double knee) { return look(at, knee); };
  problem.low = Eigen::VectorXd::Zero(x.size());
  problem.high = Eigen::VectorXd::Constant(x.size(), std::numeric_limits<double>::infinity());
  problem.first_knee = kFirstKnee * unit;
  problem.last_knee = std::min(objective_.over.knee, objective_.under.knee);
  problem.known = objective_.known;
  return convex_minimum(problem, std::move(x), target, lower);
}

}  // namespace isoloss
