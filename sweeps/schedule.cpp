#include "sweeps/schedule.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <utility>

namespace isoloss {
namespace {

constexpr std::size_t kNone = static_cast<std::size_t>(-1);

// The state of a study, looked up by indices of the plan.
class View {
 public:
  View(const StudyPlan& plan, std::span<const RunProgress> progress,
       std::span<const SearchDecision> decisions)
      : plan_(plan), progress_(plan.runs.size()), decisions_(plan.searches.size(), nullptr) {
    std::map<std::string, std::size_t> runs;
    for (std::size_t i = 0; i < plan.runs.size(); ++i) {
      runs.emplace(plan.runs[i].id, i);
      progress_[i] = &kNotBegun;
    }
    for (const RunProgress& known : progress)
      if (const auto found = runs.find(known.id); found != runs.end())
        progress_[found->second] = &known;
    std::map<std::string, const SearchDecision*> by_key;
    for (const SearchDecision& decision : decisions) by_key.emplace(decision.key, &decision);
    for (std::size_t s = 0; s < plan.searches.size(); ++s)
      if (const auto found = by_key.find(plan.searches[s].key); found != by_key.end())
        decisions_[s] = found->second;
  }

  const RunProgress& progress(std::size_t run) const { return *progress_[run]; }
  const SearchDecision* decision(std::size_t search) const { return decisions_[search]; }

  bool quarantined(std::size_t run) const {
    return !progress(run).diverged && progress(run).failed_attempts >= kAttemptsBeforeQuarantine;
  }

  bool evaluated(std::size_t run, std::int64_t step) const {
    return progress(run).selection_losses.contains(step);
  }

  std::size_t run_named(const std::vector<std::size_t>& among, const std::string& id) const {
    for (const std::size_t run : among)
      if (plan_.runs[run].id == id) return run;
    return kNone;
  }

  // The run that is the trial; kNone while that is not decided, or where its search has no winner.
  // The winner is another seed's or size's run: the trial takes the candidate of the same rate.
  std::size_t run_of(const PlannedTrial& trial) const {
    if (!trial.search) return trial.run;
    const SearchDecision* decided = decision(*trial.search);
    if (decided == nullptr) return kNone;
    const PlannedSearch& search = plan_.searches[*trial.search];
    for (std::size_t i = 0; i < search.arms.size(); ++i)
      if (plan_.runs[search.arms[i]].id == decided->winner) return trial.candidates[i];
    return kNone;
  }

