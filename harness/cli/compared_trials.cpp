#include "harness/cli/compared_trials.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "sweeps/plan.h"

namespace isoloss {
namespace {

bool answers_trial(const Point& point, const std::string& trial) {
  for (const BudgetUnit unit :
       {BudgetUnit::Flops, BudgetUnit::Tokens, BudgetUnit::TokensPerParameter})
    if (point.budget_unit == name_of(unit) && std::isfinite(point.budget) &&
        trial_id(point.run, point.budget, unit) == trial)
      return true;
  return false;
}

// Null where no point is of the trial.
const Point* point_of(const TaskScores& scores, const PointTable& results) {
  const auto found = std::ranges::find_if(results.points, [&](const Point& point) {
    return point.run == scores.model && answers_trial(point, scores.trial);
  });
  return found == results.points.end() ? nullptr : &*found;
}

std::string label_of(const TaskScores& scores, const PointTable& results) {
  if (scores.trial.empty())
    return scores.step > 0 ? fmt::format("{} at step {}", scores.model, scores.step) : scores.model;
  const Point* point = point_of(scores, results);
  if (point == nullptr) return "trial " + scores.trial;
  std::string unit = point->budget_unit == "flops" ? "FLOPs" : point->budget_unit;
  std::ranges::replace(unit, '_', ' ');
  return fmt::format("{} {}, a budget of {:g} {}, trial {}", point->architecture, point->size,
                     point->budget, unit, scores.trial);
}

}  // namespace

nlohmann::ordered_json trial_json(const TaskScores& scores, const PointTable& results) {
  nlohmann::ordered_json json = {
      {"trial", nullptr}, {"model", scores.model}, {"step", scores.step}, {"architecture", nullptr},
      {"size", nullptr},  {"seed", nullptr},       {"budget", nullptr},   {"budget_unit", nullptr}};
  if (!scores.trial.empty()) json["trial"] = scores.trial;
  if (const Point* point = point_of(scores, results)) {
    json["architecture"] = point->architecture;
    json["size"] = point->size;
    json["seed"] = point->seed;
    json["budget"] = point->budget;
    json["budget_unit"] = point->budget_unit;
  }
  return json;
}

std::vector<std::string> trial_lines(const std::string& side,
                                     const std::vector<const TaskScores*>& scores,
                                     const PointTable& results) {
  std::vector<std::pair<std::string, std::string>> tasks;  // by label
  for (const TaskScores* one : scores) {
    const std::string label = label_of(*one, results);
    auto known = std::ranges::find(tasks, label, &std::pair<std::string, std::string>::first);
    if (known == tasks.end())
      tasks.emplace_back(label, one->task);
    else
      known->second += ", " + one->task;
  }
  std::vector<std::string> lines;
  for (const auto& [label, its] : tasks)
    lines.push_back(tasks.size() == 1 ? fmt::format("{}: {}", side, label)
                                      : fmt::format("{}: {} ({})", side, label, its));
  return lines;
}

}  // namespace isoloss
