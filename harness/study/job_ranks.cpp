#include "harness/study/job_ranks.h"

#include <array>
#include <span>
#include <utility>

#include "sweeps/plan_seconds.h"

namespace isoloss {

JobRanks plan_job(const StudyPlan& plan, const PlanRanks& ranks, const DeviceRate& rate) {
  check_ranks(plan, ranks.ranks);
  RankPlan chosen = plan_ranks(plan, ranks, rate);
  const Predicted makespan = study_seconds(plan, chosen, ranks.ranks, DeviceRates(rate)).makespan;
  return {chosen.unit,
          ranks.bytes_per_rank,
          std::move(chosen.runs),
          std::move(chosen.layouts),
          makespan,
          chosen.held ? "" : std::move(chosen.reason)};
}

void share(JobRanks& ranks, std::size_t runs, Communicator& job) {
  std::array<double, 2> head = {static_cast<double>(ranks.unit), ranks.bytes_per_rank};
  job.broadcast(std::as_writable_bytes(std::span(head)), 0);
  ranks.unit = static_cast<int>(head[0]);
  ranks.bytes_per_rank = head[1];
  ranks.runs.resize(runs);
  ranks.layouts.resize(runs);
  job.broadcast(std::as_writable_bytes(std::span(ranks.runs)), 0);
  job.broadcast(std::as_writable_bytes(std::span(ranks.layouts)), 0);
}

// On devices, where whole models are trained, there is but one layout of so many ranks.
RankLayout layout_in(const JobRanks& job, const StudyPlan& plan, std::size_t run, int ranks) {
  if (job.layouts[run].ranks() == ranks) return job.layouts[run];
  return layout_on(plan.runs[run].spec, ranks, job.bytes_per_rank, device_rate("cpu", "float32"))
      .value();
}

}  // namespace isoloss
