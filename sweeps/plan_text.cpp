#include "sweeps/plan_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "model/cost/flops.h"
#include "sweeps/plan_seconds.h"
#include "sweeps/quantity_text.h"

namespace isoloss {
namespace {

std::string search_lines(const StudyPlan& plan) {
  std::string text;
  for (const PlannedSearch& search : plan.searches) {
    std::string axes, rates;
    for (const auto& [field, value] : search.axes) axes += fmt::format(", {} {}", field, value);
    for (const std::size_t arm : search.arms)
      rates += fmt::format(" {}", plan.runs[arm].spec.optimizer.learning_rate);
    text += fmt::format("learning rate of {}{}{}: searched over{}, decided at size {} and {}{}\n",
                        search.architecture, search.every_size ? "" : " " + search.size, axes,
                        rates, search.size, budget_text(search.budget.value, search.budget.unit),
                        search.this_budget_only ? " for that budget" : "");
  }
  return text;
}

double exact_flops(const StudyPlan& plan, const PlannedTrial& trial) {
  return flops_per_token(plan.runs[trial.run].spec.model).exact * trial.tokens;
}

// What papers spent beside what is counted here for the longest trial of that name.
std::string published_lines(const StudyPlan& plan) {
  std::string text;
  for (const PublishedCost& cost : plan.published) {
    double here = 0;
    for (const PlannedTrial& trial : plan.trials)
      if (trial.architecture == cost.architecture && trial.size == cost.size)
        here = std::max(here, exact_flops(plan, trial));
    text +=
        fmt::format("{} at {}: {:.3g} FLOPs published ({}), {:.3g} counted here, {:.2f} of it\n",
                    cost.architecture, cost.size, cost.flops, cost.source, here, here / cost.flops);
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

// Of the runs that are expected.
struct RunCounts {
  std::size_t all = 0;
  std::size_t measured = 0;  // their steps were, here
  std::size_t small = 0;     // smaller than all models that the rate is of
};
RunCounts run_counts(const StudyPlan& plan, const DeviceRate& rate) {
  RunCounts counts;
  for (const PlannedRun& run : plan.runs) {
    if (run.expected_steps == 0) continue;
    ++counts.all;
    counts.measured += rate.steps.contains(step_key(run.spec));
    counts.small += static_cast<double>(run.parameters) < rate.fewest_parameters;
  }
  return counts;
}

std::string time_lines(const StudyPlan& plan, const RankPlan& chosen, const PlanRanks& ranks,
                       const DeviceRate& rate) {
  const auto [makespan, device] = study_seconds(plan, chosen, ranks.ranks, DeviceRates(rate));
  const RunCounts counts = run_counts(plan, rate);
  const std::string how =
      counts.measured == counts.all
          ? "by steps measured on this machine"
          : fmt::format("at {:.0f} GFLOP/s each ({})", rate.flops_per_second / 1e9, rate.device);
  std::string text = fmt::format(
      "{} on {} rank{} {}, between {} and {} as the rate turns out: {:.3g} device-hours ({:.3g} to "
      "{:.3g})\n",
      seconds_text(makespan.value), ranks.ranks, ranks.ranks == 1 ? "" : "s", how,
      seconds_text(makespan.lowest), seconds_text(makespan.highest), device.value / 3600,
      device.lowest / 3600, device.highest / 3600);
  if (ranks.price > 0) {
    const double second = ranks.price / 3600;
    text += fmt::format("price {:.4g} ({:.4g} to {:.4g}) at {:g} a device-hour\n",
                        device.value * second, device.lowest * second, device.highest * second,
                        ranks.price);
  }
  return text;
}

// Of the run that needs most.
std::string memory_line(const StudyPlan& plan, const RankPlan& chosen) {
  Predicted most;
  for (std::size_t i = 0; i < plan.runs.size(); ++i) {
    if (plan.runs[i].expected_steps == 0) continue;
    const Predicted memory = predicted_memory(plan.runs[i].spec, chosen.layouts[i]);
    if (memory.value > most.value) most = memory;
  }
  return fmt::format("memory of a rank at most {}, between {} and {}\n", bytes_text(most.value),
                     bytes_text(most.lowest), bytes_text(most.highest));
}

// What the prediction rests on, where that is more than this program's own rate of a core.
std::string rate_lines(const StudyPlan& plan, const DeviceRate& rate) {
  const auto [all, measured, small] = run_counts(plan, rate);
  std::string text;
  if (measured > 0 && measured < all)
    text += fmt::format(
        "Steps of {} of {} runs were measured on this machine; of the others the rate is "
        "assumed.\n",
        measured, all);
  if (rate.memory_bytes > 0)
    text += fmt::format("The rate of {} is of {}.\n", rate.device, rate.source);
  if (small > 0)
    text += fmt::format(
        "{} of {} runs have fewer than {} parameters, fewer than any model of that rate: they will "
        "take longer than predicted.\n",
        small, all, amount_text(rate.fewest_parameters));
  return text;
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

// A column for each of the grid's axes, behind that of seeds: their names, or a trial's values.
class AxisColumns {
 public:
  explicit AxisColumns(const StudyPlan& plan) {
    for (const PlannedTrial& trial : plan.trials) {
      widths_.resize(trial.axes.size(), 0);
      for (std::size_t i = 0; i < trial.axes.size(); ++i)
        widths_[i] =
            std::max({widths_[i], trial.axes[i].first.size(), trial.axes[i].second.size()});
    }
  }
  std::string names(const PlannedTrial& trial) const {
    return cells(trial, [](const auto& axis) { return axis.first; });
  }
  std::string values(const PlannedTrial& trial) const {
    return cells(trial, [](const auto& axis) { return axis.second; });
  }

 private:
  template <typename Text>
  std::string cells(const PlannedTrial& trial, Text text) const {
    std::string cells;
    for (std::size_t i = 0; i < widths_.size(); ++i)
      cells += fmt::format(" {:>{}}", text(trial.axes[i]), widths_[i]);
    return cells;
  }

  std::vector<std::size_t> widths_;
};

// A line each, of runs that trials are in.
std::string run_lines(const StudyPlan& plan, const RankPlan& chosen, const DeviceRate& rate) {
  const AxisColumns axes(plan);
  std::string text =
      fmt::format("{:<16} {:<10} {:>4}{} {:>10} {:>10} {:>8} {:>9} {:>9} {:>9} {:<22} {}\n",
                  "architecture", "size", "seed", axes.names(plan.trials.at(0)), "parameters",
                  "tokens", "steps", "FLOPs", "memory", "time", " between", "budgets");
  const DeviceRates rates(rate);
  std::map<std::size_t, std::vector<const PlannedTrial*>> trials_of;
  std::vector<std::size_t> order;
  for (const PlannedTrial& trial : plan.trials) {
    std::vector<const PlannedTrial*>& row = trials_of[trial.run];
    if (row.empty()) order.push_back(trial.run);
    row.push_back(&trial);
  }
  for (const std::size_t run : order) {
    const PlannedTrial& last = *trials_of[run].back();
    const Predicted seconds = run_seconds(plan.runs[run], chosen.layouts[run], rates);
    std::string budgets;
    for (const PlannedTrial* trial : trials_of[run])
      budgets += fmt::format(" {}", budget_text(trial->budget, trial->unit));
    text += fmt::format(
        "{:<16} {:<10} {:>4}{} {:>10} {:>10} {:>8} {:>9.3g} {:>9} {:>9} {:<22}{}\n",
        last.architecture, last.size, last.seed, axes.values(last),
        amount_text(static_cast<double>(last.parameters)), amount_text(last.tokens), last.steps,
        exact_flops(plan, last),
        bytes_text(memory_per_rank(plan.runs[run].spec, chosen.layouts[run])),
        seconds_text(seconds.value),
        fmt::format(" {} to {}", seconds_text(seconds.lowest), seconds_text(seconds.highest)),
        budgets);
  }
  return text;
}

}  // namespace

std::string plan_table(const StudyPlan& plan, const PlanRanks& machine, const DeviceRate& rate) {
  const RankPlan chosen = plan_ranks(plan, machine, rate);
  std::string text;
  if (!chosen.held)
    text += fmt::format("Does not fit into the memory of these ranks: {}.\n", chosen.reason);
  text += run_lines(plan, chosen, rate);
  text += published_lines(plan);
  text += search_lines(plan);
  text += trunk_line(plan);
  std::size_t expected = 0;
  for (const PlannedRun& run : plan.runs) expected += run.expected_steps > 0;
  text += fmt::format(
      "{} trials in {} runs, {:.3g} FLOPs; each trained from its own start it would be "
      "{:.3g} ({:.2f}x)\n",
      plan.trials.size(), expected, plan.flops, plan.flops_without_sharing,
      plan.flops_without_sharing / plan.flops);
  text += time_lines(plan, chosen, machine, rate);
  text += memory_line(plan, chosen);
  text += rate_lines(plan, rate);
  text += schedule_lines(chosen);
  if (chosen.held) text += fmt::format("So shared because {}.\n", chosen.reason);
  if (!plan.searches.empty()) text += "Totals assume that the middle rate wins each search.\n";
  return text;
}

}  // namespace isoloss
