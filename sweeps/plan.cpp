#include "sweeps/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <tuple>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "model/spec/parameters.h"
#include "sweeps/grid.h"

namespace isoloss {
namespace {

// Bytes of names in a decision's key: a file's name has 255, also while it is written beside its
// place (durable_file.h), and the hash that ends the key tells apart what is cut.
constexpr std::size_t kMostNames = 128;

// At most so many bytes of UTF-8, in whole characters.
std::string beginning(const std::string& text, std::size_t most) {
  if (text.size() <= most) return text;
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xC0) == 0x80) --most;
  return text.substr(0, most);
}

class Planner {
 public:
  explicit Planner(const Study& study) : study_(study), cells_(expand_grid(study)) {
    plan_.study = study.name;
    plan_.published = study.published;
  }

  StudyPlan plan() {
    for (std::size_t i = 0; i < cells_.size(); ++i) {
      if (cells_[i].budgets.empty() && !has_horizon(cells_[i].spec.optimizer)) candidates_of(i, 0);
      for (const double budget : cells_[i].budgets)
        candidates_of(i, steps_of(i, {study_.grid.unit, budget}));
    }
    if (study_.grid.search) {
      for (std::size_t i = 0; i < cells_.size(); ++i) add_searches(i);
      choose_checks();
    }
    for (std::size_t i = 0; i < cells_.size(); ++i) add_trials(i);
    add_stops();
    add_totals();
    return std::move(plan_);
  }

 private:
  std::int64_t steps_of(std::size_t i, const Budget& budget) const {
    return steps_to_reach(budget.value, cost_of_one_step(cells_[i].spec, budget.unit));
  }

  // The cell's runs of that length, one a rate. Budgets differ within a run where the schedule is
  // free of a horizon.
  const std::vector<std::size_t>& candidates_of(std::size_t i, std::int64_t steps) {
    RunSpec spec = cells_[i].spec;
    spec.optimizer.horizon = has_horizon(spec.optimizer) ? steps : 0;
    const auto [known, fresh] = candidates_.try_emplace({i, spec.optimizer.horizon});
    if (!fresh) return known->second;
    std::vector<double> rates = {spec.optimizer.learning_rate};
    if (study_.grid.search) rates = study_.grid.search->rates;
    for (const double rate : rates) {
      spec.optimizer.learning_rate = rate;
      known->second.push_back(add_run(spec));
    }
    return known->second;
  }

  std::size_t add_run(const RunSpec& spec) {
    PlannedRun run;
    run.id = run_id(spec);
    if (const auto known = index_.find(run.id); known != index_.end()) return known->second;
    run.spec = spec;
    run.flops_per_step = flops_per_step(spec);
    run.parameters = count_parameters(spec.model).total;
    if (spec.optimizer.schedule == ScheduleKind::Wsd && branch_step(spec.optimizer) > 0) {
      RunSpec trunk = spec;
      trunk.optimizer = trunk_of(spec.optimizer);
      run.branch = BranchPoint{add_run(trunk), branch_step(spec.optimizer)};
    }
    index_.emplace(run.id, plan_.runs.size());
    plan_.runs.push_back(std::move(run));
    return plan_.runs.size() - 1;
  }

  FieldValues axes_of(const Cell& cell) const {
    FieldValues axes;
    for (std::size_t i = 0; i < cell.axes.size(); ++i)
      axes.emplace_back(study_.grid.axes[i].field, cell.axes[i]);
    return axes;
  }

  bool same_group(const Cell& a, const Cell& b) const {
    return a.architecture == b.architecture && a.axes == b.axes;
  }

  void add_searches(std::size_t i) {
    const RateSearch& search = *study_.grid.search;
    const Cell& cell = cells_[i];
    if (cell.seed != study_.grid.seeds[0]) return;
    if (search.size && study_.grid.sizes[cell.size].name != *search.size) return;
    if (search.decide_at) {
      add_search(i, *search.decide_at);
      return;
    }
    std::set<double> budgets;
    for (const Cell& other : cells_)
      if (same_group(cell, other) && other.size == cell.size)
        budgets.insert(other.budgets.begin(), other.budgets.end());
    for (const double budget : budgets) add_search(i, {study_.grid.unit, budget});
  }

