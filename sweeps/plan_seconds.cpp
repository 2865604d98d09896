#include "sweeps/plan_seconds.h"

#include <map>
#include <utility>

#include "sweeps/layout.h"

namespace isoloss {
namespace {

double own_steps(const PlannedRun& run) {
  return static_cast<double>(run.expected_steps - run.first_step());
}

double device_seconds(const StudySchedule& schedule) {
  double sum = 0;
  for (const ScheduledItem& item : schedule.items)
    sum += item.block.ranks * (item.ends - item.begins);
  return sum;
}

}  // namespace

DeviceRates::DeviceRates(const DeviceRate& rate)
    : usual(rate), best(at_best(rate)), worst(at_worst(rate)) {}

Predicted run_seconds(const PlannedRun& run, const RankLayout& layout, const DeviceRates& rates) {
  const RankLayout surest = rates.usual.together ? layout : RankLayout{};
  return {own_steps(run) * step_seconds(run.spec, layout, rates.usual),
          own_steps(run) * step_seconds(run.spec, layout, rates.best),
          own_steps(run) * step_seconds(run.spec, surest, rates.worst)};
}

StudySeconds study_seconds(const StudyPlan& plan, const RankPlan& chosen, int ranks,
                           const DeviceRates& rates) {
  const auto schedule = [&](const DeviceRate& other, bool alone) {
    std::map<std::pair<std::size_t, int>, double> known;
    return schedule_of(chosen, ranks, [&](std::size_t run, int width) {
      const auto [step, fresh] = known.try_emplace({run, width}, 0);
      if (fresh) {
        const RunSpec& spec = plan.runs[run].spec;
        // Narrower blocks than planned are rare: by its own layout's part.
        const RankLayout layout = alone ? RankLayout{} : chosen.layouts[run];
        step->second = step_seconds(spec, layout, other) *
                       (alone ? 1.0 : static_cast<double>(layout.ranks()) / width);
      }
      return step->second;
    });
  };
  const StudySchedule best = schedule(rates.best, false);
  const StudySchedule worst = schedule(rates.worst, !rates.usual.together);
  return {{chosen.schedule.seconds, best.seconds, worst.seconds},
          {device_seconds(chosen.schedule), device_seconds(best), device_seconds(worst)}};
}

}  // namespace isoloss
