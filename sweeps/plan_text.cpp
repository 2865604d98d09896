#include "sweeps/plan_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "model/cost/flops.h"
#include "sweeps/makespan.h"
#include "sweeps/quantity_text.h"

namespace isoloss {
namespace {

using Json = nlohmann::ordered_json;

Json flops_json(const PlannedTrial& trial, const ModelSpec& model) {
  Json json;
  for (const auto& [name, per_token] : by_convention(flops_per_token(model)))
    json[name] = per_token * trial.tokens;
  return json;
}

std::string search_lines(const StudyPlan& plan) {
  std::string text;
  std::set<std::string> told;
  for (const PlannedSearch& search : plan.searches) {
    std::string rates;
    for (const std::size_t arm : search.arms)
      rates += fmt::format(" {}", plan.runs[arm].spec.optimizer.learning_rate);
    const std::string line =
        fmt::format("learning rate of {}{}: searched over{}, decided at size {} and {}{}\n",
                    search.architecture, search.every_size ? "" : " " + search.size, rates,
                    search.size, budget_text(search.budget.value, search.budget.unit),
                    search.this_budget_only ? " for that budget" : "");
    if (told.insert(line).second) text += line;
  }
  return text;
}

// What branches share; empty without any.
std::string trunk_line(const StudyPlan& plan) {
  std::set<std::size_t> trunks;
  std::size_t branches = 0;
  for (const PlannedRun& run : plan.runs)
    if (run.branch && run.expected_steps > 0) {
      trunks.insert(run.branch->trunk);
      ++branches;
    }
  if (branches == 0) return "";
  return fmt::format("{} branches with their own decay leave {} trunk{} at the constant rate\n",
                     branches, trunks.size(), trunks.size() == 1 ? "" : "s");
}

double own_steps(const PlannedRun& run) {
  return static_cast<double>(run.expected_steps - run.first_step());
}

// Of a run by one block: predicted, at best, and by one rank alone at the lowest rate, because what
// ranks lose to each other is known of one machine only.
struct RunSeconds {
  double predicted, lowest, highest;
};
RunSeconds seconds_of(const PlannedRun& run, const StudyLayout& layout, const DeviceRate& rate) {
  DeviceRate best = rate, worst = rate;
  best.flops_per_second = rate.highest;
  worst.flops_per_second = rate.lowest;
  return {own_steps(run) * step_seconds(run.spec, layout.tensor, layout.data, rate),
          own_steps(run) * step_seconds(run.spec, layout.tensor, layout.data, best),
          own_steps(run) * step_seconds(run.spec, 1, 1, worst)};
}

// The makespan with its interval, and what all ranks together spend.
std::string time_lines(const StudyPlan& plan, int ranks, const StudyLayout& layout,
                       const DeviceRate& rate) {
  const auto block = static_cast<int>(layout.tensor * layout.data);
  DeviceRate best = rate, worst = rate;
  best.flops_per_second = rate.highest;
  worst.flops_per_second = rate.lowest;
  double device_seconds = 0;
  for (const PlannedRun& run : plan.runs)
    if (run.expected_steps > 0) device_seconds += block * seconds_of(run, layout, rate).predicted;
  return fmt::format(
      "{} on {} rank{} at {:.0f} GFLOP/s each ({}), between {} and {} as the rate turns out: "
      "{:.3g} "
      "device-hours\n",
      seconds_text(study_seconds(plan, ranks, layout, rate)), ranks, ranks == 1 ? "" : "s",
      rate.flops_per_second / 1e9, rate.device,
      seconds_text(study_seconds(plan, ranks, layout, best)),
      // As of a run: one rank of each block alone.
      seconds_text(makespan_seconds(plan, std::max(1, ranks / block), worst)),
      device_seconds / 3600);
}

}  // namespace

Json plan_json(const StudyPlan& plan, const PlanRanks& ranks, const DeviceRate& rate) {
  const StudyLayout layout = choose_layout(plan, ranks, rate);
  Json trials = Json::array();
  std::map<std::size_t, Json> trials_of;
  for (const PlannedTrial& trial : plan.trials) {
    const PlannedRun& run = plan.runs[trial.run];
    trials_of[trial.run].push_back(trial.id);
    trials.push_back({{"id", trial.id},
                      {"run", run.id},
                      {"architecture", trial.architecture},
                      {"size", trial.size},
                      {"seed", trial.seed},
                      {"budget", trial.budget},
                      {"parameters", trial.parameters},
                      {"tokens", trial.tokens},
                      {"steps", trial.steps},
                      {"flops", flops_json(trial, run.spec.model)}});
  }
  Json runs = Json::array();
  double device_seconds = 0;
  for (std::size_t i = 0; i < plan.runs.size(); ++i) {
    const PlannedRun& run = plan.runs[i];
    if (run.expected_steps == 0) continue;
    const RunSeconds seconds = seconds_of(run, layout, rate);
    device_seconds += seconds.predicted * static_cast<double>(layout.tensor * layout.data);
    const auto known = trials_of.find(i);
    runs.push_back(
        {{"id", run.id},
         {"trials", known == trials_of.end() ? Json::array() : known->second},
         {"trunk", run.branch ? Json(plan.runs[run.branch->trunk].id) : Json()},
         {"from_step", run.first_step()},
         {"tensor_parallel", layout.tensor},
         {"data_parallel", layout.data},
         {"predicted_seconds", seconds.predicted},
         {"predicted_seconds_interval", {seconds.lowest, seconds.highest}},
         {"memory_bytes_per_rank", memory_per_rank(run.spec, layout.tensor, layout.data)}});
  }
  Json json;
  json["study"] = plan.study;
  json["layout"] = {{"tensor_parallel", layout.tensor},
                    {"data_parallel", layout.data},
                    {"reason", layout.reason}};
  json["trials"] = std::move(trials);
  json["runs"] = std::move(runs);
  json["totals"] = {{"flops", plan.flops},
                    {"flops_without_sharing", plan.flops_without_sharing},
                    {"device_hours", device_seconds / 3600},
                    {"makespan_seconds", study_seconds(plan, ranks.ranks, layout, rate)}};
  return json;
}

std::string plan_table(const StudyPlan& plan, const PlanRanks& machine, const DeviceRate& rate) {
  const int ranks = machine.ranks;
  const StudyLayout layout = choose_layout(plan, machine, rate);
  std::string text =
      fmt::format("{:<16} {:<10} {:>4} {:>10} {:>10} {:>8} {:>9}  {}\n", "architecture", "size",
                  "seed", "parameters", "tokens", "steps", "memory", "budgets");
  std::map<std::size_t, std::vector<const PlannedTrial*>> trials_of;
  std::vector<std::size_t> order;
  for (const PlannedTrial& trial : plan.trials) {
    std::vector<const PlannedTrial*>& row = trials_of[trial.run];
    if (row.empty()) order.push_back(trial.run);
    row.push_back(&trial);
  }
  for (const std::size_t run : order) {
    const PlannedTrial& last = *trials_of[run].back();
    std::string budgets;
    for (const PlannedTrial* trial : trials_of[run])
      budgets += fmt::format(" {}", budget_text(trial->budget, trial->unit));
    text += fmt::format(
        "{:<16} {:<10} {:>4} {:>10} {:>10} {:>8} {:>9} {}\n", last.architecture, last.size,
        last.seed, amount_text(static_cast<double>(last.parameters)), amount_text(last.tokens),
        last.steps, bytes_text(memory_per_rank(plan.runs[run].spec, layout.tensor, layout.data)),
        budgets);
  }
  text += search_lines(plan);
  text += trunk_line(plan);
  std::size_t expected = 0;
  for (const PlannedRun& run : plan.runs) expected += run.expected_steps > 0;
  text += fmt::format(
      "{} trials in {} runs, {:.3g} FLOPs; each trained from its own start it would be "
      "{:.3g} ({:.2f}x)\n",
      plan.trials.size(), expected, plan.flops, plan.flops_without_sharing,
      plan.flops_without_sharing / plan.flops);
  text += time_lines(plan, ranks, layout, rate);
  text += fmt::format("Each run is trained by {} x {} ranks, tensor x data: {}.\n", layout.tensor,
                      layout.data, layout.reason);
  if (!plan.searches.empty()) text += "Totals assume that the middle rate wins each search.\n";
  return text;
}

}  // namespace isoloss
