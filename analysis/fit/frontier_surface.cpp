// One surface per architecture: L(N, C) = Lmin(C) + kappa (ln N - m(C))^2 (docs/comparison.md rule
// 6), Lmin free per budget and m linear in ln C. From six budgets on kappa is linear in ln C too:
// it falls as L - E does, and one kappa over two decades would bend the frontier. Multiplied out
// each budget is a parabola whose coefficients are polynomials of ln C (kappa of degree 1, the
// linear one, -2 kappa m, of degree 2), so that ordinary least squares gives the surface exactly.
#include <fmt/format.h>

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>

#include "analysis/fit/budget_groups.h"

namespace isoloss {
namespace {

struct Row {
  Eigen::Index budget;
  double x, c, loss;  // ln N and ln C, both centred
};

void refuse(Frontier& frontier, const std::string& why) {
  for (FrontierPoint& point : frontier.points) {
    if (!point.used) continue;
    point.used = false;
    point.why_not = why;
  }
}

// Budgets from which on kappa may change with compute.
constexpr Eigen::Index kBudgetsForCurvature = 6;

struct Surface {
  // About the centres: kappa(c) = kappa + kappa_slope c, and -2 kappa(c) m(c) = the linear one.
  double kappa = 0, kappa_slope = 0;
  double linear[3] = {0, 0, 0};
  Eigen::VectorXd floor;  // Lmin by budget
  double deviation = 0;   // of the residuals; 0 where no degree of freedom is left
  int degrees = 0;
  double x_centre = 0, c_centre = 0;

