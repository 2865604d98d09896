#include "analysis/scores/task_loss_fit.h"

#include <fmt/format.h>

#include <cmath>
#include <set>

#include "analysis/fit/chinchilla_law.h"
#include "analysis/numbers/statistics.h"
#include "model/spec/error.h"

namespace isoloss {
namespace {

constexpr std::size_t kFewestOfLaw = 8, kFewestValuesOfLaw = 3, kFewestOfPower = 3;

std::vector<AccuracyPoint> points_of(const AccuracyTask& task, const std::string& architecture) {
  std::vector<AccuracyPoint> points;
  for (const AccuracyPoint& point : task.points) {
    if (point.architecture == architecture) points.push_back(point);
  }
  return points;
}

bool tells_sizes_from_tokens(const std::vector<AccuracyPoint>& points) {
  std::set<double> sizes, tokens;
  for (const AccuracyPoint& point : points) {
    if (!std::isfinite(point.parameters) || !std::isfinite(point.tokens)) return false;
    sizes.insert(point.parameters);
    tokens.insert(point.tokens);
  }
  return points.size() >= kFewestOfLaw && sizes.size() >= kFewestValuesOfLaw &&
         tokens.size() >= kFewestValuesOfLaw;
}

std::vector<Point> as_points(const std::vector<AccuracyPoint>& points) {
  std::vector<Point> out;
  for (const AccuracyPoint& point : points) {
    Point one;
    one.architecture = point.architecture;
    one.parameters = point.parameters;
    one.tokens = point.tokens;
    one.flops = point.flops;
    one.loss = point.task_loss;
    out.push_back(one);
  }
  return out;
}

// Huber of logarithms with a small delta over all trials, squares along a frontier:
// docs/fitting.md.
Objective objective_for(const std::string& law) {
  if (law == "chinchilla") return {};
  return {ObjectiveKind::Squares, 0, FitSpace::Log};
}

// An efficient frontier is a power law of compute too: exponent alpha beta / (alpha + beta).
void set_curve(TaskLossFit& fit) {
  const Law& law = law_named(fit.law);
  const auto named = named_parameters(law, fit.data, fit.solution.state);
  if (fit.law == "chinchilla") {
    const ChinchillaLaw chinchilla = chinchilla_law(named);
    fit.curve.floor = chinchilla.E;
    fit.curve.exponent = chinchilla.alpha * chinchilla.beta / (chinchilla.alpha + chinchilla.beta);
    fit.curve.coefficient =
        efficient_point(chinchilla, 1, fit.flops_per_product).loss - chinchilla.E;
  } else {
    fit.curve = {named[0].second, named[1].second, named[2].second};
  }
  const Eigen::ArrayXd predicted = predict(law, fit.data, fit.solution.state);
  fit.predicted.assign(predicted.begin(), predicted.end());
}

}  // namespace

TaskLossFit fit_task_loss(const AccuracyTask& task, const std::string& architecture) {
  TaskLossFit fit;
  fit.points = points_of(task, architecture);
  fit.law = tells_sizes_from_tokens(fit.points) ? "chinchilla" : "power";
  if (fit.law == "power") fit.points = best_sizes(task, architecture);
  if (fit.points.size() < kFewestOfPower) {
    throw WorkError(fmt::format(
        "{} has {} scores on task '{}' at different compute (its loss takes {}); score more "
        "budgets",
        architecture, fit.points.size(), task.task, kFewestOfPower));
  }
  const std::vector<Point> points = as_points(fit.points);
  const Law& law = law_named(fit.law);
  fit.data = law_data(law, points);
  fit.solution = solve_law(law, fit.data, objective_for(fit.law), {});
  if (!fit.solution.converged) {
    throw WorkError(fmt::format(
        "the {} law of {}'s loss on task '{}' did not converge (gradient {:.1e}); score more "
        "trials",
        fit.law, architecture, task.task, fit.solution.gradient_norm));
  }
  if (fit.law == "chinchilla") fit.flops_per_product = quantile(flops_per_product(points), 0.5);
  set_curve(fit);
  return fit;
}

TaskLossFit refit(const TaskLossFit& fit, const std::vector<double>& losses) {
  TaskLossFit out = fit;
  out.data.loss = Eigen::Map<const Eigen::ArrayXd>(losses.data(), fit.data.points());
  out.data.log_loss = out.data.loss.log();
  out.solution =
      solve_law(law_named(fit.law), out.data, objective_for(fit.law), {}, 0, fit.solution.state);
  if (out.solution.converged) set_curve(out);
  return out;
}

}  // namespace isoloss
