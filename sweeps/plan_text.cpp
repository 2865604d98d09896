#include "sweeps/plan_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "model/cost/flops.h"
#include "model/spec/error.h"
#include "model/spec/nearest_name.h"
#include "sweeps/layout.h"
#include "sweeps/schedule.h"

namespace isoloss {
namespace {

using Json = nlohmann::ordered_json;

double seconds_of(const PlannedRun& run, double flops_per_second) {
  // Threads share a step; what they add is left to the interval.
  return static_cast<double>(run.expected_steps - run.first_step()) * run.flops_per_step /
         flops_per_second;
}

Json flops_json(const PlannedTrial& trial, const ModelSpec& model) {
  Json json;
  for (const auto& [name, per_token] : by_convention(flops_per_token(model)))
    json[name] = per_token * trial.tokens;
  return json;
}

// A loss that makes the expected arm win and its neighbour second.
double pretended_loss(const StudyPlan& plan, std::size_t run) {
  for (const PlannedSearch& search : plan.searches)
    for (std::size_t i = 0; i < search.arms.size(); ++i)
      if (search.arms[i] == run) {
        const auto expected = static_cast<double>(search.assumed) + 0.25;
        return std::abs(static_cast<double>(i) - expected);
      }
  return 1;
}

std::string people_seconds(double seconds) {
  if (seconds < 100) return fmt::format("{:.0f} s", seconds);
  if (seconds < 6000) return fmt::format("{:.1f} min", seconds / 60);
  return fmt::format("{:.1f} h", seconds / 3600);
}

std::string people_bytes(double bytes) {
  if (bytes < 1e9) return fmt::format("{:.1f} MB", bytes / 1e6);
  return fmt::format("{:.2f} GB", bytes / 1e9);
}

std::string people_count(double count) {
  if (count < 1e6) return fmt::format("{:.1f} k", count / 1e3);
  if (count < 1e9) return fmt::format("{:.2f} M", count / 1e6);
  return fmt::format("{:.2f} G", count / 1e9);
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

// Of a block that trains one run together, had every rank its full share; the interval reaches down
// to one rank alone, because what the ranks lose to each other has not been measured.
DeviceRate rate_of_block(DeviceRate rate, const StudyLayout& layout) {
  const auto ranks = static_cast<double>(layout.tensor * layout.data);
  rate.flops_per_second *= ranks;
  rate.highest *= ranks;
  return rate;
}

// Runs that are trained side by side.
int blocks_of(const StudyLayout& layout, int ranks) {
  return std::max(1, ranks / static_cast<int>(layout.tensor * layout.data));
}

}  // namespace

DeviceRate device_rate(const std::string& device) {
  // One core at widths of 24 to 64 in float32: whole studies ran at 75 to 85 GFLOP/s on a Xeon with
  // AVX-512 (docs/performance.md); the interval allows for older processors and wider models.
  static const std::vector<DeviceRate> rates = {{"cpu", 75e9, 30e9, 110e9}};
  std::vector<std::string> known;
  for (const DeviceRate& rate : rates) {
    if (rate.device == device) return rate;
    known.push_back(rate.device);
  }
  throw InputError("--device: '" + device + "' has no measured rate (hours cannot be predicted)" +
                   suggestion(device, known));
}

double makespan_seconds(const StudyPlan& plan, int ranks, const DeviceRate& rate) {
  struct Worker {
    double free_at = 0;
    std::optional<WorkItem> item;
  };
  std::vector<Worker> workers(static_cast<std::size_t>(std::max(ranks, 1)));
  std::vector<RunProgress> progress(plan.runs.size());
  for (std::size_t i = 0; i < plan.runs.size(); ++i) progress[i].id = plan.runs[i].id;
  std::vector<SearchDecision> decisions;
  std::vector<bool> claimed(plan.runs.size(), false);
  double now = 0;
  while (true) {
    for (const WorkItem& item : ready_work(plan, progress, decisions)) {
      if (claimed[item.run]) continue;
      const auto idle = std::find_if(workers.begin(), workers.end(),
                                     [](const Worker& worker) { return !worker.item; });
      if (idle == workers.end()) break;
      claimed[item.run] = true;
      idle->free_at = now + item.flops / rate.flops_per_second;
      idle->item = item;
    }
    Worker* next = nullptr;
    for (Worker& worker : workers)
      if (worker.item && (next == nullptr || worker.free_at < next->free_at)) next = &worker;
    if (next == nullptr) return now;
    now = next->free_at;
    RunProgress& run = progress[next->item->run];
    run.checkpoint_step = next->item->to_step;
    if (next->item->keep) run.checkpoints.push_back(next->item->to_step);
    for (const EvaluationStop& stop : next->item->stops)
      run.selection_losses[stop.step] = pretended_loss(plan, next->item->run);
    claimed[next->item->run] = false;
    next->item.reset();
    decisions = due_decisions(plan, progress);
  }
}

Json plan_json(const StudyPlan& plan, const PlanRanks& ranks, const DeviceRate& of_rank) {
  const StudyLayout layout = choose_layout(plan, ranks.ranks, ranks.bytes_per_rank);
  const DeviceRate rate = rate_of_block(of_rank, layout);
  const int blocks = blocks_of(layout, ranks.ranks);
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
    const double seconds = seconds_of(run, rate.flops_per_second);
    device_seconds += seconds * static_cast<double>(layout.tensor * layout.data);
    const auto known = trials_of.find(i);
    runs.push_back(
        {{"id", run.id},
         {"trials", known == trials_of.end() ? Json::array() : known->second},
         {"trunk", run.branch ? Json(plan.runs[run.branch->trunk].id) : Json()},
         {"from_step", run.first_step()},
         {"tensor_parallel", layout.tensor},
         {"data_parallel", layout.data},
         {"predicted_seconds", seconds},
         {"predicted_seconds_interval",
          {seconds_of(run, rate.highest), seconds_of(run, rate.lowest)}},
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
                    {"makespan_seconds", makespan_seconds(plan, blocks, rate)}};
  return json;
}

std::string plan_table(const StudyPlan& plan, const PlanRanks& machine, const DeviceRate& rate) {
  const int ranks = machine.ranks;
  const StudyLayout layout = choose_layout(plan, ranks, machine.bytes_per_rank);
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
        last.seed, people_count(static_cast<double>(last.parameters)), people_count(last.tokens),
        last.steps, people_bytes(memory_per_rank(plan.runs[run].spec, layout.tensor, layout.data)),
        budgets);
  }
  text += search_lines(plan);
  text += trunk_line(plan);
  std::size_t expected = 0;
  for (const PlannedRun& run : plan.runs) expected += run.expected_steps > 0;
  const DeviceRate block = rate_of_block(rate, layout);
  const double seconds = makespan_seconds(plan, blocks_of(layout, ranks), block);
  text += fmt::format(
      "{} trials in {} runs, {:.3g} FLOPs; each trained from its own start it would be "
      "{:.3g} ({:.2f}x)\n",
      plan.trials.size(), expected, plan.flops, plan.flops_without_sharing,
      plan.flops_without_sharing / plan.flops);
  text += fmt::format(
      "{} on {} rank{} at {:.0f} GFLOP/s each ({}), between {} and {} as the rate "
      "turns out\n",
      people_seconds(seconds), ranks, ranks == 1 ? "" : "s", rate.flops_per_second / 1e9,
      rate.device, people_seconds(seconds * block.flops_per_second / block.highest),
      people_seconds(seconds * block.flops_per_second / block.lowest));
  text += fmt::format("Each run is trained by {} x {} ranks, tensor x data: {}.\n", layout.tensor,
                      layout.data, layout.reason);
  if (!plan.searches.empty()) text += "Totals assume that the middle rate wins each search.\n";
  return text;
}

}  // namespace isoloss
