#include "analysis/fit/isoflop_noise.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <string>

#include "analysis/fit/chinchilla_fit.h"
#include "analysis/numbers/statistics.h"

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

const std::vector<double>& per_nat_of(const IsoflopRow& row, Optimum optimum) {
  return optimum == Optimum::Parameters ? row.parameters_per_nat : row.tokens_per_nat;
}

}  // namespace

std::optional<SeedNoise> scatter_about_parabolas(std::span<const Point> points,
                                                 const std::vector<IsoflopRow>& rows) {
  std::map<std::string, std::vector<double>> of_run;
  double squares = 0, products = 0, pairs = 0;
  int count = 0, parabolas = 0, unnamed = 0;
  for (const IsoflopRow& row : rows) {
    if (!row.used) continue;
    ++parabolas;
    for (std::size_t i = 0; i < row.members.size(); ++i) {
      const double residual = row.residuals[i];
      const std::string& run = points[row.members[i]].run;
      ++count;
      squares += residual * residual;
      if (run.empty()) {
        ++unnamed;
        continue;
      }
      std::vector<double>& others = of_run[run];
      for (const double other : others) products += residual * other;
      pairs += static_cast<double>(others.size());
      others.push_back(residual);
    }
  }
  const int left = count - kParametersOfParabola * parabolas;
  const int runs = unnamed + static_cast<int>(of_run.size());
  const int degrees = std::min(left, runs - kParametersOfParabola);
  if (degrees < 1) return std::nullopt;
  SeedNoise noise;
  noise.measured = true;
  noise.deviation = std::sqrt(squares / left);
  if (!(noise.deviation > kExactly)) return std::nullopt;
  noise.degrees = degrees;
  noise.deviation_degrees = noise.degrees_at_budget = degrees;
  // Held between 1/2 and 1 as that of replicates is.
  if (pairs > 0) noise.shared = std::clamp(products / pairs / (squares / count), 0.5, 1.0);
  return noise;
}

Eigen::MatrixXd optima_covariance(const std::vector<IsoflopRow>& rows, Optimum optimum,
                                  const LossNoise& noise) {
  const std::vector<const IsoflopRow*> used = used_of(rows);
  Eigen::MatrixXd per_nat =
      Eigen::MatrixXd::Zero(static_cast<Eigen::Index>(used.size()), noise.covariance.rows());
  for (std::size_t k = 0; k < used.size(); ++k) {
    const std::vector<double>& follows = per_nat_of(*used[k], optimum);
    for (std::size_t i = 0; i < follows.size(); ++i) {
      per_nat(static_cast<Eigen::Index>(k), static_cast<Eigen::Index>(used[k]->members[i])) =
          follows[i];
    }
  }
  return per_nat * noise.covariance * per_nat.transpose();
}

Eigen::MatrixXd optima_covariance(const std::vector<IsoflopRow>& rows, Optimum optimum) {
  const std::vector<const IsoflopRow*> used = used_of(rows);
  Eigen::VectorXd variance(static_cast<Eigen::Index>(used.size()));
  for (std::size_t k = 0; k < used.size(); ++k) {
    const std::vector<double>& follows = per_nat_of(*used[k], optimum);
    variance[static_cast<Eigen::Index>(k)] =
        std::inner_product(follows.begin(), follows.end(), follows.begin(), 0.0);
  }
  return variance.asDiagonal();
}

std::optional<OptimaBias> optima_bias(std::span<const Point> points,
                                      const std::vector<IsoflopRow>& rows) {
  const auto fitted = fit_chinchilla(points);
  if (!fitted) return std::nullopt;
  std::vector<Point> smooth(points.begin(), points.end());
  for (std::size_t i = 0; i < smooth.size(); ++i)
    smooth[i].loss = fitted->losses[static_cast<Eigen::Index>(i)];
  const std::vector<IsoflopRow> of_law = isoflop_rows(smooth);
  std::vector<double> parameters, tokens;
  for (std::size_t k = 0; k < rows.size(); ++k) {
    if (!rows[k].used) continue;
    const EfficientPoint best = efficient_point(fitted->law, rows[k].flops, fitted->product);
    parameters.push_back(std::log(of_law[k].optimal_parameters / best.parameters));
    tokens.push_back(std::log(of_law[k].optimal_tokens / best.tokens));
    if (!std::isfinite(parameters.back()) || !std::isfinite(tokens.back())) return std::nullopt;
  }
  const auto vector = [](const std::vector<double>& x) {
    return Eigen::VectorXd(
        Eigen::Map<const Eigen::VectorXd>(x.data(), static_cast<Eigen::Index>(x.size())));
  };
  return OptimaBias{vector(parameters), vector(tokens)};
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
  const Eigen::MatrixXd left = Eigen::MatrixXd::Identity(n, n) - design * coefficients;
  LineNoise out;
  out.covariance = coefficients * noise * coefficients.transpose();
  out.shift = coefficients * bias;
  out.deviation = std::sqrt(noise.trace() / static_cast<double>(n));
  out.degrees = degrees.value_or(0);
  if (n < 3) return out;
  const double residual_degrees = static_cast<double>(n) - 2;
  const double ratio = (left * exact).squaredNorm() / (left * noise * left).trace();
  if (degrees) {
    if (!(ratio > 1)) return out;
    out.misfit = ratio;
    out.misfit_p = f_tail(ratio, residual_degrees, *degrees);
  }
  out.covariance *= ratio;
  out.deviation *= std::sqrt(ratio);
  out.degrees = std::min(degrees.value_or(residual_degrees), residual_degrees);
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