  void add_search(std::size_t i, const Budget& budget) {
    const Cell& cell = cells_[i];
    PlannedSearch search;
    search.architecture = cell.spec.model.architecture;
    search.size = cell.spec.model.size;
    search.axes = axes_of(cell);
    search.every_size = study_.grid.search->size.has_value();
    search.this_budget_only = !study_.grid.search->decide_at;
    search.budget = budget;
    search.step = steps_of(i, budget);
    search.arms = search.checks = candidates_of(i, search.step);
    search.assumed = search.arms.size() / 2;
    search.key = key_of(search);
    search_cell_.push_back(i);
    plan_.searches.push_back(std::move(search));
  }

  // Other rates make another search: its decision is another file.
  std::string key_of(const PlannedSearch& search) const {
    std::string arms;
    for (const std::size_t arm : search.arms) arms += plan_.runs[arm].id;
    std::string names = search.architecture + "." + search.size;
    for (char& c : names)
      if (c == '/' || c == ' ' || static_cast<unsigned char>(c) < ' ') c = '_';
    return fmt::format("{}.{}.{:08x}", beginning(names, kMostNames),
                       budget_text(search.budget.value, search.budget.unit),
                       XXH3_64bits(arms.data(), arms.size()) & 0xffffffff);
  }

  // The runner-up goes on to the top budget once per architecture: in the search whose size is
  // asked for the largest budget, the first of equals. A search at each budget trains every arm
  // anyway.
  void choose_checks() {
    std::map<std::string, std::size_t> best;
    const auto top = [&](std::size_t s) {
      const std::vector<double>& budgets = cells_[search_cell_[s]].budgets;
      return budgets.empty() ? 0 : budgets.back();
    };
    for (std::size_t s = 0; s < plan_.searches.size(); ++s) {
      if (plan_.searches[s].this_budget_only) return;
      const auto [known, fresh] = best.emplace(plan_.searches[s].architecture, s);
      if (!fresh && top(s) > top(known->second)) known->second = s;
    }
    for (const auto& [architecture, s] : best) {
      PlannedSearch& search = plan_.searches[s];
      search.runner_up_step = search.step;
      if (top(s) > 0)
        search.runner_up_step =
            std::max(search.step, steps_of(search_cell_[s], {study_.grid.unit, top(s)}));
      search.checks = candidates_of(search_cell_[s], search.runner_up_step);
    }
  }

  std::optional<std::size_t> search_of(const Cell& cell, double budget) const {
    for (std::size_t s = 0; s < plan_.searches.size(); ++s) {
      const PlannedSearch& search = plan_.searches[s];
      const Cell& decided = cells_[search_cell_[s]];
      if (!same_group(cell, decided)) continue;
      if (!search.every_size && decided.size != cell.size) continue;
      if (search.this_budget_only && search.budget.value != budget) continue;
      return s;
    }
    return std::nullopt;
  }

  void add_trials(std::size_t i) {
    const Cell& cell = cells_[i];
    for (const double budget : cell.budgets) {
      PlannedTrial trial;
      trial.search = search_of(cell, budget);
      trial.steps = steps_of(i, {study_.grid.unit, budget});
      trial.candidates = candidates_of(i, trial.steps);
      trial.run = trial.candidates[trial.search ? plan_.searches[*trial.search].assumed : 0];
      const PlannedRun& run = plan_.runs[trial.run];
      trial.unit = study_.grid.unit;
      trial.budget = budget;
      trial.id = trial_id(run.id, budget, trial.unit);
      trial.architecture = cell.spec.model.architecture;
      trial.size = cell.spec.model.size;
      trial.axes = axes_of(cell);
      trial.seed = cell.seed;
      trial.tokens =
          static_cast<double>(trial.steps) * static_cast<double>(cell.spec.optimizer.batch_tokens);
      trial.flops = static_cast<double>(trial.steps) * run.flops_per_step;
      trial.parameters = run.parameters;
      plan_.trials.push_back(std::move(trial));
    }
  }

  void add_stop(std::size_t run, EvaluationStop stop, bool unless_there) {
    std::vector<EvaluationStop>& stops = plan_.runs[run].stops;
    for (const EvaluationStop& known : stops)
      if (known.step == stop.step && (unless_there || known.budget == stop.budget)) return;
    stops.push_back(stop);
  }

