#include "sweeps/schedule.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

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

// Steps at which a run must have been evaluated, as far as that is known.
struct Wanted {
  std::vector<std::vector<std::int64_t>> steps;  // of each run
  std::vector<bool> search_arm;                  // an open decision waits for it
};

Wanted wanted_of(const StudyPlan& plan, const View& view) {
  Wanted wanted{std::vector<std::vector<std::int64_t>>(plan.runs.size()),
                std::vector<bool>(plan.runs.size(), false)};
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
      const std::size_t run = view.run_named(search.arms, decision->runner_up);
      if (run != kNone) wanted.steps[run].push_back(search.runner_up_step);
    }
  }
  return wanted;
}

std::int64_t furthest(const std::vector<std::int64_t>& steps) {
  return steps.empty() ? 0 : *std::max_element(steps.begin(), steps.end());
}

// From where the run goes on; absent where nothing is left. A step wanted before the checkpoint
// that was never evaluated (a budget added later) asks for the start.
std::optional<std::int64_t> start_of(const View& view, std::size_t run,
                                     const std::vector<std::int64_t>& wanted) {
  const std::int64_t checkpoint = view.progress(run).checkpoint_step;
  bool open = false;
  bool missed = false;
  for (const std::int64_t step : wanted) {
    if (step <= checkpoint && view.evaluated(run, step)) continue;
    open = true;
    missed = missed || step <= checkpoint;
  }
  if (!open) return std::nullopt;
  return missed ? 0 : checkpoint;
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
    decision.runner_up = decision.arms[order[1]].run;
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

std::vector<WorkItem> ready_work(const StudyPlan& plan, std::span<const RunProgress> progress,
                                 std::span<const SearchDecision> decisions) {
  const View view(plan, progress, decisions);
  const Wanted wanted = wanted_of(plan, view);
  std::vector<WorkItem> items;
  for (std::size_t run = 0; run < plan.runs.size(); ++run) {
    if (view.progress(run).diverged || view.quarantined(run)) continue;
    const auto start = start_of(view, run, wanted.steps[run]);
    if (!start) continue;
    WorkItem item;
    item.run = run;
    item.id = plan.runs[run].id;
    item.from_step = *start;
    item.to_step = furthest(wanted.steps[run]);
    // A run restarted for a missed budget goes on to where it had been: its later evaluations are
    // part of the study already.
    if (*start == 0) item.to_step = std::max(item.to_step, view.progress(run).checkpoint_step);
    item.flops = static_cast<double>(item.to_step - item.from_step) * plan.runs[run].flops_per_step;
    item.search_arm = wanted.search_arm[run];
    for (const EvaluationStop& stop : plan.runs[run].stops)
      if (stop.step > item.from_step && stop.step <= item.to_step) item.stops.push_back(stop);
    items.push_back(std::move(item));
  }
  std::stable_sort(items.begin(), items.end(), [](const WorkItem& a, const WorkItem& b) {
    return a.search_arm != b.search_arm ? a.search_arm : a.flops > b.flops;
  });
  return items;
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
  for (const PlannedTrial& trial : plan.trials)
    if (trial.search && view.decision(*trial.search) == nullptr)
      wanted.steps[trial.run].push_back(trial.steps);
  for (std::size_t s = 0; s < plan.searches.size(); ++s) {
    const PlannedSearch& search = plan.searches[s];
    if (view.decision(s) != nullptr || search.runner_up_step == 0) continue;
    const std::size_t next = search.assumed + 1;
    wanted.steps[search.arms[next < search.arms.size() ? next : search.assumed - 1]].push_back(
        search.runner_up_step);
  }
  StudyProgress sum;
  for (std::size_t run = 0; run < plan.runs.size(); ++run) {
    const RunProgress& known = view.progress(run);
    // What has been trained stays trained, also for an arm that lost.
    std::int64_t total = std::max(furthest(wanted.steps[run]), known.checkpoint_step);
    if (known.diverged || view.quarantined(run)) total = known.checkpoint_step;
    sum.done_flops += static_cast<double>(known.checkpoint_step) * plan.runs[run].flops_per_step;
    sum.total_flops += static_cast<double>(total) * plan.runs[run].flops_per_step;
  }
  return sum;
}

}  // namespace isoloss
