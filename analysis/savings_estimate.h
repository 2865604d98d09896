// The numbers of a savings comparison from two frontiers: what is computed once from the losses as
// they are and again from every perturbed draw.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "analysis/frontier.h"
#include "analysis/frontier_curve.h"
#include "analysis/parallel_lines.h"
#include "analysis/savings.h"

namespace isoloss {

// How the lines of ln(L - E) get their floor.
struct SavingsFloor {
  enum Kind { Given, Shared, Free } kind = Given;
  double value = 0;
  std::string name;  // zero, shared, free or the number
};

// Rule 7: `auto` fits a shared floor from six budgets on, takes the table's exact floor where it is
// known, and zero otherwise. InputError for a word or number that is no floor below every loss.
SavingsFloor savings_floor(const std::string& asked, const std::optional<double>& exact,
                           const std::vector<FrontierPoint>& baseline,
                           const std::vector<FrontierPoint>& candidate);

struct SavingsEstimate {
  LinePair own, equal;            // not set where the floor is free
  std::vector<double> at, curve;  // savings by inverse interpolation
};

// Savings at `at` and `curve`, interpolated where both curves reach and along their ends beyond.
SavingsEstimate estimate_savings(const std::vector<FrontierPoint>& baseline,
                                 const std::vector<FrontierPoint>& candidate,
                                 const SavingsFloor& floor, const std::vector<double>& at,
                                 const std::vector<double>& curve);

// savings_words.cpp: flags and the verdict of a comparison that is otherwise complete.
void add_savings_words(const PointTable& table, const SavingsOptions& options,
                       const std::vector<Point>& trials, Savings& savings);

}  // namespace isoloss
