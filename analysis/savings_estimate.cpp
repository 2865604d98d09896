#include "analysis/savings_estimate.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "model/spec/error.h"

namespace isoloss {

SavingsFloor savings_floor(const std::string& asked, const std::optional<double>& exact,
                           const std::vector<FrontierPoint>& baseline,
                           const std::vector<FrontierPoint>& candidate) {
  double lowest = std::numeric_limits<double>::infinity();
  for (const auto* points : {&baseline, &candidate}) {
    for (const FrontierPoint& p : *points) lowest = std::min(lowest, p.loss);
  }
  if (asked == "zero") return {SavingsFloor::Given, 0, "zero"};
  if (asked == "shared") return {SavingsFloor::Shared, 0, "shared"};
  if (asked == "free") return {SavingsFloor::Free, 0, "free"};
  if (asked == "auto") {
    if (std::min(baseline.size(), candidate.size()) >= 6)
      return {SavingsFloor::Shared, 0, "shared"};
    if (exact && *exact < lowest) return {SavingsFloor::Given, *exact, fmt::format("{}", *exact)};
    return {SavingsFloor::Given, 0, "zero"};
  }
  double value = 0;
  const auto [end, error] = std::from_chars(asked.data(), asked.data() + asked.size(), value);
  if (error != std::errc() || end != asked.data() + asked.size() || !(value >= 0)) {
    throw InputError(
        fmt::format("floor '{}' (neither a word known nor a number); give auto, free, "
                    "shared, zero or a loss in nats per token",
                    asked));
  }
  if (!(value < lowest)) {
    throw InputError(fmt::format(
        "floor {} (the frontiers reach {:.6g}, below it); give a smaller one", asked, lowest));
  }
  return {SavingsFloor::Given, value, value == 0 ? "zero" : asked};
}

SavingsEstimate estimate_savings(const std::vector<FrontierPoint>& baseline,
                                 const std::vector<FrontierPoint>& candidate,
                                 const SavingsFloor& floor, const std::vector<double>& at,
                                 const std::vector<double>& curve) {
  SavingsEstimate estimate;
  if (floor.kind == SavingsFloor::Given) {
    estimate.own = fit_lines(baseline, candidate, floor.value, Slopes::Own);
    estimate.equal = fit_lines(baseline, candidate, floor.value, Slopes::Equal);
  } else if (floor.kind == SavingsFloor::Shared) {
    estimate.own = fit_lines_shared_floor(baseline, candidate, Slopes::Own);
    estimate.equal = fit_lines_shared_floor(baseline, candidate, Slopes::Equal);
  }
  const FrontierCurve b(baseline), c(candidate);
  const auto savings = [&](double loss) {
    if (!b.valid() || !c.valid()) return std::numeric_limits<double>::quiet_NaN();
    return std::exp(b.log_compute(loss) - c.log_compute(loss));
  };
  for (const double loss : at) estimate.at.push_back(savings(loss));
  for (const double loss : curve) estimate.curve.push_back(savings(loss));
  return estimate;
}

}  // namespace isoloss
