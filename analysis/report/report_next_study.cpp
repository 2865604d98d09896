#include "analysis/report/report_next_study.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "analysis/plot/number_text.h"
#include "analysis/savings/next_study.h"
#include "model/spec/error.h"

namespace isoloss {
namespace {

constexpr std::size_t kRunsShown = 3;

Table seeds_table(double percent) {
  return {"next_study_seeds",
          fmt::format("How many seeds would tell a saving from none in four studies of five, from "
                      "the noise measured here: the study as it is, then the fewest seeds that "
                      "resolve {0:g} %, or the most looked at where none do; isoloss savings "
                      "--resolve {0:g} lists all.",
                      percent),
          {words_column("candidate", "candidate"), words_column("baseline", "baseline"),
           number_column("loss", "loss (nats)"), words_column("sizes", "sizes"),
           number_column("seeds", "seeds each"), number_column("runs", "more runs"),
           number_column("flops", "more FLOPs"),
           number_column("resolved_percent", "resolves a saving of (%)"),
           sentence_column("resolves", fmt::format("{:g} % resolved", percent))},
          {}};
}

Table runs_table() {
  return {"next_runs",
          "One more seed of which run narrows the interval of the savings most for its FLOPs, the "
          "best three of each pair. Growth: what it does to the interval of the growth.",
          {words_column("candidate", "candidate"), words_column("baseline", "baseline"),
           words_column("architecture", "run"), words_column("size", "size"),
           number_column("flops", "FLOPs"), number_column("narrower_percent", "narrower (%)"),
           number_column("growth_narrower_percent", "growth (%)"),
           number_column("percent_per_exaflop", "% per 1e18 FLOPs")},
          {}};
}

Table places_table() {
  return {"next_places",
          "A run of which size and budget, tried or not, narrows the savings most for its FLOPs, "
          "the best three of each pair: to first order, by the chinchilla laws of both and the "
          "seed noise measured.",
          {words_column("candidate", "candidate"), words_column("baseline", "baseline"),
           words_column("architecture", "run"), number_column("parameters", "parameters"),
           number_column("tokens", "tokens"), number_column("flops", "FLOPs"),
           words_column("place", "size, budget"), number_column("narrower_percent", "narrower (%)"),
           number_column("growth_narrower_percent", "growth (%)"),
           number_column("percent_per_exaflop", "% per 1e18 FLOPs")},
          {}};
}

std::vector<TableCell> seeds_row(const Comparison& pair, const NextStudy& next,
                                 const SeedPlan& plan) {
  return {text_cell(pair.candidate),
          text_cell(pair.baseline),
          fixed_cell(next.loss, 3),
          text_cell(plan.sizes),
          fixed_cell(plan.seeds > 0 ? plan.seeds : std::numeric_limits<double>::quiet_NaN(), 0),
          fixed_cell(plan.runs, 0),
          significant_cell(plan.flops, 3),
          significant_cell(plan.resolved_percent, 3),
          text_cell(plan.resolves ? "yes" : "no")};
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

void add_seeds(const Comparison& pair, const NextStudy& next, Table& table) {
  if (next.seeds.empty()) return;
  SeedPlan now;
  now.sizes = "as it is";
  now.resolved_percent = next.resolved_percent;
  now.resolves = next.resolved_percent <= next.percent;
  table.rows.push_back(seeds_row(pair, next, now));
  if (now.resolves) return;
  for (const char* sizes : {"all", "near the optimum"}) {
    if (const SeedPlan* plan = shown_plan(next, sizes)) {
      table.rows.push_back(seeds_row(pair, next, *plan));
    }
  }
}

void add_runs(const Comparison& pair, const NextStudy& next, Table& table) {
  for (std::size_t i = 0; i < std::min(kRunsShown, next.runs.size()); ++i) {
    const NextRun& run = next.runs[i];
    table.rows.push_back(
        {text_cell(pair.candidate), text_cell(pair.baseline), text_cell(run.architecture),
         text_cell(size_text(run.size, run.parameters)), significant_cell(run.flops, 3),
         fixed_cell(100 * run.shrinks, 1), fixed_cell(100 * run.growth_shrinks, 1),
         significant_cell(100 * run.shrinks_per_exaflop, 3)});
  }
}

void add_places(const Comparison& pair, const NextStudy& next, Table& table) {
  for (std::size_t i = 0; i < std::min(kRunsShown, next.places.size()); ++i) {
    const NextPlace& place = next.places[i];
    table.rows.push_back({text_cell(pair.candidate), text_cell(pair.baseline),
                          text_cell(place.architecture), significant_cell(place.parameters, 4),
                          significant_cell(place.tokens, 3), significant_cell(place.flops, 3),
                          text_cell(fmt::format("{}, {}", place.new_size ? "new" : "tried",
                                                place.new_budget ? "new" : "tried")),
                          fixed_cell(100 * place.shrinks, 1),
                          fixed_cell(100 * place.growth_shrinks, 1),
                          significant_cell(100 * place.shrinks_per_exaflop, 3)});
  }
}

}  // namespace

NextStudyTables next_study_tables(const StudyResults& study, const ReportOptions& options) {
  NextStudyTables out{seeds_table(options.resolve_percent), runs_table(), places_table()};
  for (const Comparison& pair : study.comparisons) {
    if (pair.wall_clock || !pair.savings) continue;
    NextStudy next;
    try {
      next = plan_next_study(study.results, savings_options(pair, options), *pair.savings,
                             options.resolve_percent);
    } catch (const WorkError& problem) {
      out.seeds.rows.push_back(refused_row(
          out.seeds, {text_cell(pair.candidate), text_cell(pair.baseline)}, problem.what()));
      continue;
    }
    add_seeds(pair, next, out.seeds);
    add_runs(pair, next, out.runs);
    add_places(pair, next, out.places);
  }
  return out;
}

}  // namespace isoloss
