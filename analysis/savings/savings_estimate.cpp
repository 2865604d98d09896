#include "analysis/savings/savings_estimate.h"

#include <algorithm>
#include <cmath>

#include "analysis/numbers/statistics.h"

namespace isoloss {

SavingsEstimate estimate_savings(const std::vector<FrontierPoint>& baseline,
                                 const std::vector<FrontierPoint>& candidate,
                                 const SavingsFloor& floor, const SavingsPlaces& places) {
  SavingsEstimate estimate;
  if (floor.kind == SavingsFloor::Given) {
    estimate.own = fit_lines(baseline, candidate, floor.value, Slopes::Own);
    estimate.equal = fit_lines(baseline, candidate, floor.value, Slopes::Equal);
  } else if (floor.kind == SavingsFloor::Shared) {
    estimate.own = fit_lines_shared_floor(baseline, candidate, Slopes::Own);
    estimate.equal = fit_lines_shared_floor(baseline, candidate, Slopes::Equal);
  }
  const std::size_t fewest = std::min(baseline.size(), candidate.size());
  if (fewest >= (floor.kind == SavingsFloor::Free ? 3 : kBudgetsForFloor)) {
    estimate.own_floors = fit_lines_own_floors(baseline, candidate);
  }
  const FrontierCurve b(baseline), c(candidate);
  const bool valid = b.valid() && c.valid();
  const auto savings = [&](double loss) {
    return valid ? std::exp(b.log_compute(loss) - c.log_compute(loss)) : kNone;
  };
  for (const double loss : places.at) {
    estimate.at.push_back(savings(loss));
    const LinePair* law = floor.kind != SavingsFloor::Free ? &estimate.own
                          : estimate.own_floors            ? &*estimate.own_floors
                                                           : nullptr;
    estimate.at_by_law.push_back(law ? law->savings_at(loss) : kNone);
  }
  for (const double loss : places.curve) estimate.curve.push_back(savings(loss));
  for (const double compute : places.compute) {
    estimate.by_compute.push_back(valid ? savings(b.loss_at(std::log(compute))) : kNone);
  }
  return estimate;
}

SavingsEstimate estimate_savings_of_slope(const std::vector<FrontierPoint>& baseline,
                                          const std::vector<FrontierPoint>& candidate, double floor,
                                          double k, const SavingsPlaces& places) {
  SavingsEstimate estimate;
  estimate.equal = fit_lines_of_slope(baseline, candidate, floor, k);
  estimate.at.assign(places.at.size(), estimate.equal.savings());
  estimate.at_by_law = estimate.at;
  return estimate;
}

bool can_compare(const std::vector<FrontierPoint>& used, const SavingsFloor& floor,
                 std::size_t fewest) {
  const double lowest = floor.kind == SavingsFloor::Given ? floor.value : 0;
  return used.size() >= fewest &&
         std::all_of(used.begin(), used.end(), [&](const auto& p) { return p.loss > lowest; });
}

}  // namespace isoloss
