#include "analysis/savings/next_study.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <tuple>

#include "analysis/numbers/statistics.h"
#include "analysis/savings/planned_study.h"
#include "analysis/savings/savings_variance.h"
#include "model/spec/error.h"

namespace isoloss {
namespace {

constexpr double kPower = 0.8;
constexpr int kSeeds[] = {2, 3, 4, 6, 8, 12};

struct Widths {
  double savings = 0, growth = 0, resolved_percent = 0;
};

Widths widths_of(const SavingsQuestion& question, const PlannedStudy& study) {
  const LogSavings variance = savings_variances(question, study);
  const double degrees = question.savings.seed_noise.degrees + study.added_runs;
  const double factor = student_factor(degrees, question.options.level);
  const double power = student_factor(degrees, 2 * kPower - 1);
  const double deviation = std::sqrt(variance.savings);
  return {factor * deviation, factor * std::sqrt(variance.growth),
          100 * std::expm1((factor + power) * deviation)};
}

SeedPlan seed_plan(const SavingsQuestion& question, const PlannedStudy& base,
                   const std::vector<SeedsOfSize>& places, const std::set<SeedFamily>* of,
                   int seeds) {
  PlannedStudy study = base;
  for (const SeedsOfSize& place : places) {
    if (of && !of->contains(place.place)) continue;
    const auto have = static_cast<int>(place.runs.size());
    for (int more = have; more < seeds; ++more) add_seed(place, place.next + more - have, study);
  }
  SeedPlan plan;
  plan.sizes = of ? "near the optimum" : "all";
  plan.seeds = seeds;
  plan.runs = study.added_runs;
  plan.flops = study.added_flops;
  if (plan.runs == 0) return plan;
  const Widths widths = widths_of(question, study);
  plan.half_width = widths.savings;
  plan.resolved_percent = widths.resolved_percent;
  return plan;
}

}  // namespace

void check_next_study(const SavingsOptions& options, double percent) {
  if (!(percent > 0) || !std::isfinite(percent)) {
    throw InputError(fmt::format(
        "saving to resolve {} % (must be above zero); give a percentage like 20", percent));
  }
  if (options.exponent) {
    throw InputError(
        "a study to resolve a saving with the exponent given (it plans for savings between "
        "frontiers); leave one of the two out");
  }
}

NextStudy plan_next_study(const PointTable& table, const SavingsOptions& options,
                          const Savings& savings, double percent) {
  check_next_study(options, percent);
  NextStudy next;
  next.percent = percent;
  next.loss = middle_loss(savings).loss;
  if (!savings.seed_noise.measured) return next;
  const SavingsQuestion question{options, savings, next.loss};
  const FrontierOptions asked = savings_frontier_options(options, savings.frontier);
  PlannedStudy base;
  base.baseline = frontier_trials(table, options.baseline, asked);
  base.candidate = frontier_trials(table, options.candidate, asked);
  const std::vector<SeedsOfSize> places = seeds_by_size(base);
  const Widths now = widths_of(question, base);
  next.half_width = now.savings;
  next.resolved_percent = now.resolved_percent;
  const std::set<SeedFamily> near = sizes_near_optimum(base, options);
  for (const std::set<SeedFamily>* of :
       {static_cast<const std::set<SeedFamily>*>(nullptr), &near}) {
    for (const int seeds : kSeeds) {
      SeedPlan plan = seed_plan(question, base, places, of, seeds);
      plan.resolves = plan.resolved_percent <= percent;
      if (plan.runs > 0) next.seeds.push_back(std::move(plan));
    }
  }
  for (const SeedsOfSize& place : places) {
    PlannedStudy study = base;
    add_seed(place, place.next, study);
    const Widths then = widths_of(question, study);
    NextRun run;
    std::tie(run.architecture, run.size, run.parameters, std::ignore) = place.place;
    run.flops = study.added_flops;
    run.shrinks = 1 - then.savings / now.savings;
    run.growth_shrinks = 1 - then.growth / now.growth;
    run.shrinks_per_exaflop = run.shrinks / (run.flops / kExaflop);
    next.runs.push_back(std::move(run));
  }
  std::stable_sort(next.runs.begin(), next.runs.end(), [](const NextRun& a, const NextRun& b) {
    return a.shrinks_per_exaflop > b.shrinks_per_exaflop;
  });
  next.places = next_places(question, base);
  return next;
}

}  // namespace isoloss
