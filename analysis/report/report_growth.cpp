#include "analysis/report/report_growth.h"

#include <fmt/format.h>

#include <cmath>

#include "analysis/numbers/statistics.h"
#include "analysis/plot/number_text.h"
#include "analysis/report/report_pair_columns.h"
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

}  // namespace

Table growth_table(const StudyResults& study) {
  TableOf<Comparison, Savings> table(
      "growth",
      "Savings at the lowest common loss / savings at the highest, without a law, with 95 % "
      "intervals: above 1 the saving grows with scale. p: that the direction is chance, from the "
      "draws. Per decade: the change by the law of a slope each, over the baseline's compute. "
      "Saved: what one factor for all losses saves, s FLOPs (or seconds) where the loss is L, "
      "which grows with scale even so.");
  table.as_cards();
  pair_columns_by_unit(table);
  table.fixed("highest_loss", "highest loss", 3,
              [](const Savings& of) { return of.overlap.second; });
  table.fixed("lowest_loss", "lowest loss", 3, [](const Savings& of) { return of.overlap.first; });
  table.fixed("ratio", "growth", 2, [](const Savings& of) { return of.growth->ratio; });
  table.fixed_ends("interval", 2, [](const Savings& of) { return of.growth->interval; });
  table.words("direction", "direction", [](const Savings& of) { return direction(*of.growth); });
  table.significant("p", "p", 2, [](const Savings& of) { return of.growth->p; });
  table.fixed("per_decade", "per decade", 2,
              [](const Savings& of) { return of.law ? of.law->per_decade : kNone; });
  table.fixed_ends("per_decade", 2, [](const Savings& of) {
    return of.law ? of.law->per_decade_interval : std::nullopt;
  });
  table.words("absolute_savings", "saved", absolute_text);
  table.sentence("resolved", "resolved", [](const Savings& of) { return answer(of); });
  for (const Comparison& comparison : study.comparisons) {
    if (comparison.savings && comparison.savings->growth)
      table.add(comparison, *comparison.savings);
  }
  return table.take();
}

Table floors_table(const StudyResults& study) {
  TableOf<Comparison, Savings> table(
      "floors",
      "Whether one floor serves both: a floor each against a shared one, slopes their own, "
      "where both frontiers have six budgets. p by the draws; the F test takes every "
      "budget as independent. Savings at a loss or a compute are interpolated and need no "
      "floor; the laws beside them do.");
  table.as_cards();
  pair_columns_by_unit(table);
  table.fixed("candidate_floor", "candidate's floor", 4,
              [](const Savings& of) { return of.floors->candidate; });
  table.fixed("baseline_floor", "baseline's floor", 4,
              [](const Savings& of) { return of.floors->baseline; });
  table.significant("floor_equality_bootstrap_p", "p (draws)", 2,
                    [](const Savings& of) { return of.floors->bootstrap_p; });
  table.significant("floor_equality_p", "p (F test)", 2,
                    [](const Savings& of) { return of.floors->p; });
  table.words("floor", "floor used", [](const Savings& of) { return of.floor.name; });
  table.sentence("answer", "answer", floor_answer);
  for (const Comparison& comparison : study.comparisons) {
    if (comparison.savings && comparison.savings->floors)
      table.add(comparison, *comparison.savings);
  }
  return table.take();
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
