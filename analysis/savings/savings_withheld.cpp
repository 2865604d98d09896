#include "analysis/savings/savings_withheld.h"

#include <fmt/format.h>

#include <algorithm>

#include "analysis/numbers/statistics.h"
#include "model/spec/error.h"

namespace isoloss {

bool is_floor_assumed(const SavingsOptions& options, const PointTable& table,
                      const SavingsFloor& floor) {
  if (options.exponent || options.floor.kind != SavingsFloorChoice::Auto) return false;
  return floor.kind == SavingsFloor::Given && !(table.floor && *table.floor == floor.value);
}

void withhold_unknown(const SavingsOptions& options, Savings& savings) {
  for (SavingsAt& at : savings.at) {
    if (at.extrapolated && !options.exponent) at.interval.reset();
    if (savings.floor_assumed) at.by_law_interval.reset();
  }
  if (!savings.floor_assumed) return;
  if (savings.parallel) {
    savings.parallel->slope_equality_p = savings.parallel->slope_equality_bootstrap_p = kNone;
  }
  if (savings.law) {
    savings.law->interval.reset();
    savings.law->per_decade_interval.reset();
  }
}

void require_above_floor(const std::string& source, const SavingsOptions& options,
                         const Savings& savings) {
  double floor = savings.parallel ? savings.parallel->floor : 0;
  if (savings.law) floor = std::max(floor, savings.law->floor);
  const bool own = savings.floor.kind == SavingsFloor::Free && savings.floors;
  if (own) floor = std::max(savings.floors->baseline, savings.floors->candidate);
  for (const double loss : options.at) {
    if (loss > floor) continue;
    throw InputError(fmt::format(
        "{}: loss {:g} is not above {:.4g}, {} (no compute reaches it); ask for a loss above",
        source, loss, floor,
        own                                          ? "the higher one of the floors fitted"
        : savings.floor.kind == SavingsFloor::Shared ? "the floor that was fitted to both"
                                                     : "the floor"));
  }
}

}  // namespace isoloss
