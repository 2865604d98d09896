// What to train next, from the noise that a comparison measured (docs/fitting.md, "The next
// study"): how many seeds resolve a saving of a given size, and which run shrinks the interval of
// the savings most for what it costs. Variances are propagated to first order through the whole
// procedure: the change of ln savings with each trial's loss, by differences.
#pragma once
#include <string>
#include <vector>

#include "analysis/points/points.h"
#include "analysis/savings/next_places.h"
#include "analysis/savings/savings.h"

namespace isoloss {

// The study as it is, with every run of `sizes` trained at `seeds` seeds in all.
struct SeedPlan {
  std::string sizes;  // "all", or "near the optimum": those beside a budget's best size
  int seeds = 0;
  int runs = 0;                 // more than there are
  double flops = 0;             // they cost
  double half_width = 0;        // of the interval of ln savings at `level`
  double resolved_percent = 0;  // the saving whose interval excludes none in 4 of 5 such studies
  bool resolves = false;        // the saving asked for
};

// One run more: another seed of one that is there, through all its budgets.
struct NextRun {
  std::string architecture, size;
  double parameters = 0;
  double flops = 0;                // it costs
  double shrinks = 0;              // share of the half-width of ln savings
  double growth_shrinks = 0;       // the same of ln (savings at the lowest loss / at the highest)
  double shrinks_per_exaflop = 0;  // per 1e18 FLOPs
};

struct NextStudy {
  double percent = 0;             // saving to resolve
  double loss = 0;                // where
  double half_width = 0;          // of ln savings as the study is
  double resolved_percent = 0;    // as the study is
  std::vector<SeedPlan> seeds;    // by sizes, then seeds
  std::vector<NextRun> runs;      // by shrinks_per_exaflop, the best first
  std::vector<NextPlace> places;  // the same at any size and budget, of savings by laws
};

// For the middle of the losses of `savings`, which compute_savings gave from the same table and
// options. Empty lists where seed noise was not measured. InputError as check_next_study has it.
NextStudy plan_next_study(const PointTable& table, const SavingsOptions& options,
                          const Savings& savings, double percent);

// InputError: percent not above zero, or an exponent given. For commands that check before they
// work.
void check_next_study(const SavingsOptions& options, double percent);

nlohmann::json to_json(const NextStudy& next);

}  // namespace isoloss
