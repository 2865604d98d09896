#include "analysis/fit/frontier.h"

#include <fmt/format.h>

#include <Eigen/Dense>
#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <tuple>

#include "analysis/fit/budget_groups.h"
#include "analysis/fit/frontier_choice.h"
#include "analysis/points/flag.h"
#include "model/spec/error.h"
#include "model/spec/nearest_name.h"

namespace isoloss {
namespace {

constexpr std::array<std::pair<FrontierKind, const char*>, 5> kKinds = {{
    {FrontierKind::Auto, "auto"},
    {FrontierKind::Points, "points"},
    {FrontierKind::Surface, "surface"},
    {FrontierKind::IsoFlop, "isoflop"},
    {FrontierKind::Envelope, "envelope"},
}};

double compute_of(const SizeMean& size, const FrontierOptions& options) {
  return std::exp(options.wall_clock ? size.log_seconds : size.log_flops);
}

FrontierPoint point_of(const BudgetGroup& group, const SizeMean& size,
                       const FrontierOptions& options) {
  FrontierPoint point;
  point.budget = group.budget;
  point.flops = compute_of(size, options);
  point.loss = size.loss;
  point.optimal_parameters = std::exp(size.log_parameters);
  return point;
}

void every_point(const std::vector<BudgetGroup>& groups, const FrontierOptions& options,
                 Frontier& frontier) {
  for (const BudgetGroup& group : groups) {
    for (const SizeMean& size : group.sizes) {
      frontier.points.push_back(point_of(group, size, options));
    }
  }
  std::stable_sort(frontier.points.begin(), frontier.points.end(),
                   [](const auto& a, const auto& b) { return a.flops < b.flops; });
}

// One point per budget, at its best size; `used` as decided before or by the edge rule.
void best_per_budget(const std::vector<BudgetGroup>& groups, const FrontierOptions& options,
                     const Frontier* decided, Frontier& frontier) {
  for (std::size_t k = 0; k < groups.size(); ++k) {
    FrontierPoint point = point_of(groups[k], groups[k].sizes[best_size(groups[k])], options);
    point.why_not = decided ? decided->points[k].why_not : edge_of(groups[k]);
    // Two sizes have no inner one: the better of them counts, and why_not says what it is.
    point.used =
        decided ? decided->points[k].used : point.why_not.empty() || groups[k].sizes.size() == 2;
    frontier.points.push_back(std::move(point));
  }
}

// Vertex of the least-squares parabola L = v + kappa (ln N - m)^2 of each budget (Hoffmann et al.
// 2022, approach 2).
void parabola_vertices(const std::vector<BudgetGroup>& groups, const FrontierOptions& options,
                       const Frontier* decided, Frontier& frontier) {
  for (std::size_t k = 0; k < groups.size(); ++k) {
    FrontierPoint& point = frontier.points[k];
    if (!point.used) continue;
    const auto n = static_cast<Eigen::Index>(groups[k].sizes.size());
    Eigen::MatrixXd design(n, 3);
    Eigen::VectorXd loss(n);
    const double low = groups[k].sizes.front().log_parameters;
    const double high = groups[k].sizes.back().log_parameters;
    const double middle = (low + high) / 2;
    for (Eigen::Index i = 0; i < n; ++i) {
      const SizeMean& size = groups[k].sizes[static_cast<std::size_t>(i)];
      const double x = size.log_parameters - middle;
      design.row(i) << 1, x, x * x;
      loss[i] = size.loss;
    }
    const Eigen::VectorXd fit = design.colPivHouseholderQr().solve(loss);
    const double best = middle - fit[1] / (2 * fit[2]);
    point.loss = fit[0] - fit[1] * fit[1] / (4 * fit[2]);
    point.optimal_parameters = std::exp(best);
    point.flops = options.wall_clock ? seconds_at(groups[k], best) : std::exp(groups[k].log_flops);
    if (fit[2] > 0) point.near_optimal = near_optimal_sizes(fit[2], point);
    if (!(fit[2] > 0)) {
      point.used = false;
      point.why_not = "the parabola over sizes has no minimum";
    } else if (!decided && (best < low || best > high)) {
      point.used = false;
      point.why_not =
          fmt::format("the parabola's vertex, {:.3g} parameters, is outside the sizes tried",
                      point.optimal_parameters);
    }
  }
}

// Trials of no common budget: the lower convex hull in (ln C, ln L), the descending part; or the
// places of the hull as decided before.
void lower_hull(const std::vector<BudgetGroup>& groups, const FrontierOptions& options,
                const Frontier* decided, Frontier& frontier) {
  Frontier all;
  every_point(groups, options, all);
  if (decided) {
    for (const FrontierPoint& before : decided->points) {
      const auto at = std::find_if(all.points.begin(), all.points.end(), [&](const auto& point) {
        return point.flops == before.flops && point.optimal_parameters == before.optimal_parameters;
      });
      if (at == all.points.end()) continue;
      frontier.points.push_back(before);
      frontier.points.back().loss = at->loss;
    }
    return;
  }
  std::set<double> sizes;
  for (const FrontierPoint& point : all.points) sizes.insert(point.optimal_parameters);
  std::vector<FrontierPoint>& hull = frontier.points;
  const auto above = [](const FrontierPoint& a, const FrontierPoint& b, const FrontierPoint& c) {
    const double ab = std::log(b.loss / a.loss) * std::log(c.flops / a.flops);
    return ab >= std::log(c.loss / a.loss) * std::log(b.flops / a.flops);
  };
  for (const FrontierPoint& point : all.points) {
    while (hull.size() >= 2 && above(hull[hull.size() - 2], hull.back(), point)) hull.pop_back();
    hull.push_back(point);
  }
  const auto lowest = std::min_element(
      hull.begin(), hull.end(), [](const auto& a, const auto& b) { return a.loss < b.loss; });
  hull.erase(lowest + 1, hull.end());
  if (sizes.size() == 1) return;
  for (FrontierPoint& point : hull) {
    const double at = point.optimal_parameters;
    if (at > *sizes.begin() && at < *sizes.rbegin()) continue;
    point.used = sizes.size() == 2;  // then none is inside: both count, and why_not says so
    point.why_not = at <= *sizes.begin() ? "best at the smallest size" : "best at the largest size";
  }
}

}  // namespace

std::pair<double, double> near_optimal_sizes(double kappa, const FrontierPoint& best) {
  const double half = std::exp(std::sqrt(kNearOptimal * best.loss / kappa));
  return {best.optimal_parameters / half, best.optimal_parameters * half};
}

std::vector<FrontierPoint> Frontier::used() const {
  std::vector<FrontierPoint> kept;
  for (const FrontierPoint& point : points) {
    if (point.used) kept.push_back(point);
  }
  return kept;
}

Frontier compute_frontier(std::span<const Point> trials, std::span<const double> losses,
                          const FrontierOptions& options, const Frontier* decided) {
  const std::vector<BudgetGroup> groups = budget_groups(trials, losses, options.embeddings);
  Frontier frontier;
  frontier.architecture = trials.front().architecture;
  frontier.kind = decided ? decided->kind : options.kind;
  if (frontier.kind == FrontierKind::Auto) {
    std::tie(frontier.kind, frontier.reason) = choose_frontier(groups, trials);
  }
  if (frontier.kind == FrontierKind::Points) {
    every_point(groups, options, frontier);
    return frontier;
  }
  for (const BudgetGroup& group : groups) {
    for (const SizeMean& size : group.sizes) {
      if (std::isfinite(size.log_parameters)) continue;
      throw InputError(
          fmt::format("frontier '{}' of '{}' needs {} (a point has none); fill the column or {}",
                      name_of(frontier.kind), frontier.architecture,
                      options.embeddings ? "parameters" : "parameters_embedding",
                      options.embeddings ? "take every point as a frontier point"
                                         : "count sizes with embeddings"));
    }
  }
  if (frontier.kind == FrontierKind::Envelope && !share_budgets(groups, trials)) {
    lower_hull(groups, options, decided, frontier);
    return frontier;
  }
  if (!are_isoflop(groups, trials)) {
    throw InputError(
        fmt::format("frontier '{}' of '{}' needs trials of equal FLOPs (those of one "
                    "budget differ by more than 25 %); take the envelope",
                    name_of(frontier.kind), frontier.architecture));
  }
  best_per_budget(groups, options, decided, frontier);
  if (frontier.kind == FrontierKind::Surface) {
    fit_surface(groups, trials, losses, options, decided, frontier);
  } else if (frontier.kind == FrontierKind::IsoFlop) {
    parabola_vertices(groups, options, decided, frontier);
  } else {
    frontier.size_ratio = ratio_beside_best(groups);
  }
  return frontier;
}

Frontier compute_frontier(std::span<const Point> trials, const FrontierOptions& options) {
  std::vector<double> losses;
  for (const Point& point : trials) losses.push_back(point.loss);
  return compute_frontier(trials, losses, options);
}

std::vector<std::string> left_out(const Frontier& frontier) {
  std::vector<std::string> lines;
  for (const FrontierPoint& point : frontier.points) {
    if (point.used) {
      if (!point.why_not.empty()) {
        lines.push_back(flag_text(Flag::BestSizeNearEdge,
                                  fmt::format("{} at budget {:.4g} ({}; counted)",
                                              frontier.architecture, point.budget, point.why_not)));
      }
      continue;
    }
    const bool edge = point.why_not.starts_with("best at") ||
                      point.why_not.starts_with("one size") ||
                      point.why_not.ends_with("outside the sizes tried");
    lines.push_back(flag_text(edge ? Flag::BestSizeAtEdge : Flag::BudgetLeftOut,
                              fmt::format("{} at budget {:.4g} ({})", frontier.architecture,
                                          point.budget, point.why_not)));
  }
  return lines;
}

void flag_coarse_envelope(const Frontier& frontier, std::vector<std::string>& flags) {
  // Where sizes are a factor r apart the best of them lies up to kappa (ln r / 2)^2 above the
  // frontier: at 1.25 a tenth of what it is at 2.
  constexpr double kFine = 1.25;
  if (!(frontier.size_ratio > kFine)) return;
  flags.push_back(flag_text(
      Flag::CoarseEnvelope,
      fmt::format(
          "{}: sizes beside the best are {:.3g} times apart, and the best of few lies above "
          "the frontier by what intervals do not know; take --frontier isoflop or surface, "
          "or train sizes between",
          frontier.architecture, frontier.size_ratio)));
}

const char* name_of(FrontierKind kind) {
  for (const auto& [known, name] : kKinds) {
    if (known == kind) return name;
  }
  return "auto";
}

FrontierKind frontier_kind(const std::string& name) {
  std::vector<std::string> names;
  for (const auto& [kind, known] : kKinds) {
    if (name == known) return kind;
    names.emplace_back(known);
  }
  throw InputError(
      fmt::format("frontier '{}' (there is none of that name){}", name, suggestion(name, names)));
}

}  // namespace isoloss
