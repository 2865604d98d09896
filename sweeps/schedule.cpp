#include "sweeps/schedule.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <utility>

#include "sweeps/study_view.h"
#include "sweeps/wanted_work.h"

namespace isoloss {
namespace {

// The first step past `from` at which a branch of the plan leaves the run; kNever without one.
constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();
std::int64_t next_branch(const WantedWork& wanted, std::size_t trunk, std::int64_t from) {
  const std::vector<std::int64_t>& steps = wanted.branch_points[trunk];
  const auto next = std::ranges::upper_bound(steps, from);
  return next == steps.end() ? kNever : *next;
}

// The last checkpoint of its trunk that a branch can begin from; 0 for none.
std::int64_t last_before(const std::vector<std::int64_t>& checkpoints, std::int64_t step) {
  const auto after = std::ranges::upper_bound(checkpoints, step);
  return after == checkpoints.begin() ? 0 : *(after - 1);
}

// From where the run goes on; absent where nothing is left. A step wanted before the checkpoint
// that was never evaluated (a budget added later) asks for the start; the checkpoint's own step is
// evaluated from it.
std::optional<std::int64_t> start_of(const StudyView& view, std::size_t run,
                                     const WantedWork& wanted) {
  const std::int64_t checkpoint = view.progress(run).checkpoint_step;
  const std::int64_t end = std::max(furthest(wanted.steps[run]), furthest(wanted.branches[run]));
  // Saved to its end, and killed before its file said so: that is left to do.
  const bool unsaid = view.progress(run).unfinished && checkpoint > 0 && checkpoint == end;
  bool open = furthest(wanted.branches[run]) > checkpoint || unsaid;
  bool missed = false;
  for (const std::int64_t step : wanted.steps[run]) {
    if (step <= checkpoint && view.evaluated(run, step)) continue;
    open = true;
    missed = missed || step < checkpoint;
  }
  if (!open) return std::nullopt;
  return missed ? 0 : checkpoint;
}

// What is left of a run, up to its next branch; absent where nothing is, or where it has to wait.
std::optional<WorkItem> next_item(const StudyPlan& plan, const StudyView& view,
                                  const WantedWork& wanted, std::size_t run) {
  const PlannedRun& planned = plan.runs[run];
  const auto start = start_of(view, run, wanted);
  if (view.given_up(run) || !start || waits_for_trunk(view, planned, run)) return std::nullopt;
  WorkItem item;
  item.run = run;
  item.id = planned.id;
  item.from_step = *start;
  item.to_step = std::max(furthest(wanted.steps[run]), furthest(wanted.branches[run]));
  item.search_arm = wanted.search_arm[run];
  if (view.progress(run).checkpoint_step == 0 && planned.branch) {
    const std::size_t trunk = planned.branch->trunk;
    item.from_step = last_before(view.progress(trunk).checkpoints, planned.branch->step);
    if (item.from_step > 0) item.trunk = plan.runs[trunk].id;
  } else if (*start < view.progress(run).checkpoint_step) {
    // A run restarted for a missed budget goes on to where it had been: its later evaluations are
    // part of the study already.
    item.to_step = std::max(item.to_step, view.progress(run).checkpoint_step);
  } else if (const std::int64_t next = next_branch(wanted, run, *start); next <= item.to_step) {
    item.to_step = next;
    item.keep = true;
  }
  item.flops = static_cast<double>(item.to_step - item.from_step) * planned.flops_per_step;
  const bool measured =
      item.from_step == 0 || !item.trunk.empty() || view.evaluated(run, item.from_step);
  for (const EvaluationStop& stop : planned.stops)
    if ((stop.step > item.from_step || (stop.step == item.from_step && !measured)) &&
        stop.step <= item.to_step)
      item.stops.push_back(stop);
  return item;
}

// FLOPs until everything that waits for the run could be over.
double longest_way(const StudyPlan& plan, const WantedWork& wanted, const WorkItem& item) {
  const std::int64_t last = std::max(
      {furthest(wanted.steps[item.run]), furthest(wanted.branches[item.run]), item.to_step});
  return static_cast<double>(last - item.from_step) * plan.runs[item.run].flops_per_step +
         wanted.tail[item.run];
}

std::optional<SearchDecision> decide(const StudyPlan& plan, const PlannedSearch& search,
                                     const StudyView& view) {
  SearchDecision decision;
  decision.key = search.key;
  decision.architecture = search.architecture;
  decision.size = search.size;
  decision.every_size = search.every_size;
  decision.budget = search.budget.value;
  decision.this_budget_only = search.this_budget_only;
  std::vector<std::size_t> order;  // of the arms that did not diverge, best first
  for (std::size_t i = 0; i < search.arms.size(); ++i) {
    const std::size_t run = search.arms[i];
    SearchArm arm{plan.runs[run].id, plan.runs[run].spec.optimizer.learning_rate, 0, false};
    const auto& losses = view.progress(run).selection_losses;
    if (const auto found = losses.find(search.step);
        found != losses.end() && std::isfinite(found->second)) {
      arm.selection_loss = found->second;
      order.push_back(i);
    } else if (found != losses.end() || view.progress(run).diverged) {
      arm.diverged = true;
    } else {
      return std::nullopt;
    }
    decision.arms.push_back(std::move(arm));
  }
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return decision.arms[a].selection_loss < decision.arms[b].selection_loss;
  });
  if (order.empty()) return decision;
  decision.winner = decision.arms[order[0]].run;
  decision.learning_rate = decision.arms[order[0]].learning_rate;
  decision.at_edge = order[0] == 0 || order[0] + 1 == search.arms.size();
  if (search.runner_up_step > 0 && order.size() > 1)
    decision.runner_up = plan.runs[search.checks[order[1]]].id;
  return decision;
}

}  // namespace

