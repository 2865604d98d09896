#include "analysis/report/report_growth.h"

#include <fmt/format.h>

#include <cmath>

#include "analysis/plot/number_text.h"
#include "analysis/savings/slope_and_floor_tests.h"

namespace isoloss {
namespace {

std::string direction(const SavingsGrowth& growth) {
  return growth.ratio > 1 ? "grows" : growth.ratio < 1 ? "shrinks" : "neither";
}

std::string answer(const Savings& savings) {
  const std::optional<Interval>& interval = savings.growth->interval;
  if (savings.growth_resolved) return "yes";
  if (!interval) {
    return savings.seed_noise.measured ? "no: no interval" : "no: seed noise not measured";
  }
  if (interval->first <= 1 && interval->second >= 1) return "no: the interval holds 1";
  if (savings.floor_assumed) return "no: too few budgets to know the floor";
  const auto law = savings.law ? savings.law->per_decade_interval : std::nullopt;
  if (!law || (law->first <= 1 && law->second >= 1)) return "no: the law's change holds 1";
  return "no: not 1.5 decades and three seeds";
}

std::string floor_answer(const Savings& savings) {
  if (!floors_differ(savings)) return "one floor is not rejected at 5 %";
  if (floor_test(*savings.floors) == SavingsTest::F && savings.floor.kind != SavingsFloor::Free) {
    return "F alone rejects one floor, which it does too often: one is kept";
  }
  return savings.floor.kind == SavingsFloor::Free ? "they differ: each has its own" : "they differ";
}

// So et al. 2021, appendix A.9; empty where floors differ or nothing is saved.
std::string absolute_text(const Savings& savings) {
  if (!savings.parallel || !std::isfinite(savings.parallel->absolute_coefficient)) return "";
  const ParallelSavings& law = *savings.parallel;
  return fmt::format("L - {} = {} s^-{}", significant(law.floor, 4),
                     significant(law.absolute_coefficient, 4), significant(law.k, 3));
}

std::vector<TableCell> pair_cells(const Comparison& comparison) {
  return {text_cell(comparison.candidate), text_cell(comparison.baseline),
          text_cell(comparison.wall_clock ? "seconds" : "FLOPs")};
}

}  // namespace

Table growth_table(const StudyResults& study) {
  Table table{
      "growth",
      "Savings at the lowest common loss / savings at the highest, without a law, with 95 % "
      "intervals: above 1 the saving grows with scale. p: that the direction is chance, from the "
      "draws. Per decade: the change by the law of a slope each, over the baseline's compute. "
      "Saved: what one "
      "factor for all losses saves, s FLOPs (or seconds) where the loss is L, which grows with "
      "scale even so.",
      {words_column("candidate", "candidate"), words_column("baseline", "baseline"),
       words_column("unit", "in"), number_column("highest_loss", "highest loss"),
       number_column("lowest_loss", "lowest loss"), number_column("ratio", "growth"),
       number_column("interval_low", "from"), number_column("interval_high", "to"),
       words_column("direction", "direction"), number_column("p", "p"),
       number_column("per_decade", "per decade"), number_column("per_decade_low", "from"),
       number_column("per_decade_high", "to"), words_column("absolute_savings", "saved"),
       sentence_column("resolved", "resolved")},
      {}};
  table.cards = true;
  for (const Comparison& comparison : study.comparisons) {
    if (!comparison.savings || !comparison.savings->growth) continue;
    const Savings& savings = *comparison.savings;
    const Interval ends = ends_of(savings.growth->interval);
    const SavingsLaw law = savings.law.value_or(
        SavingsLaw{std::nan(""), std::nan(""), std::nan(""), {}, std::nan(""), {}});
    const Interval decade = ends_of(law.per_decade_interval);
    std::vector<TableCell> row = pair_cells(comparison);
    row.insert(row.end(),
               {fixed_cell(savings.overlap.second, 3), fixed_cell(savings.overlap.first, 3),
                fixed_cell(savings.growth->ratio, 2), fixed_cell(ends.first, 2),
                fixed_cell(ends.second, 2), text_cell(direction(*savings.growth)),
                significant_cell(savings.growth->p, 2), fixed_cell(law.per_decade, 2),
                fixed_cell(decade.first, 2), fixed_cell(decade.second, 2),
                text_cell(absolute_text(savings)), text_cell(answer(savings))});
    table.rows.push_back(std::move(row));
  }
  return table;
}

Table floors_table(const StudyResults& study) {
  Table table{"floors",
              "Whether one floor serves both: a floor each against a shared one, slopes their own, "
              "where both frontiers have six budgets. p by the draws; the F test takes every "
              "budget as independent. Savings at a loss or a compute are interpolated and need no "
              "floor; the laws beside them do.",
              {words_column("candidate", "candidate"), words_column("baseline", "baseline"),
               words_column("unit", "in"), number_column("candidate_floor", "candidate's floor"),
               number_column("baseline_floor", "baseline's floor"),
               number_column("floor_equality_bootstrap_p", "p (draws)"),
               number_column("floor_equality_p", "p (F test)"), words_column("floor", "floor used"),
               sentence_column("answer", "answer")},
              {}};
  table.cards = true;
  for (const Comparison& comparison : study.comparisons) {
    if (!comparison.savings || !comparison.savings->floors) continue;
    const FloorTest& test = *comparison.savings->floors;
    std::vector<TableCell> row = pair_cells(comparison);
    row.insert(row.end(), {fixed_cell(test.candidate, 4), fixed_cell(test.baseline, 4),
                           significant_cell(test.bootstrap_p, 2), significant_cell(test.p, 2),
                           text_cell(comparison.savings->floor.name),
                           text_cell(floor_answer(*comparison.savings))});
    table.rows.push_back(std::move(row));
  }
  return table;
}

std::string growth_text(const Savings& savings) {
  if (!savings.growth) return "Growth with compute not resolved";
  const SavingsGrowth& growth = *savings.growth;
  const std::string change = fmt::format(
      "Down to loss {} from {} the factor changes by {}×{}{}", fixed(savings.overlap.first, 3),
      fixed(savings.overlap.second, 3), factor(growth.ratio),
      growth.interval ? fmt::format(" {}", interval_text(*growth.interval)) : "",
      std::isfinite(growth.p) ? fmt::format(", {}", p_text(growth.p)) : "");
  if (!savings.growth_resolved) return fmt::format("{}: growth with compute not resolved", change);
  return fmt::format("{}: it {}, by {}× {} per decade of baseline compute", change,
                     direction(growth), factor(savings.law->per_decade),
                     interval_text(*savings.law->per_decade_interval));
}

}  // namespace isoloss