  double kappa_of(double c) const { return kappa + kappa_slope * c; }
  double best_of(double c) const {
    return -(linear[0] + c * (linear[1] + c * linear[2])) / (2 * kappa_of(c));
  }
  double kappa_at(double log_flops) const { return kappa_of(log_flops - c_centre); }
  double best(double log_flops) const { return x_centre + best_of(log_flops - c_centre); }
  double size_exponent() const {  // d m / d ln C at the centre
    return -(linear[1] + 2 * kappa_slope * best_of(0)) / (2 * kappa);
  }
};

// Floors are means: with each budget's means taken out of losses and regressors, what budgets share
// is a least-squares problem of its own (Frisch & Waugh 1933), however many budgets there are.
Surface least_squares(const std::vector<Row>& rows, Eigen::Index budgets) {
  // One budget alone cannot say how the best size moves with compute.
  const bool several = budgets > 1, bends = budgets >= kBudgetsForCurvature;
  const Eigen::Index shared = bends ? 5 : several ? 3 : 2;
  const auto n = static_cast<Eigen::Index>(rows.size());
  Eigen::MatrixXd design(n, shared);
  Eigen::VectorXd loss(n), c = Eigen::VectorXd::Zero(budgets), count = c, mean_loss = c;
  Eigen::MatrixXd mean = Eigen::MatrixXd::Zero(budgets, shared);
  for (Eigen::Index i = 0; i < n; ++i) {
    const Row& row = rows[static_cast<std::size_t>(i)];
    const double all[] = {row.x * row.x, row.x, row.c * row.x, row.c * row.c * row.x,
                          row.c * row.x * row.x};
    design.row(i) = Eigen::Map<const Eigen::RowVectorXd>(all, shared);
    loss[i] = row.loss;
    c[row.budget] = row.c;
    ++count[row.budget];
    mean.row(row.budget) += design.row(i);
    mean_loss[row.budget] += row.loss;
  }
  mean = count.cwiseInverse().asDiagonal() * mean;
  mean_loss = mean_loss.cwiseQuotient(count);
  for (Eigen::Index i = 0; i < n; ++i) {
    const Eigen::Index budget = rows[static_cast<std::size_t>(i)].budget;
    design.row(i) -= mean.row(budget);
    loss[i] -= mean_loss[budget];
  }
  const Eigen::VectorXd solved = design.colPivHouseholderQr().solve(loss);
  Surface surface;
  surface.kappa = solved[0];
  for (Eigen::Index i = 1; i < std::min<Eigen::Index>(shared, 4); ++i) {
    surface.linear[i - 1] = solved[i];
  }
  if (bends) surface.kappa_slope = solved[4];
  surface.floor = mean_loss - mean * solved;
  for (Eigen::Index k = 0; k < budgets; ++k) {
    surface.floor[k] -= surface.kappa_of(c[k]) * surface.best_of(c[k]) * surface.best_of(c[k]);
  }
  const Eigen::Index degrees = n - budgets - shared;
  if (degrees > 0) {
    surface.degrees = static_cast<int>(degrees);
    surface.deviation =
        std::sqrt((design * solved - loss).squaredNorm() / static_cast<double>(degrees));
  }
  return surface;
}

// Through the budgets of `frontier` that are used.
Surface surface_of(const std::vector<BudgetGroup>& groups, std::span<const Point> trials,
                   std::span<const double> losses, const Frontier& frontier) {
  std::vector<Row> rows;
  Eigen::Index budgets = 0;
  double x_centre = 0, c_centre = 0;
  for (std::size_t k = 0; k < groups.size(); ++k) {
    if (!frontier.points[k].used) continue;
    for (const SizeMean& size : groups[k].sizes) {
      for (const std::size_t i : size.members) {
        rows.push_back({budgets, size.log_parameters, std::log(trials[i].flops), losses[i]});
        x_centre += rows.back().x;
        c_centre += rows.back().c;
      }
    }
    ++budgets;
  }
  x_centre /= static_cast<double>(rows.size());
  c_centre /= static_cast<double>(rows.size());
  for (Row& row : rows) {
    row.x -= x_centre;
    row.c -= c_centre;
  }
  Surface surface = least_squares(rows, budgets);
  surface.x_centre = x_centre;
  surface.c_centre = c_centre;
  return surface;
}

bool any_used(const Frontier& frontier) {
  return std::any_of(frontier.points.begin(), frontier.points.end(),
                     [](const FrontierPoint& p) { return p.used; });
}

bool has_minimum(const std::vector<BudgetGroup>& groups, const Surface& surface,
                 const Frontier& frontier) {
  for (std::size_t k = 0; k < groups.size(); ++k) {
    if (frontier.points[k].used && !(surface.kappa_at(groups[k].log_flops) > 0)) return false;
  }
  return surface.kappa > 0;
}

// A flat optimum and noise put the best measured size at the edge now and then. Such a budget
// counts where it beats the sizes inside by less than two deviations of a difference and the size
// nearest to the surface's optimum is inside.
bool readmit(const std::vector<BudgetGroup>& groups, const Surface& surface, Frontier& frontier) {
  bool changed = false;
  for (std::size_t k = 0; k < groups.size(); ++k) {
    const std::vector<SizeMean>& sizes = groups[k].sizes;
    if (frontier.points[k].used || sizes.size() < 3) continue;
    std::size_t nearest = 0, inner = 1;
    const double best = surface.best(groups[k].log_flops);
    for (std::size_t i = 1; i < sizes.size(); ++i) {
      if (std::abs(sizes[i].log_parameters - best) <
          std::abs(sizes[nearest].log_parameters - best)) {
        nearest = i;
      }
      if (i + 1 < sizes.size() && sizes[i].loss < sizes[inner].loss) inner = i;
    }
    const double lead = sizes[inner].loss - sizes[best_size(groups[k])].loss;
    if (nearest == 0 || nearest + 1 == sizes.size() ||
        lead >= 2 * std::sqrt(2.0) * surface.deviation) {
      continue;
    }
    frontier.points[k].used = changed = true;
    frontier.points[k].why_not += ", by less than noise";
  }
  return changed;
}

}  // namespace

void fit_surface(const std::vector<BudgetGroup>& groups, std::span<const Point> trials,
                 std::span<const double> losses, const FrontierOptions& options,
                 const Frontier* decided, Frontier& frontier) {
  if (!any_used(frontier)) return;
  Surface surface = surface_of(groups, trials, losses, frontier);
  if (!decided && has_minimum(groups, surface, frontier) && readmit(groups, surface, frontier)) {
    surface = surface_of(groups, trials, losses, frontier);
  }
  frontier.kappa = surface.kappa;
  frontier.deviation = surface.deviation;
  frontier.deviation_degrees = surface.degrees;
  frontier.size_exponent = surface.floor.size() > 1 ? surface.size_exponent() : std::nan("");
  frontier.size_offset =
      surface.best(surface.c_centre) - surface.size_exponent() * surface.c_centre;
  if (!has_minimum(groups, surface, frontier)) {
    refuse(frontier, "the surface has no minimum over sizes");
    return;
  }
  Eigen::Index budget = 0;
  for (std::size_t k = 0; k < groups.size(); ++k) {
    FrontierPoint& point = frontier.points[k];
    if (!point.used) continue;
    const BudgetGroup& group = groups[k];
    const double best = surface.best(group.log_flops);
    point.loss = surface.floor[budget++];
    point.optimal_parameters = std::exp(best);
    point.near_optimal = near_optimal_sizes(surface.kappa_at(group.log_flops), point);
    if (options.wall_clock) point.flops = seconds_at(group, best);
    if (decided) continue;
    if (best < group.sizes.front().log_parameters || best > group.sizes.back().log_parameters) {
      point.used = false;
      point.why_not = fmt::format("the surface's best size, {:.3g}, is outside the sizes tried",
                                  point.optimal_parameters);
    }
  }
}

}  // namespace isoloss
