#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "model/cost/flops.h"
#include "sweeps/plan_seconds.h"
#include "sweeps/plan_text.h"

namespace isoloss {
namespace {

using Json = nlohmann::ordered_json;

Json flops_json(const PlannedTrial& trial, const ModelSpec& model) {
  Json json;
  for (const auto& [name, per_token] : by_convention(flops_per_token(model)))
    json[name] = per_token * trial.tokens;
  return json;
}

Json schedule_json(const RankPlan& chosen) {
  Json items = Json::array();
  for (const ScheduledItem& scheduled : chosen.schedule.items) {
    const WorkItem& item = chosen.work[scheduled.node].item;
    items.push_back({{"run", item.id},
                     {"from_step", item.from_step},
                     {"to_step", item.to_step},
                     {"first_rank", scheduled.block.first},
                     {"ranks", scheduled.block.ranks},
                     {"begins_seconds", scheduled.begins},
                     {"ends_seconds", scheduled.ends}});
  }
  return {{"held", chosen.held}, {"reason", chosen.reason}, {"items", std::move(items)}};
}

}  // namespace

Json plan_json(const StudyPlan& plan, const PlanRanks& ranks, const DeviceRate& rate) {
  const RankPlan chosen = plan_ranks(plan, ranks, rate);
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
    for (const auto& [field, value] : trial.axes) trials.back()["axes"][field] = value;
  }
  Json runs = Json::array();
  const DeviceRates rates(rate);
  for (std::size_t i = 0; i < plan.runs.size(); ++i) {
    const PlannedRun& run = plan.runs[i];
    if (run.expected_steps == 0) continue;
    const RankLayout& layout = chosen.layouts[i];
    const Predicted seconds = run_seconds(run, layout, rates);
    const Predicted memory = predicted_memory(run.spec, layout);
    const auto known = trials_of.find(i);
    runs.push_back({{"id", run.id},
                    {"trials", known == trials_of.end() ? Json::array() : known->second},
                    {"trunk", run.branch ? Json(plan.runs[run.branch->trunk].id) : Json()},
                    {"from_step", run.first_step()},
                    {"tensor_parallel", layout.tensor},
                    {"data_parallel", layout.data},
                    {"predicted_seconds", seconds.value},
                    {"predicted_seconds_interval", {seconds.lowest, seconds.highest}},
                    {"memory_bytes_per_rank", memory.value},
                    {"memory_bytes_per_rank_interval", {memory.lowest, memory.highest}}});
  }
  const auto [makespan, device] = study_seconds(plan, chosen, ranks.ranks, rates);
  Json json;
  json["study"] = plan.study;
  json["trials"] = std::move(trials);
  json["runs"] = std::move(runs);
  json["schedule"] = schedule_json(chosen);
  json["totals"] = {{"flops", plan.flops},
                    {"flops_without_sharing", plan.flops_without_sharing},
                    {"device_hours", device.value / 3600},
                    {"device_hours_interval", {device.lowest / 3600, device.highest / 3600}},
                    {"makespan_seconds", makespan.value},
                    {"makespan_seconds_interval", {makespan.lowest, makespan.highest}}};
  if (ranks.price > 0) {
    const double second = ranks.price / 3600;
    json["totals"]["price"] = device.value * second;
    json["totals"]["price_interval"] = {device.lowest * second, device.highest * second};
  }
  return json;
}

}  // namespace isoloss
