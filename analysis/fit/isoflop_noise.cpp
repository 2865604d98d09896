#include "analysis/fit/isoflop_noise.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace isoloss {
namespace {

constexpr int kParametersOfParabola = 3;
constexpr double kExactly = 1e-7;  // nats

std::vector<const IsoflopRow*> used_of(const std::vector<IsoflopRow>& rows) {
  std::vector<const IsoflopRow*> used;
  for (const IsoflopRow& row : rows)
    if (row.used) used.push_back(&row);
  return used;
}

}  // namespace

std::optional<LossNoise> scatter_about_parabolas(std::span<const Point> points,
                                                 const std::vector<IsoflopRow>& rows) {
  const std::vector<const IsoflopRow*> used = used_of(rows);
  std::vector<double> squares, degrees;  // of each parabola's residuals
  for (const IsoflopRow* row : used) {
    squares.push_back(std::inner_product(row->residuals.begin(), row->residuals.end(),
                                         row->residuals.begin(), 0.0));
    degrees.push_back(static_cast<double>(row->residuals.size()) - kParametersOfParabola);
  }
  const double left = std::accumulate(degrees.begin(), degrees.end(), 0.0);
  const double pooled = std::accumulate(squares.begin(), squares.end(), 0.0) / left;
  if (!(left >= 1) || !(std::sqrt(pooled) > kExactly)) return std::nullopt;
  const auto n = static_cast<Eigen::Index>(points.size());
  Eigen::VectorXd deviation = Eigen::VectorXd::Zero(n);
  Eigen::VectorXd unit = Eigen::VectorXd::Constant(n, std::nan(""));  // residuals over deviations
  double sum = 0, sum_of_squares = 0;
  for (std::size_t k = 0; k < used.size(); ++k) {
    const double variance = degrees[k] > 0 ? squares[k] / degrees[k] : pooled;
    if (degrees[k] > 0) sum += variance, sum_of_squares += variance * variance / degrees[k];
    for (std::size_t i = 0; i < used[k]->members.size(); ++i) {
      const auto at = static_cast<Eigen::Index>(used[k]->members[i]);
      deviation[at] = std::sqrt(variance);
      // Three points have no residuals, and say nothing of what runs share.
      if (degrees[k] > 0) unit[at] = used[k]->residuals[i] / deviation[at];
    }
  }
  LossNoise out{deviation.cwiseAbs2().asDiagonal(), sum * sum / sum_of_squares, std::sqrt(pooled)};
  const auto together = [&](Eigen::Index i, Eigen::Index j) {
    const Point &a = points[static_cast<std::size_t>(i)], &b = points[static_cast<std::size_t>(j)];
    return !a.run.empty() && a.run == b.run && deviation[i] > 0 && deviation[j] > 0;
  };
  double products = 0, pairs = 0, runs = 0;
  for (Eigen::Index i = 0; i < n; ++i) {
    if (!(deviation[i] > 0)) continue;
    bool first = true;
    for (Eigen::Index j = 0; j < i; ++j) {
      if (!together(i, j)) continue;
      first = false;
      const double product = unit[i] * unit[j];
      if (!std::isfinite(product)) continue;
      products += product;
      ++pairs;
    }
    runs += first ? 1 : 0;
  }
  out.degrees = std::min(out.degrees, runs - kParametersOfParabola);
  if (!(out.degrees >= 1)) return std::nullopt;
  // Residuals have a share of `left` of the variance, and evaluations of one run about the same.
  const double count = unit.array().isFinite().cast<double>().sum();
  const double shared = pairs > 0 ? std::clamp(products / pairs * count / left, 0.5, 1.0) : 1;
  for (Eigen::Index i = 0; i < n; ++i) {
    for (Eigen::Index j = 0; j < i; ++j) {
      if (!together(i, j)) continue;
      out.covariance(i, j) = out.covariance(j, i) = shared * deviation[i] * deviation[j];
    }
  }
  return out;
}

Eigen::MatrixXd optima_per_nat(const std::vector<IsoflopRow>& rows, OptimumOf optimum,
                               std::size_t points) {
  const std::vector<const IsoflopRow*> used = used_of(rows);
  Eigen::MatrixXd per_nat = Eigen::MatrixXd::Zero(static_cast<Eigen::Index>(used.size()),
                                                  static_cast<Eigen::Index>(points));
  for (std::size_t k = 0; k < used.size(); ++k) {
    const std::vector<double>& follows =
        optimum == OptimumOf::Parameters ? used[k]->parameters_per_nat : used[k]->tokens_per_nat;
    for (std::size_t i = 0; i < follows.size(); ++i) {
      per_nat(static_cast<Eigen::Index>(k), static_cast<Eigen::Index>(used[k]->members[i])) =
          follows[i];
    }
  }
  return per_nat;
}

LineNoise line_noise(std::span<const double> compute, std::span<const double> optima,
                     const LogLine& line, const Eigen::MatrixXd& noise,
                     std::optional<double> degrees, const Eigen::VectorXd& bias) {
  const auto n = static_cast<Eigen::Index>(compute.size());
  Eigen::MatrixXd design(n, 2);  // columns are orthogonal
  Eigen::VectorXd exact(n);
  for (Eigen::Index k = 0; k < n; ++k) {
    const auto at = static_cast<std::size_t>(k);
    design.row(k) << 1, std::log(compute[at]) - line.centre;
    exact[k] = std::log(optima[at]) - bias[k];
  }
  const Eigen::MatrixXd coefficients =
      Eigen::Vector2d(1 / static_cast<double>(n), 1 / line.spread).asDiagonal() *
      design.transpose();
  LineNoise out;
  out.shift = coefficients * bias;
  out.degrees = degrees.value_or(0);
  Eigen::MatrixXd total = noise;
  if (n >= 3) {
    const Eigen::MatrixXd left = Eigen::MatrixXd::Identity(n, n) - design * coefficients;
    const Eigen::MatrixXd scatter = left * noise * left;
    const double explained = scatter.trace(), seen = (left * exact).squaredNorm();
    const double own = static_cast<double>(n) - 2;
    if (!degrees) {
      total *= seen / explained;
      out.degrees = explained * explained / scatter.squaredNorm();
    } else if (seen > explained) {
      total += (seen - explained) / own * Eigen::MatrixXd::Identity(n, n);
      out.misfit = seen / explained;
      out.misfit_p = f_tail(out.misfit, own, *degrees);
      out.degrees = std::min(*degrees, own);
    }
  }
  out.covariance = coefficients * total * coefficients.transpose();
  out.deviation = std::sqrt(total.trace() / static_cast<double>(n));
  return out;
}

Interval line_interval(const LogLine& line, const LineNoise& noise, const Eigen::Vector2d& part,
                       double level) {
  const Eigen::Vector2d values(line.at(line.centre), line.slope);
  const double middle = part.dot(values - noise.shift);
  const double half =
      student_factor(noise.degrees, level) * std::sqrt(part.dot(noise.covariance * part));
  return {middle - half, middle + half};
}

}  // namespace isoloss
