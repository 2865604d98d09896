#include "analysis/laws/term_cell.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "analysis/numbers/softplus.h"

namespace isoloss {
namespace {

constexpr double kMostSlack = 6;  // that counts

double along_term_row(const double* row, std::size_t size, const TermVector& y) {
  double sum = row[0];
  for (std::size_t j = 0; j < size; ++j) sum += row[j + 1] * y[j];
  return sum;
}

double steepness_of_row(const double* row, std::size_t size) {
  double sum = 0;
  for (std::size_t j = 0; j < size; ++j) sum += std::abs(row[j + 1]);
  return sum;
}

// ln phi, or the root of a square.
double argument_at(const TermCell& term, Eigen::Index i, const TermVector& y) {
  const double v = along_term_row(&term.v(i, 0), term.size(), y);
  if (term.kind != TermKind::PowerOfSum) return v;
  const double p = along_term_row(term.power.data(), term.size(), y);
  return v + p * softplus(along_term_row(&term.d(i, 0), term.size(), y) / p);
}

double term_value(const TermCell& term, Eigen::Index i, const TermVector& y) {
  const double v = argument_at(term, i, y);
  return term.kind == TermKind::Square ? v * v : std::exp(v);
}

double log_mean_of_term(const TermCell& term, const TermVector& y) {
  Eigen::ArrayXd logs(term.points());
  for (Eigen::Index i = 0; i < logs.size(); ++i) logs[i] = argument_at(term, i, y);
  const double top = logs.maxCoeff();
  return top + std::log((logs - top).exp().mean());
}

TermVector axis_end(std::size_t j, double length) {
  TermVector y = {};
  y[j] = length;
  return y;
}

void take_out_common(TermCell& term) {
  const std::size_t size = term.size();
  term.common = Eigen::VectorXd::Zero(static_cast<Eigen::Index>(size) + 1);
  if (term.kind == TermKind::Square) {
    double mean = 0;
    for (Eigen::Index i = 0; i < term.points(); ++i) {
      mean += std::pow(std::abs(term.v(i, 0)) + steepness_of_row(&term.v(i, 0), size), 2);
    }
    mean /= static_cast<double>(term.points());
    term.common[0] = std::log(mean);
    term.v /= std::sqrt(mean);
    return;
  }
  term.common[0] = log_mean_of_term(term, {});
  for (std::size_t j = 0; j < size; ++j) {
    term.common[static_cast<Eigen::Index>(j) + 1] =
        (log_mean_of_term(term, axis_end(j, 1)) - log_mean_of_term(term, axis_end(j, -1))) / 2;
  }
  term.v.rowwise() -= term.common.transpose();
}

// Chords in v, which are the lowest planes above a convex function of a linear one.
void plane_of_line(TermCell& term, Eigen::Index i) {
  const std::size_t size = term.size();
  const double* v = &term.v(i, 0);
  const double furthest = steepness_of_row(v, size), middle = v[0];
  double height = middle * middle + furthest * furthest, slope = 2 * middle;
  if (term.kind == TermKind::Exponential) {
    const double top = std::exp(middle + (term.slack.size() > 0 ? term.slack[i] : 0.0));
    height = top * std::cosh(furthest);
    slope = top * (furthest > 1e-8 ? std::sinh(furthest) / furthest : 1.0);
  }
  term.above(i, 0) = height;
  for (std::size_t j = 1; j <= size; ++j) {
    term.above(i, static_cast<Eigen::Index>(j)) = slope * v[j];
  }
}

// The plane's slope along an axis is the mean over the cell's edges of that direction.
void plane_of_corners(TermCell& term, Eigen::Index i) {
  const std::size_t size = term.size();
  const unsigned corners = 1U << size;
  std::array<double, 1U << kMostTermAxes> value = {};
  TermVector slope = {};
  for (unsigned c = 0; c < corners; ++c) {
    TermVector y = {};
    for (std::size_t j = 0; j < size; ++j) y[j] = (c >> j & 1U) ? 1 : -1;
    value[c] = term_value(term, i, y);
    for (std::size_t j = 0; j < size; ++j) slope[j] += y[j] * value[c] / corners;
  }
  double height = 0;
  for (unsigned c = 0; c < corners; ++c) {
    double linear = 0;
    for (std::size_t j = 0; j < size; ++j) linear += (c >> j & 1U) ? slope[j] : -slope[j];
    height = std::max(height, value[c] - linear);
  }
  term.above(i, 0) = height;
  for (std::size_t j = 0; j < size; ++j) term.above(i, static_cast<Eigen::Index>(j) + 1) = slope[j];
}

// The mean of squares is at least what least squares over all y leave; ln of the mean of
// exponentials is convex and lies above its tangent at the middle.
double least_mean_of(const TermCell& term) {
  const auto size = static_cast<Eigen::Index>(term.size());
  const auto n = static_cast<double>(term.points());
  if (term.kind == TermKind::Square) {
    const Eigen::MatrixXd span = term.v.rightCols(size);
    const Eigen::VectorXd fit = span.colPivHouseholderQr().solve(term.v.col(0));
    return (term.v.col(0) - span * fit).squaredNorm() / n * (1 - 1e-9);
  }
  double mean = 0;
  Eigen::ArrayXd slope = Eigen::ArrayXd::Zero(size);
  for (Eigen::Index i = 0; i < term.points(); ++i) {
    const TermShape at = shape_at(term, i, {});
    mean += at.value / n;
    for (Eigen::Index j = 0; j < size; ++j) slope[j] += at.slope[static_cast<std::size_t>(j)] / n;
  }
  return mean * std::exp(-(slope / mean).abs().sum());
}

}  // namespace

TermCell finished(TermCell term) {
  take_out_common(term);
  term.above.resize(term.v.rows(), term.v.cols());
  for (Eigen::Index i = 0; i < term.points(); ++i) {
    if (term.kind == TermKind::PowerOfSum) {
      plane_of_corners(term, i);
    } else {
      plane_of_line(term, i);
    }
  }
  term.least_mean = least_mean_of(term);
  return term;
}

TermShape shape_at(const TermCell& term, Eigen::Index i, const TermVector& y) {
  const std::size_t size = term.size();
  const double* row = &term.v(i, 0);
  TermShape at;
  const double v = along_term_row(row, size, y);
  if (term.kind == TermKind::Square) {
    at.value = v * v;
    at.bend[0] = 2;
    for (std::size_t j = 0; j < size; ++j) {
      at.along[0][j] = row[j + 1];
      at.slope[j] = 2 * v * row[j + 1];
    }
    return at;
  }
  if (term.kind == TermKind::Exponential) {
    at.value = at.bend[0] = std::exp(v);
    for (std::size_t j = 0; j < size; ++j) {
      at.along[0][j] = row[j + 1];
      at.slope[j] = at.value * row[j + 1];
    }
    return at;
  }
  const double* difference = &term.d(i, 0);
  const double p = along_term_row(term.power.data(), size, y);
  const double ratio = along_term_row(difference, size, y) / p;
  const auto [soft, share] = softplus_at(ratio);
  at.value = at.bend[0] = std::exp(v + p * soft);
  at.bend[1] = at.value * share * (1 - share) / p;
  for (std::size_t j = 0; j < size; ++j) {
    const double power = term.power[static_cast<Eigen::Index>(j) + 1];
    at.along[1][j] = difference[j + 1] - ratio * power;
    at.along[0][j] = row[j + 1] + soft * power + share * at.along[1][j];
    at.slope[j] = at.value * at.along[0][j];
  }
  return at;
}

TermVector sag_of(const TermCell& term, const Eigen::ArrayXd& weight) {
  TermVector sag = {};
  for (Eigen::Index i = 0; i < term.points(); ++i) {
    const double middle = term_value(term, i, {});
    for (std::size_t j = 0; j < term.size(); ++j) {
      const double ends =
          term_value(term, i, axis_end(j, 1)) + term_value(term, i, axis_end(j, -1));
      sag[j] += weight[i] * (ends / 2 - middle);
      if (term.slack.size() == 0) continue;
      const double slack = term.slack_by_axis(i, static_cast<Eigen::Index>(j));
      sag[j] += weight[i] * middle * std::expm1(std::min(slack, kMostSlack));
    }
  }
  return sag;
}

double most_amount(const TermCell& term, const Eigen::ArrayXd& room) {
  double most = std::numeric_limits<double>::infinity();
  if (term.least_mean > 0) most = std::max(0.0, room.mean() / term.least_mean);
  for (Eigen::Index i = 0; i < term.points(); ++i) {
    const TermShape at = shape_at(term, i, {});
    double furthest = 0;  // of ln phi, or of the root, below what it is in the middle
    for (std::size_t j = 0; j < term.size(); ++j) furthest += std::abs(at.along[0][j]);
    double least = at.value * std::exp(-furthest);
    if (term.kind == TermKind::Square) {
      least = std::pow(std::max(0.0, std::abs(term.v(i, 0)) - furthest), 2);
    }
    if (least > 0) most = std::min(most, std::max(0.0, room[i] / least));
  }
  return most;
}

}  // namespace isoloss