  void add_stops() {
    for (const PlannedTrial& trial : plan_.trials)
      for (const std::size_t run : trial.candidates)
        add_stop(run, {trial.steps, trial.budget, trial.unit}, false);
    for (const PlannedSearch& search : plan_.searches)
      for (const std::size_t run : search.arms)
        add_stop(run, {search.step, search.budget.value, search.budget.unit}, true);
    for (PlannedRun& run : plan_.runs)
      std::stable_sort(run.stops.begin(), run.stops.end(),
                       [](const auto& a, const auto& b) { return a.step < b.step; });
  }

  void add_totals() {
    std::set<std::pair<std::size_t, std::int64_t>> wanted;  // every evaluation, on its own
    for (const PlannedTrial& trial : plan_.trials) wanted.emplace(trial.run, trial.steps);
    for (const PlannedSearch& search : plan_.searches) {
      for (const std::size_t arm : search.arms) wanted.emplace(arm, search.step);
      if (search.runner_up_step == 0) continue;
      const std::size_t next = search.assumed + 1;
      wanted.emplace(search.checks[next < search.arms.size() ? next : search.assumed - 1],
                     search.runner_up_step);
    }
    for (const auto& [run, steps] : wanted) {
      PlannedRun& planned = plan_.runs[run];
      planned.expected_steps = std::max(planned.expected_steps, steps);
      plan_.flops_without_sharing += static_cast<double>(steps) * planned.flops_per_step;
    }
    for (const auto& [run, steps] : wanted)
      if (const auto& branch = plan_.runs[run].branch) {
        std::int64_t& trunk = plan_.runs[branch->trunk].expected_steps;
        trunk = std::max(trunk, branch->step);
      }
    for (const PlannedRun& run : plan_.runs)
      if (run.expected_steps > 0)
        plan_.flops +=
            static_cast<double>(run.expected_steps - run.first_step()) * run.flops_per_step;
  }

  const Study& study_;
  std::vector<Cell> cells_;
  // Of each cell and length, 0 where every length is one run's.
  std::map<std::pair<std::size_t, std::int64_t>, std::vector<std::size_t>> candidates_;
  std::vector<std::size_t> search_cell_;  // where each search is decided
  std::map<std::string, std::size_t> index_;
  StudyPlan plan_;
};

}  // namespace

StudyPlan make_plan(const Study& study) { return Planner(study).plan(); }

std::string budget_text(double budget, BudgetUnit unit) {
  // {:e} would pad the digits: take the shortest ones and place the point after the first.
  std::string text = fmt::format("{}", budget);
  if (const std::size_t plus = text.find("e+"); plus != std::string::npos) text.erase(plus + 1, 1);
  if (budget >= 1e5 && text.find('e') == std::string::npos) {
    const int exponent = static_cast<int>(std::floor(std::log10(budget)));
    for (int digits = 0; digits < 17; ++digits) {
      std::string shorter = fmt::format("{:.{}e}", budget, digits);
      if (std::stod(shorter) != budget) continue;
      text = shorter.substr(0, shorter.find('e')) + fmt::format("e{}", exponent);
      break;
    }
  }
  switch (unit) {
    case BudgetUnit::Flops:
      return text;
    case BudgetUnit::Tokens:
      return text + "tokens";
    case BudgetUnit::TokensPerParameter:
      return text + "tpp";
  }
  return text;
}

std::string trial_id(const std::string& run, double budget, BudgetUnit unit) {
  return run + "-" + budget_text(budget, unit);
}

std::int64_t steps_to_reach(double budget, double one_step) {
  auto steps = static_cast<std::int64_t>(std::ceil(budget / one_step));
  // The quotient is rounded: settle it by products.
  while (steps > 1 && static_cast<double>(steps - 1) * one_step >= budget) --steps;
  while (static_cast<double>(steps) * one_step < budget) ++steps;
  return steps;
}

double cost_of_one_step(const RunSpec& spec, BudgetUnit unit) {
  const auto batch = static_cast<double>(spec.optimizer.batch_tokens);
  switch (unit) {
    case BudgetUnit::Flops:
      return flops_per_step(spec);
    case BudgetUnit::Tokens:
      return batch;
    case BudgetUnit::TokensPerParameter:
      return batch / static_cast<double>(count_parameters(spec.model).total);
  }
  return 0;
}

}  // namespace isoloss
