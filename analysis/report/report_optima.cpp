#include "analysis/report/report_optima.h"

#include <algorithm>
#include <cmath>

#include "analysis/fit/budget_groups.h"
#include "analysis/numbers/statistics.h"

namespace isoloss {
namespace {

// ln D at ln N by least squares over the trials of one budget: at equal compute the two are nearly
// a straight line.
double tokens_at(const BudgetGroup& group, std::span<const Point> trials, double log_parameters) {
  double n = 0, x = 0, y = 0, xx = 0, xy = 0;
  for (const SizeMean& size : group.sizes) {
    for (const std::size_t i : size.members) {
      const double log_tokens = std::log(trials[i].tokens);
      n += 1;
      x += size.log_parameters;
      y += log_tokens;
      xx += size.log_parameters * size.log_parameters;
      xy += size.log_parameters * log_tokens;
    }
  }
  const double spread = xx - x * x / n;
  const double slope = spread > 1e-12 ? (xy - x * y / n) / spread : 0;
  return std::exp(y / n + slope * (log_parameters - x / n));
}

// Least squares of L - L* over (ln N - ln N*)^2: where the point is a parabola's vertex, that
// parabola's own curvature, because its residuals are orthogonal to the regressor.
double curvature_of(const BudgetGroup& group, const FrontierPoint& point) {
  double top = 0, bottom = 0;
  for (const SizeMean& size : group.sizes) {
    const double square = std::pow(size.log_parameters - std::log(point.optimal_parameters), 2);
    top += square * (size.loss - point.loss);
    bottom += square * square;
  }
  return bottom > 0 ? top / bottom : kNone;
}

// The group of each frontier point; empty where the frontier is not one point a budget.
std::vector<const BudgetGroup*> groups_of(const std::vector<BudgetGroup>& groups,
                                          const Frontier& frontier) {
  std::vector<const BudgetGroup*> out;
  if (groups.size() != frontier.points.size()) return out;
  if (frontier.kind == FrontierKind::Points) return out;
  for (std::size_t k = 0; k < groups.size(); ++k) {
    if (groups[k].budget != frontier.points[k].budget) return {};
    out.push_back(&groups[k]);
  }
  return out;
}

void set_intervals(std::span<const Point> trials, const Frontier& frontier, const SeedNoise& noise,
                   const std::vector<const BudgetGroup*>& groups, const OptimaOptions& options,
                   std::vector<Optimum>& out) {
  const LossDraws noisy(trials, noise, options.seed);
  FrontierOptions same = options.frontier;
  same.kind = frontier.kind;
  struct Values {
    std::vector<double> loss, parameters, tokens, ratio;
  };
  std::vector<Values> values(out.size());
  for (int draw = 0; draw < options.draws; ++draw) {
    const Frontier drawn =
        compute_frontier(trials, noisy.losses(static_cast<std::uint64_t>(draw)), same, &frontier);
    for (std::size_t k = 0; k < out.size(); ++k) {
      const FrontierPoint& point = drawn.points[k];
      const bool failed = !point.used;
      const double best = failed ? kNone : point.optimal_parameters;
      const double tokens = failed ? kNone : tokens_at(*groups[k], trials, std::log(best));
      values[k].loss.push_back(failed ? kNone : point.loss);
      values[k].parameters.push_back(best);
      values[k].tokens.push_back(tokens);
      values[k].ratio.push_back(tokens / best);
    }
  }
  for (std::size_t k = 0; k < out.size(); ++k) {
    if (!out[k].point.used) continue;
    out[k].loss = percentile_interval(values[k].loss, options.level);
    out[k].parameters = percentile_interval(values[k].parameters, options.level);
    out[k].token_interval = percentile_interval(values[k].tokens, options.level);
    out[k].tokens_per_parameter = percentile_interval(values[k].ratio, options.level);
  }
}

}  // namespace

std::vector<Optimum> optima(std::span<const Point> trials, const Frontier& frontier,
                            const SeedNoise& noise, const OptimaOptions& options) {
  std::vector<double> losses;
  for (const Point& trial : trials) losses.push_back(trial.loss);
  const std::vector<BudgetGroup> all = budget_groups(trials, losses, options.frontier.embeddings);
  const std::vector<const BudgetGroup*> groups = groups_of(all, frontier);
  std::vector<Optimum> out;
  for (std::size_t k = 0; k < frontier.points.size(); ++k) {
    Optimum optimum;
    optimum.point = frontier.points[k];
    optimum.tokens = optimum.curvature = kNone;
    if (!groups.empty()) {
      const double best = std::log(optimum.point.optimal_parameters);
      optimum.tokens = tokens_at(*groups[k], trials, best);
      const bool parabola =
          frontier.kind == FrontierKind::Surface || frontier.kind == FrontierKind::IsoFlop;
      if (frontier.kind == FrontierKind::Surface) optimum.curvature = frontier.kappa;
      if (frontier.kind == FrontierKind::IsoFlop) {
        optimum.curvature = curvature_of(*groups[k], optimum.point);
      }
      if (!parabola || !optimum.point.used) optimum.curvature = kNone;
    }
    out.push_back(std::move(optimum));
  }
  if (noise.measured && options.draws > 0 && !groups.empty()) {
    set_intervals(trials, frontier, noise, groups, options, out);
  }
  return out;
}

}  // namespace isoloss
