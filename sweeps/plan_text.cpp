#include "sweeps/plan_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <tuple>
#include <utility>

#include "model/cost/flops.h"
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

DeviceRate at(const DeviceRate& rate, double flops_per_second) {
  DeviceRate other = rate;
  other.flops_per_second = flops_per_second;
  return other;
}

// Of a run by its ranks: predicted, at best, and by one rank alone at the lowest rate, because what
// ranks lose to each other is known of one machine only.
struct RunSeconds {
  double predicted, lowest, highest;
};
RunSeconds seconds_of(const PlannedRun& run, const RankLayout& layout, const DeviceRate& rate) {
  return {own_steps(run) * step_seconds(run.spec, layout, rate),
          own_steps(run) * step_seconds(run.spec, layout, at(rate, rate.highest)),
          own_steps(run) * step_seconds(run.spec, {1, 1}, at(rate, rate.lowest))};
}

// What all ranks together spend, predicted.
double device_seconds(const RankPlan& chosen) {
  double sum = 0;
  for (const ScheduledItem& item : chosen.schedule.items)
    sum += item.block.ranks * (item.ends - item.begins);
  return sum;
}

// The makespan with its interval, whose ends are as those of a run's seconds.
struct Makespan {
  double predicted, lowest, highest;
};
Makespan makespan_of(const StudyPlan& plan, const RankPlan& chosen, int ranks,
                     const DeviceRate& rate) {
  const auto seconds = [&](const DeviceRate& other, bool alone) {
    std::map<std::pair<std::size_t, int>, double> known;
    return schedule_of(chosen, ranks,
                       [&](std::size_t run, int width) {
                         const auto [step, fresh] = known.try_emplace({run, width}, 0);
                         if (fresh) {
                           const RunSpec& spec = plan.runs[run].spec;
                           // Narrower blocks than planned are rare: by its own layout's part.
                           const RankLayout layout = alone ? RankLayout{} : chosen.layouts[run];
                           step->second =
                               step_seconds(spec, layout, other) *
                               (alone ? 1.0 : static_cast<double>(layout.ranks()) / width);
                         }
                         return step->second;
                       })
        .seconds;
  };
  return {chosen.schedule.seconds, seconds(at(rate, rate.highest), false),
          seconds(at(rate, rate.lowest), true)};
}

std::string time_line(const StudyPlan& plan, const RankPlan& chosen, int ranks,
                      const DeviceRate& rate) {
  const Makespan makespan = makespan_of(plan, chosen, ranks, rate);
  return fmt::format(
      "{} on {} rank{} at {:.0f} GFLOP/s each ({}), between {} and {} as the rate turns out: "
      "{:.3g} device-hours\n",
      seconds_text(makespan.predicted), ranks, ranks == 1 ? "" : "s", rate.flops_per_second / 1e9,
      rate.device, seconds_text(makespan.lowest), seconds_text(makespan.highest),
      device_seconds(chosen) / 3600);
}

// Who trains the runs, widest first, and when.
std::string schedule_lines(const RankPlan& chosen) {
  struct Share {
    std::set<std::size_t> runs;
    double begins = 0, ends = 0;
  };
  std::map<std::tuple<int, int, int>, Share, std::greater<>> shares;
  for (const ScheduledItem& item : chosen.schedule.items) {
    const std::size_t run = chosen.work[item.node].item.run;
    const RankLayout& layout = chosen.layouts[run];
    const auto [share, fresh] =
        shares.try_emplace({layout.ranks(), layout.tensor, layout.data}, Share{});
    share->second.runs.insert(run);
    share->second.begins = fresh ? item.begins : std::min(share->second.begins, item.begins);
    share->second.ends = std::max(share->second.ends, item.ends);
  }
  std::string text;
  for (const auto& [layout, share] : shares) {
    const auto [ranks, tensor, data] = layout;
    text += fmt::format("{} run{} by {} rank{} each ({} x {}, tensor x data), from {} to {}\n",
                        share.runs.size(), share.runs.size() == 1 ? "" : "s", ranks,
                        ranks == 1 ? "" : "s", tensor, data, seconds_text(share.begins),
                        seconds_text(share.ends));
  }
  return text;
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
  return {{"reason", chosen.reason}, {"items", std::move(items)}};
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
  }
  Json runs = Json::array();
  for (std::size_t i = 0; i < plan.runs.size(); ++i) {
    const PlannedRun& run = plan.runs[i];
    if (run.expected_steps == 0) continue;
    const RankLayout& layout = chosen.layouts[i];
    const RunSeconds seconds = seconds_of(run, layout, rate);
    const auto known = trials_of.find(i);
    runs.push_back({{"id", run.id},
                    {"trials", known == trials_of.end() ? Json::array() : known->second},
                    {"trunk", run.branch ? Json(plan.runs[run.branch->trunk].id) : Json()},
                    {"from_step", run.first_step()},
                    {"tensor_parallel", layout.tensor},
                    {"data_parallel", layout.data},
                    {"predicted_seconds", seconds.predicted},
                    {"predicted_seconds_interval", {seconds.lowest, seconds.highest}},
                    {"memory_bytes_per_rank", memory_per_rank(run.spec, layout)}});
  }
  Json json;
  json["study"] = plan.study;
  json["trials"] = std::move(trials);
  json["runs"] = std::move(runs);
  json["schedule"] = schedule_json(chosen);
  json["totals"] = {{"flops", plan.flops},
                    {"flops_without_sharing", plan.flops_without_sharing},
                    {"device_hours", device_seconds(chosen) / 3600},
                    {"makespan_seconds", chosen.schedule.seconds}};
  return json;
}

std::string plan_table(const StudyPlan& plan, const PlanRanks& machine, const DeviceRate& rate) {
  const RankPlan chosen = plan_ranks(plan, machine, rate);
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
        last.steps, bytes_text(memory_per_rank(plan.runs[run].spec, chosen.layouts[run])), budgets);
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
  text += time_line(plan, chosen, machine.ranks, rate);
  text += schedule_lines(chosen);
  text += fmt::format("So shared because {}.\n", chosen.reason);
  if (!plan.searches.empty()) text += "Totals assume that the middle rate wins each search.\n";
  return text;
}

}  // namespace isoloss
