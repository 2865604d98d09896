// From a study to what will be trained: trials (what is asked for), runs (what is trained) and
// learning-rate searches (which of several candidate runs is the real one). Trials that differ only
// in budget share a run under rsqrt and constant, which are free of a horizon. Under cosine each is
// a run of its own; under wsd each is a branch, which goes on where the trunk's constant part ends.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sweeps/run_spec.h"
#include "sweeps/study.h"

namespace isoloss {

// A step at which a run must be evaluated, and the nominal budget that it answers.
struct EvaluationStop {
  std::int64_t step = 0;
  double budget = 0;
  BudgetUnit unit = BudgetUnit::Flops;
};

// Where a branch leaves its trunk: the run whose first `step` steps are the branch's own.
struct BranchPoint {
  std::size_t trunk = 0;  // index
  std::int64_t step = 0;
};

struct PlannedRun {
  std::string id;  // run_id(spec)
  RunSpec spec;
  double flops_per_step = 0;  // exact
  std::int64_t parameters = 0;
  std::vector<EvaluationStop> stops;  // by step; every budget it may be asked for
  std::int64_t expected_steps = 0;    // how far the totals assume it goes; 0: not expected at all
  std::optional<BranchPoint> branch;

  // Where its own training begins: what is before is its trunk's.
  std::int64_t first_step() const { return branch ? branch->step : 0; }
};

struct PlannedTrial {
  std::string id;                       // trial_id of the run below
  std::size_t run = 0;                  // index; with a search the candidate that totals assume
  std::vector<std::size_t> candidates;  // one a rate, ascending; just `run` without a search
  std::optional<std::size_t> search;    // which search decides
  std::string architecture;
  std::string size;
  FieldValues axes;  // of the grid's other axes, in its order
  std::uint64_t seed = 0;
  double budget = 0;  // nominal, in `unit`
  BudgetUnit unit = BudgetUnit::Flops;
  std::int64_t steps = 0;  // the first step at or past the budget
  double tokens = 0;
  double flops = 0;             // exact, actual
  std::int64_t parameters = 0;  // total
};

struct PlannedSearch {
  std::string key;  // architecture, size, budget and a hash of the arms
  std::string architecture;
  std::string size;                 // where it is decided
  FieldValues axes;                 // as a trial's
  bool every_size = false;          // holds for all sizes of the architecture
  bool this_budget_only = false;    // a search without decide_at
  Budget budget;                    // nominal, where it is decided
  std::int64_t step = 0;            // the arms' step there
  std::vector<std::size_t> arms;    // runs by learning rate, ascending
  std::size_t assumed = 0;          // the arm that totals assume to win: the middle one
  std::int64_t runner_up_step = 0;  // how far the runner-up goes as a check; 0: it does not
  std::vector<std::size_t> checks;  // parallel to arms: the runs that go there, the arms themselves
                                    // where the schedule is free of a horizon
};

struct StudyPlan {
  std::string study;
  std::vector<PlannedTrial> trials;
  std::vector<PlannedRun> runs;  // every candidate
  std::vector<PlannedSearch> searches;
  // FLOPs, exact: one winner a trial, the arms to where they are decided and, once per
  // architecture, the runner-up to the top budget (docs/comparison.md, rule 3); a trunk once.
  double flops = 0;
  double flops_without_sharing = 0;      // the same evaluations, each trained from its own start
  std::vector<PublishedCost> published;  // of some of the trials, by papers
};

StudyPlan make_plan(const Study& study);

// "2e11", "2.15e12", "20tpp", "1e6tokens": the shortest text that reads back to the same value.
std::string budget_text(double budget, BudgetUnit unit);
// RUN-BUDGET.
std::string trial_id(const std::string& run, double budget, BudgetUnit unit);

// The first step at or past the budget (one step's cost and the budget in the same unit).
std::int64_t steps_to_reach(double budget, double cost_of_one_step);
// What one step spends of a budget in `unit`.
double cost_of_one_step(const RunSpec& spec, BudgetUnit unit);

}  // namespace isoloss
