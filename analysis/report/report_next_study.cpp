#include "analysis/report/report_next_study.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "analysis/numbers/statistics.h"
#include "analysis/plot/number_text.h"
#include "analysis/report/report_pair_columns.h"
#include "analysis/savings/next_study.h"
#include "model/spec/error.h"

namespace isoloss {
namespace {

constexpr std::size_t kRunsShown = 3;

struct PlannedSeeds {
  double loss = 0;  // where savings are told from none
  SeedPlan plan;
};

using SeedPlans = TableOf<Comparison, PlannedSeeds>;
using NextRuns = TableOf<Comparison, NextRun>;
using NextPlaces = TableOf<Comparison, NextPlace>;

SeedPlans seed_plans(double percent) {
  SeedPlans table(
      "next_study_seeds",
      fmt::format("How many seeds would tell a saving from none in four studies of five, from "
                  "the noise measured here: the study as it is, then the fewest seeds that "
                  "resolve {0:g} %, or the most looked at where none do; isoloss savings "
                  "--resolve {0:g} lists all.",
                  percent));
  using Of = const PlannedSeeds&;
  pair_columns(table);
  table.fixed("loss", "loss (nats)", 3, &PlannedSeeds::loss);
  table.words("sizes", "sizes", [](Of of) { return of.plan.sizes; });
  table.fixed("seeds", "seeds each", 0,
              [](Of of) { return of.plan.seeds > 0 ? of.plan.seeds : kNone; });
  table.count("runs", "more runs", [](Of of) { return of.plan.runs; });
  table.significant("flops", "more FLOPs", 3, [](Of of) { return of.plan.flops; });
  table.significant("resolved_percent", "resolves a saving of (%)", 3,
                    [](Of of) { return of.plan.resolved_percent; });
  table.sentence("resolves", fmt::format("{:g} % resolved", percent),
                 [](Of of) { return of.plan.resolves ? "yes" : "no"; });
  return table;
}

// What a run brings, of savings and of their growth.
template <class Run>
void narrowing_columns(TableOf<Comparison, Run>& table) {
  table.fixed("narrower_percent", "narrower (%)", 1,
              [](const Run& run) { return 100 * run.shrinks; });
  table.fixed("growth_narrower_percent", "growth (%)", 1,
              [](const Run& run) { return 100 * run.growth_shrinks; });
  table.significant("percent_per_exaflop", "% per 1e18 FLOPs", 3,
                    [](const Run& run) { return 100 * run.shrinks_per_exaflop; });
}

NextRuns next_runs() {
  NextRuns table(
      "next_runs",
      "One more seed of which run narrows the interval of the savings most for its FLOPs, the "
      "best three of each pair. Growth: what it does to the interval of the growth.");
  pair_columns(table);
  table.words("architecture", "run", &NextRun::architecture);
  table.words("size", "size",
              [](const NextRun& run) { return size_text(run.size, run.parameters); });
  table.significant("flops", "FLOPs", 3, &NextRun::flops);
  narrowing_columns(table);
  return table;
}

NextPlaces next_places_shown() {
  NextPlaces table(
      "next_places",
      "A run of which size and budget, tried or not, narrows the savings most for its FLOPs, "
      "the best three of each pair: to first order, by the chinchilla laws of both and the "
      "seed noise measured.");
  pair_columns(table);
  table.words("architecture", "run", &NextPlace::architecture);
  table.significant("parameters", "parameters", 4, &NextPlace::parameters);
  table.significant("tokens", "tokens", 3, &NextPlace::tokens);
  table.significant("flops", "FLOPs", 3, &NextPlace::flops);
  table.words("place", "size, budget", [](const NextPlace& place) {
    return fmt::format("{}, {}", place.new_size ? "new" : "tried",
                       place.new_budget ? "new" : "tried");
  });
  narrowing_columns(table);
  return table;
}

// The first plan of `sizes` that resolves what was asked, or the last.
const SeedPlan* shown_plan(const NextStudy& next, const std::string& sizes) {
  const SeedPlan* shown = nullptr;
  for (const SeedPlan& plan : next.seeds) {
    if (plan.sizes != sizes) continue;
    shown = &plan;
    if (plan.resolves) break;
  }
  return shown;
}

void add_seeds(const Comparison& pair, const NextStudy& next, SeedPlans& table) {
  if (next.seeds.empty()) return;
  SeedPlan now;
  now.sizes = "as it is";
  now.resolved_percent = next.resolved_percent;
  now.resolves = next.resolved_percent <= next.percent;
  table.add(pair, {next.loss, now});
  if (now.resolves) return;
  for (const char* sizes : {"all", "near the optimum"}) {
    if (const SeedPlan* plan = shown_plan(next, sizes)) table.add(pair, {next.loss, *plan});
  }
}

// The first few.
template <class Run>
void add_first(const Comparison& pair, const std::vector<Run>& runs,
               TableOf<Comparison, Run>& table) {
  for (std::size_t i = 0; i < std::min(kRunsShown, runs.size()); ++i) table.add(pair, runs[i]);
}

}  // namespace

NextStudyTables next_study_tables(const StudyResults& study, const ReportOptions& options) {
  SeedPlans seeds = seed_plans(options.resolve_percent);
  NextRuns runs = next_runs();
  NextPlaces places = next_places_shown();
  for (const Comparison& pair : study.comparisons) {
    if (pair.wall_clock || !pair.savings) continue;
    NextStudy next;
    try {
      next = plan_next_study(study.results, savings_options(pair, options), *pair.savings,
                             options.resolve_percent);
    } catch (const WorkError& problem) {
      seeds.refuse(pair, problem.what());
      continue;
    }
    add_seeds(pair, next, seeds);
    add_first(pair, next.runs, runs);
    add_first(pair, next.places, places);
  }
  return {seeds.take(), runs.take(), places.take()};
}

}  // namespace isoloss
