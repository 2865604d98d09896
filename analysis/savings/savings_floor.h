// The floor E of the lines of ln(L - E) that savings come from: what is asked for, and what that is
// for two frontiers (docs/comparison.md rule 7).
#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "analysis/fit/frontier.h"

namespace isoloss {

// Budgets of each frontier from which on a floor is fitted.
constexpr std::size_t kBudgetsForFloor = 6;

struct SavingsFloorChoice {
  enum Kind { Auto, Free, Shared, Zero, Value } kind = Auto;
  double value = 0;           // of Value, nats per token
  std::string text = "auto";  // as it was written
};

// InputError for what is neither a word known nor nats.
SavingsFloorChoice savings_floor_named(const std::string& text);

// How the lines get their floor.
struct SavingsFloor {
  enum Kind { Given, Shared, Free } kind = Given;
  double value = 0;
  std::string name;  // zero, shared, free or the number
};

// `auto` fits a shared floor from six budgets on, takes the table's exact floor where it is known,
// and zero otherwise. InputError for a number that is no floor below every loss.
SavingsFloor savings_floor(const SavingsFloorChoice& asked, const std::optional<double>& exact,
                           const std::vector<FrontierPoint>& baseline,
                           const std::vector<FrontierPoint>& candidate);

}  // namespace isoloss