 private:
  inline static const RunProgress kNotBegun{};
  const StudyPlan& plan_;
  std::vector<const RunProgress*> progress_;
  std::vector<const SearchDecision*> decisions_;
};

// What is asked of each run, as far as that is known.
struct Wanted {
  std::vector<std::vector<std::int64_t>> steps;     // at which it must have been evaluated
  std::vector<bool> search_arm;                     // an open decision waits for it
  std::vector<std::vector<std::int64_t>> branches;  // steps at which branches wait for it
  std::vector<double> tail;                         // FLOPs of the longest of those branches
  // Steps at which branches of the plan leave it, whether they wait or not, ascending.
  std::vector<std::vector<std::int64_t>> branch_points;
};

Wanted wanted_of(const StudyPlan& plan, const View& view) {
  const std::size_t runs = plan.runs.size();
  Wanted wanted{std::vector<std::vector<std::int64_t>>(runs), std::vector<bool>(runs, false),
                std::vector<std::vector<std::int64_t>>(runs), std::vector<double>(runs, 0),
                std::vector<std::vector<std::int64_t>>(runs)};
  for (const PlannedRun& run : plan.runs)
    if (run.branch) wanted.branch_points[run.branch->trunk].push_back(run.branch->step);
  for (std::vector<std::int64_t>& steps : wanted.branch_points) std::ranges::sort(steps);
  for (const PlannedTrial& trial : plan.trials)
    if (const std::size_t run = view.run_of(trial); run != kNone)
      wanted.steps[run].push_back(trial.steps);
  for (std::size_t s = 0; s < plan.searches.size(); ++s) {
    const PlannedSearch& search = plan.searches[s];
    const SearchDecision* decision = view.decision(s);
    if (decision == nullptr) {
      for (const std::size_t arm : search.arms) {
        wanted.steps[arm].push_back(search.step);
        wanted.search_arm[arm] = true;
      }
    } else if (search.runner_up_step > 0) {
      const std::size_t run = view.run_named(search.checks, decision->runner_up);
      if (run != kNone) wanted.steps[run].push_back(search.runner_up_step);
    }
  }
  return wanted;
}

std::int64_t furthest(const std::vector<std::int64_t>& steps) {
  return steps.empty() ? 0 : *std::max_element(steps.begin(), steps.end());
}

// Adds what open searches will ask for: of the arm that the plan's totals expect to win and of its
// neighbour, or of any arm.
enum class Assume { TheExpectedArm, EveryArm };
void add_assumed(const StudyPlan& plan, const View& view, Assume assume, Wanted& wanted) {
  for (const PlannedTrial& trial : plan.trials) {
    if (!trial.search || view.decision(*trial.search) != nullptr) continue;
    for (const std::size_t run : trial.candidates)
      if (assume == Assume::EveryArm || run == trial.run) wanted.steps[run].push_back(trial.steps);
  }
  for (std::size_t s = 0; s < plan.searches.size(); ++s) {
    const PlannedSearch& search = plan.searches[s];
    if (view.decision(s) != nullptr || search.runner_up_step == 0) continue;
    const std::size_t next = search.assumed + 1;
    const std::size_t expected = next < search.arms.size() ? next : search.assumed - 1;
    for (std::size_t i = 0; i < search.checks.size(); ++i)
      if (assume == Assume::EveryArm || i == expected)
        wanted.steps[search.checks[i]].push_back(search.runner_up_step);
  }
}

bool given_up(const View& view, std::size_t run) {
  return view.progress(run).diverged || view.quarantined(run);
}

bool all_evaluated(const View& view, std::size_t run, const std::vector<std::int64_t>& wanted) {
  return std::ranges::all_of(wanted, [&](std::int64_t step) { return view.evaluated(run, step); });
}

// A branch without a checkpoint of its own waits while its trunk is on its way to it.
bool waits_for_trunk(const View& view, const PlannedRun& branch, std::size_t run) {
  if (!branch.branch || view.progress(run).checkpoint_step > 0) return false;
  const std::size_t trunk = branch.branch->trunk;
  return !given_up(view, trunk) && view.progress(trunk).checkpoint_step < branch.branch->step;
}

void add_trunks(const StudyPlan& plan, const View& view, Wanted& wanted) {
  for (std::size_t run = 0; run < plan.runs.size(); ++run) {
    const PlannedRun& branch = plan.runs[run];
    if (all_evaluated(view, run, wanted.steps[run]) || given_up(view, run) ||
        !waits_for_trunk(view, branch, run))
      continue;
    const auto [trunk, step] = *branch.branch;
    wanted.branches[trunk].push_back(step);
    wanted.search_arm[trunk] = wanted.search_arm[trunk] || wanted.search_arm[run];
    wanted.tail[trunk] =
        std::max(wanted.tail[trunk],
                 static_cast<double>(furthest(wanted.steps[run]) - step) * branch.flops_per_step);
  }
}

// The first step past `from` at which a branch of the plan leaves the run; kNever without one.
constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();
std::int64_t next_branch(const Wanted& wanted, std::size_t trunk, std::int64_t from) {
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
std::optional<std::int64_t> start_of(const View& view, std::size_t run, const Wanted& wanted) {
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
std::optional<WorkItem> next_item(const StudyPlan& plan, const View& view, const Wanted& wanted,
                                  std::size_t run) {
  const PlannedRun& planned = plan.runs[run];
  const auto start = start_of(view, run, wanted);
  if (given_up(view, run) || !start || waits_for_trunk(view, planned, run)) return std::nullopt;
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
double longest_way(const StudyPlan& plan, const Wanted& wanted, const WorkItem& item) {
  const std::int64_t last = std::max(
      {furthest(wanted.steps[item.run]), furthest(wanted.branches[item.run]), item.to_step});
  return static_cast<double>(last - item.from_step) * plan.runs[item.run].flops_per_step +
         wanted.tail[item.run];
}

std::optional<SearchDecision> decide(const StudyPlan& plan, const PlannedSearch& search,
                                     const View& view) {
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
  const View view(plan, progress, {});
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
  const View view(plan, progress, decisions);
  Wanted wanted = wanted_of(plan, view);
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
  const View view(plan, progress, decisions);
  Wanted wanted = wanted_of(plan, view);
  add_assumed(plan, view, Assume::EveryArm, wanted);
  std::set<std::pair<std::size_t, std::int64_t>> needed, spent;
  for (std::size_t run = 0; run < plan.runs.size(); ++run) {
    const auto& branch = plan.runs[run].branch;
    if (!branch) continue;
    const bool over = view.progress(run).diverged || all_evaluated(view, run, wanted.steps[run]);
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
  const View view(plan, progress, decisions);
  for (std::size_t s = 0; s < plan.searches.size(); ++s)
    if (view.decision(s) == nullptr && decide(plan, plan.searches[s], view)) return false;
  return ready_work(plan, progress, decisions).empty();
}

std::vector<TrialState> trial_states(const StudyPlan& plan, std::span<const RunProgress> progress,
                                     std::span<const SearchDecision> decisions) {
  const View view(plan, progress, decisions);
  std::vector<TrialState> states;
  for (std::size_t t = 0; t < plan.trials.size(); ++t) {
    const PlannedTrial& trial = plan.trials[t];
    TrialState state{t, std::nullopt, TrialPhase::Waiting, ""};
    if (const std::size_t run = view.run_of(trial); run != kNone) {
      state.run = run;
      state.reason = view.progress(run).reason;
      if (view.evaluated(run, trial.steps)) {
        state.phase = TrialPhase::Done;
        state.reason.clear();
      } else if (view.progress(run).diverged) {
        state.phase = TrialPhase::Diverged;
      } else if (view.quarantined(run)) {
        state.phase = TrialPhase::Quarantined;
      } else {
        state.reason.clear();
      }
    } else if (view.decision(*trial.search) != nullptr) {
      state.phase = TrialPhase::Skipped;
      state.reason = "every learning rate of the search diverged";
    } else {
      for (const std::size_t arm : plan.searches[*trial.search].arms)
        if (view.quarantined(arm) && !view.evaluated(arm, plan.searches[*trial.search].step)) {
          state.phase = TrialPhase::Skipped;
          state.reason = fmt::format("its learning-rate search lacks run {}, which failed {} times",
                                     plan.runs[arm].id, view.progress(arm).failed_attempts);
        }
    }
    states.push_back(std::move(state));
  }
  return states;
}

StudyProgress study_progress(const StudyPlan& plan, std::span<const RunProgress> progress,
                             std::span<const SearchDecision> decisions) {
  const View view(plan, progress, decisions);
  Wanted wanted = wanted_of(plan, view);
  add_assumed(plan, view, Assume::TheExpectedArm, wanted);
  add_trunks(plan, view, wanted);
  StudyProgress sum;
  for (std::size_t run = 0; run < plan.runs.size(); ++run) {
    const RunProgress& known = view.progress(run);
    // What has been trained stays trained, also for an arm that lost.
    const std::int64_t first = plan.runs[run].first_step();
    const std::int64_t done = std::max(known.checkpoint_step, first);
    std::int64_t total =
        std::max({furthest(wanted.steps[run]), furthest(wanted.branches[run]), done});
    if (given_up(view, run)) total = done;
    sum.done_flops += static_cast<double>(done - first) * plan.runs[run].flops_per_step;
    sum.total_flops += static_cast<double>(total - first) * plan.runs[run].flops_per_step;
  }
  return sum;
}

}  // namespace isoloss