std::vector<SearchDecision> due_decisions(const StudyPlan& plan,
                                          std::span<const RunProgress> progress) {
  const StudyView view(plan, progress, {});
  std::vector<SearchDecision> due;
  for (const PlannedSearch& search : plan.searches)
    if (auto decision = decide(plan, search, view)) due.push_back(std::move(*decision));
  return due;
}

bool more_urgent(const WorkItem& a, const WorkItem& b) {
  return a.search_arm != b.search_arm ? a.search_arm : a.way_flops > b.way_flops;
}

std::vector<WorkItem> ready_work(const StudyPlan& plan, std::span<const RunProgress> progress,
                                 std::span<const SearchDecision> decisions) {
  const StudyView view(plan, progress, decisions);
  WantedWork wanted = wanted_of(plan, view);
  add_trunks(plan, view, wanted);
  std::vector<WorkItem> items;
  for (std::size_t run = 0; run < plan.runs.size(); ++run)
    if (auto item = next_item(plan, view, wanted, run)) {
      item->way_flops = longest_way(plan, wanted, *item);
      items.push_back(std::move(*item));
    }
  std::stable_sort(items.begin(), items.end(), more_urgent);
  return items;
}

std::vector<KeptCheckpoint> spent_checkpoints(const StudyPlan& plan,
                                              std::span<const RunProgress> progress,
                                              std::span<const SearchDecision> decisions) {
  const StudyView view(plan, progress, decisions);
  WantedWork wanted = wanted_of(plan, view);
  add_assumed(plan, view, Assume::EveryArm, wanted);
  std::set<std::pair<std::size_t, std::int64_t>> needed, spent;
  for (std::size_t run = 0; run < plan.runs.size(); ++run) {
    const auto& branch = plan.runs[run].branch;
    if (!branch) continue;
    const bool over = view.progress(run).diverged || view.evaluated(run, wanted.steps[run]);
    (over ? spent : needed).emplace(branch->trunk, branch->step);
  }
  std::vector<KeptCheckpoint> list;
  for (const auto& [trunk, step] : spent)
    if (!needed.contains({trunk, step}) &&
        std::ranges::binary_search(view.progress(trunk).checkpoints, step))
      list.push_back({plan.runs[trunk].id, step});
  return list;
}

bool is_done(const StudyPlan& plan, std::span<const RunProgress> progress,
             std::span<const SearchDecision> decisions) {
  const StudyView view(plan, progress, decisions);
  for (std::size_t s = 0; s < plan.searches.size(); ++s)
    if (view.decision(s) == nullptr && decide(plan, plan.searches[s], view)) return false;
  return ready_work(plan, progress, decisions).empty();
}

}  // namespace isoloss
