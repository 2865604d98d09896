#include "analysis/savings/savings_floor.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>

#include "model/spec/error.h"

namespace isoloss {

SavingsFloorChoice savings_floor_named(const std::string& text) {
  if (text == "auto") return {SavingsFloorChoice::Auto, 0, text};
  if (text == "free") return {SavingsFloorChoice::Free, 0, text};
  if (text == "shared") return {SavingsFloorChoice::Shared, 0, text};
  if (text == "zero") return {SavingsFloorChoice::Zero, 0, text};
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !(value >= 0)) {
    throw InputError(
        fmt::format("floor '{}' (neither a word known nor a number); give auto, free, "
                    "shared, zero or a loss in nats per token",
                    text));
  }
  return {SavingsFloorChoice::Value, value, text};
}

SavingsFloor savings_floor(const SavingsFloorChoice& asked, const std::optional<double>& exact,
                           const std::vector<FrontierPoint>& baseline,
                           const std::vector<FrontierPoint>& candidate) {
  double lowest = std::numeric_limits<double>::infinity();
  for (const auto* points : {&baseline, &candidate}) {
    for (const FrontierPoint& p : *points) lowest = std::min(lowest, p.loss);
  }
  const SavingsFloor zero{SavingsFloor::Given, 0, "zero"};
  const SavingsFloor shared{SavingsFloor::Shared, 0, "shared"};
  switch (asked.kind) {
    case SavingsFloorChoice::Zero:
      return zero;
    case SavingsFloorChoice::Shared:
      return shared;
    case SavingsFloorChoice::Free:
      return {SavingsFloor::Free, 0, "free"};
    case SavingsFloorChoice::Auto:
      if (std::min(baseline.size(), candidate.size()) >= kBudgetsForFloor) return shared;
      if (exact && *exact < lowest) return {SavingsFloor::Given, *exact, fmt::format("{}", *exact)};
      return zero;
    case SavingsFloorChoice::Value:
      break;
  }
  if (!(asked.value < lowest)) {
    throw InputError(fmt::format(
        "floor {} (the frontiers reach {:.6g}, below it); give a smaller one", asked.text, lowest));
  }
  return asked.value == 0 ? zero : SavingsFloor{SavingsFloor::Given, asked.value, asked.text};
}

}  // namespace isoloss
