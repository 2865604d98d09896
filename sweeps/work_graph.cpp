#include "sweeps/work_graph.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

namespace isoloss {
namespace {

// Losses that make the expected arm win and its neighbour second, by run.
std::vector<double> pretended_losses(const StudyPlan& plan) {
  std::vector<double> losses(plan.runs.size(), 1);
  for (const PlannedSearch& search : plan.searches)
    for (std::size_t i = 0; i < search.arms.size(); ++i)
      losses[search.arms[i]] =
          std::abs(static_cast<double>(i) - (static_cast<double>(search.assumed) + 0.25));
  return losses;
}

// The searches whose decision the run's work may wait for: those of its trials, those whose
// runner-up it is, and those of its branches.
std::vector<std::set<std::size_t>> searches_of_runs(const StudyPlan& plan) {
  std::vector<std::set<std::size_t>> searches(plan.runs.size());
  for (const PlannedTrial& trial : plan.trials)
    if (trial.search) searches[trial.run].insert(*trial.search);
  for (std::size_t s = 0; s < plan.searches.size(); ++s)
    for (const std::size_t run : plan.searches[s].checks) searches[run].insert(s);
  for (std::size_t run = 0; run < plan.runs.size(); ++run)
    if (const auto& branch = plan.runs[run].branch)
      searches[branch->trunk].insert(searches[run].begin(), searches[run].end());
  return searches;
}

// The schedule, run by as many workers as there is work, who all end together: what is ready then
// waits for what was over before.
class Waves {
 public:
  explicit Waves(const StudyPlan& plan)
      : plan_(plan),
        losses_(pretended_losses(plan)),
        searches_(searches_of_runs(plan)),
        progress_(plan.runs.size()),
        of_run_(plan.runs.size()),
        decided_after_(plan.searches.size()) {
    for (std::size_t run = 0; run < plan.runs.size(); ++run) progress_[run].id = plan.runs[run].id;
  }

  std::vector<WorkNode> nodes() {
    while (true) {
      std::vector<WorkItem> items = ready_work(plan_, progress_, decisions_);
      if (items.empty()) return std::move(nodes_);
      const std::size_t first = nodes_.size();
      for (WorkItem& item : items) {
        std::vector<std::size_t> after = waits_for(item);
        nodes_.push_back({std::move(item), std::move(after)});
      }
      for (std::size_t node = first; node < nodes_.size(); ++node) end(node);
      decide();
    }
  }

 private:
  std::vector<std::size_t> waits_for(const WorkItem& item) const {
    std::set<std::size_t> after;
    if (!of_run_[item.run].empty()) after.insert(of_run_[item.run].back());
    if (const auto& branch = plan_.runs[item.run].branch)
      for (const std::size_t node : of_run_[branch->trunk])
        if (nodes_[node].item.to_step == branch->step) after.insert(node);
    for (const std::size_t search : searches_[item.run])
      after.insert(decided_after_[search].begin(), decided_after_[search].end());
    return {after.begin(), after.end()};
  }

  void end(std::size_t node) {
    const WorkItem& item = nodes_[node].item;
    of_run_[item.run].push_back(node);
    RunProgress& run = progress_[item.run];
    run.checkpoint_step = item.to_step;
    if (item.keep) run.checkpoints.push_back(item.to_step);
    for (const EvaluationStop& stop : item.stops)
      run.selection_losses[stop.step] = losses_[item.run];
  }

  void decide() {
    decisions_ = due_decisions(plan_, progress_);
    std::set<std::string> keys;
    for (const SearchDecision& decision : decisions_) keys.insert(decision.key);
    for (std::size_t s = 0; s < plan_.searches.size(); ++s) {
      if (!decided_after_[s].empty() || !keys.contains(plan_.searches[s].key)) continue;
      for (const std::size_t arm : plan_.searches[s].arms)
        if (!of_run_[arm].empty()) decided_after_[s].push_back(of_run_[arm].back());
    }
  }

  const StudyPlan& plan_;
  std::vector<double> losses_;
  std::vector<std::set<std::size_t>> searches_;
  std::vector<RunProgress> progress_;
  std::vector<SearchDecision> decisions_;
  std::vector<WorkNode> nodes_;
  std::vector<std::vector<std::size_t>> of_run_;         // nodes by run, in order
  std::vector<std::vector<std::size_t>> decided_after_;  // arms' last nodes by search
};

}  // namespace

std::vector<WorkNode> work_graph(const StudyPlan& plan) { return Waves(plan).nodes(); }

}  // namespace isoloss
