#include "analysis/fit/isoflop_fit.h"

#include <fmt/format.h>

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <functional>
#include <utility>

#include "analysis/fit/budget_groups.h"
#include "analysis/points/flag.h"
#include "model/spec/error.h"

namespace isoloss {
namespace {

constexpr double kNear = 1e-3;  // of the loss at the vertex

struct Parabola {
  bool good = false;
  std::string why_not;
  double vertex = 0, value = 0, curvature = 0;
  std::vector<double> residuals, vertex_per_nat;  // of each loss
};

// Least squares of loss over x (about its middle).
Parabola parabola(const std::vector<double>& x, const std::vector<double>& loss,
                  const char* regressor) {
  Parabola out;
  std::vector<double> places = x;
  std::sort(places.begin(), places.end());
  const double low = places.front(), high = places.back(), middle = (low + high) / 2;
  const auto same = [](double a, double b) { return std::abs(a - b) < 1e-6; };
  places.erase(std::unique(places.begin(), places.end(), same), places.end());
  if (places.size() < 3) {
    out.why_not = flag_text(
        Flag::TooFewSizes,
        fmt::format("{} different {} (a parabola needs three)", places.size(), regressor));
    return out;
  }
  const auto n = static_cast<Eigen::Index>(x.size());
  Eigen::MatrixXd design(n, 3);
  for (Eigen::Index i = 0; i < n; ++i) {
    const double at = x[static_cast<std::size_t>(i)] - middle;
    design.row(i) << 1, at, at * at;
  }
  const Eigen::Map<const Eigen::VectorXd> losses(loss.data(), n);
  const Eigen::Vector3d fit = design.colPivHouseholderQr().solve(losses);
  out.curvature = fit[2];
  if (!(fit[2] > 0)) {
    out.why_not = flag_text(Flag::NoInteriorMinimum,
                            fmt::format("the parabola over {} opens downwards", regressor));
    return out;
  }
  out.vertex = middle - fit[1] / (2 * fit[2]);
  out.value = fit[0] - fit[1] * fit[1] / (4 * fit[2]);
  if (out.vertex < low || out.vertex > high) {
    out.why_not =
        flag_text(Flag::VertexOutside,
                  fmt::format("{:.3g} {} where {:.3g} to {:.3g} were tried", std::exp(out.vertex),
                              regressor, std::exp(low), std::exp(high)));
    return out;
  }
  out.good = true;
  // Coefficients are G^-1 X' loss with G = X'X, and vertex = middle - fit_1 / (2 fit_2).
  const Eigen::Vector3d by_coefficient(0, -1 / (2 * fit[2]), fit[1] / (2 * fit[2] * fit[2]));
  const Eigen::VectorXd by_loss =
      design * (design.transpose() * design).ldlt().solve(by_coefficient);
  out.vertex_per_nat.assign(by_loss.begin(), by_loss.end());
  const Eigen::VectorXd residuals = losses - design * fit;
  out.residuals.assign(residuals.begin(), residuals.end());
  return out;
}

}  // namespace

LogLine log_line(std::span<const double> x, std::span<const double> y,
                 std::span<const double> weight) {
  LogLine line;
  line.n = x.size();
  double total = 0, mean_y = 0;
  const auto w = [&](std::size_t i) { return weight.empty() ? 1 : weight[i]; };
  for (std::size_t i = 0; i < x.size(); ++i) {
    total += w(i);
    line.centre += w(i) * std::log(x[i]);
    mean_y += w(i) * std::log(y[i]);
  }
  line.centre /= total;
  mean_y /= total;
  double product = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double off = std::log(x[i]) - line.centre;
    line.spread += w(i) * off * off;
    product += w(i) * off * (std::log(y[i]) - mean_y);
  }
  line.slope = product / line.spread;
  line.intercept = mean_y - line.slope * line.centre;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double r = std::log(y[i]) - line.at(std::log(x[i]));
    line.squares += w(i) * r * r;
  }
  return line;
}

std::vector<IsoflopRow> isoflop_rows(std::span<const Point> points) {
  std::vector<double> losses;
  for (const Point& point : points) losses.push_back(point.loss);
  const std::vector<BudgetGroup> groups = budget_groups(points, losses, true);
  if (!are_isoflop(groups, points)) {
    throw InputError(
        "the points of one budget spent different FLOPs, by more than a quarter (isoFLOP parabolas "
        "need equal compute); name the budgets in a column `budget` or fit chinchilla");
  }
  std::vector<IsoflopRow> rows;
  for (const BudgetGroup& group : groups) {
    IsoflopRow row;
    row.budget = group.budget;
    std::vector<double> size, tokens, loss;
    double log_flops = 0;
    for (const SizeMean& mean : group.sizes) {
      for (const std::size_t i : mean.members) {
        size.push_back(std::log(points[i].parameters));
        tokens.push_back(std::log(points[i].tokens));
        loss.push_back(points[i].loss);
        log_flops += std::log(points[i].flops);
        row.members.push_back(i);
      }
    }
    row.n = loss.size();
    row.flops = std::exp(log_flops / static_cast<double>(row.n));
    Parabola over_size = parabola(size, loss, "parameters");
    row.used = over_size.good;
    row.why_not = over_size.why_not;
    row.residuals = std::move(over_size.residuals);
    row.parameters_per_nat = std::move(over_size.vertex_per_nat);
    if (over_size.good) {
      row.optimal_parameters = std::exp(over_size.vertex);
      row.loss = over_size.value;
      row.curvature = over_size.curvature;
      const double half = std::sqrt(kNear * row.loss / row.curvature);
      row.near_optimal = {std::exp(over_size.vertex - half), std::exp(over_size.vertex + half)};
    }
    if (std::all_of(tokens.begin(), tokens.end(), [](double d) { return std::isfinite(d); })) {
      Parabola over_tokens = parabola(tokens, loss, "tokens");
      if (over_tokens.good) row.optimal_tokens = std::exp(over_tokens.vertex);
      row.tokens_per_nat = std::move(over_tokens.vertex_per_nat);
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace isoloss
