#include "sweeps/makespan.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

namespace isoloss {
namespace {

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

}  // namespace

double makespan_seconds(const StudyPlan& plan, int workers_count,
                        const std::function<double(const WorkItem&)>& seconds_of) {
  struct Worker {
    double free_at = 0;
    std::optional<WorkItem> item;
  };
  std::vector<Worker> workers(static_cast<std::size_t>(std::max(workers_count, 1)));
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
      idle->free_at = now + seconds_of(item);
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

double makespan_seconds(const StudyPlan& plan, int workers, const DeviceRate& rate) {
  return makespan_seconds(plan, workers,
                          [&](const WorkItem& item) { return item.flops / rate.flops_per_second; });
}

}  // namespace isoloss
