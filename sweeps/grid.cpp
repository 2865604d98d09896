#include "sweeps/grid.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <tuple>

#include "model/spec/error.h"
#include "model/spec/number_text.h"
#include "model/spec/shard.h"
#include "model/yaml/yaml_view.h"
#include "sweeps/grid_twins.h"
#include "sweeps/idle_switches.h"
#include "sweeps/model_layers.h"
#include "sweeps/optimizer_fields.h"
#include "sweeps/plan.h"

namespace isoloss {
namespace {

// Every value that an axis takes in the grid or in an include, as positions in growing lists.
struct AxisValues {
  std::vector<std::string> architectures, sizes, seeds, budgets;
  std::vector<std::vector<std::string>> axes;
};

// architecture, plain axes, size, seed: the order of cells.
using CellKey = std::tuple<std::size_t, std::vector<std::size_t>, std::size_t, std::size_t>;

std::size_t index_of(std::vector<std::string>& list, const std::string& value) {
  const auto found = std::find(list.begin(), list.end(), value);
  if (found != list.end()) return static_cast<std::size_t>(found - list.begin());
  list.push_back(value);
  return list.size() - 1;
}

AxisValues grid_values(const Grid& grid) {
  AxisValues values;
  for (const ArchitectureEntry& entry : grid.architectures)
    values.architectures.push_back(entry.name);
  for (const SizeEntry& entry : grid.sizes) values.sizes.push_back(entry.name);
  for (const std::uint64_t seed : grid.seeds) values.seeds.push_back(std::to_string(seed));
  for (const double budget : grid.budgets) values.budgets.push_back(fmt::format("{}", budget));
  for (const PlainAxis& axis : grid.axes) values.axes.push_back(axis.values);
  return values;
}

// Each axis of the grid, with the selection's values in place.
class Product {
 public:
  Product(const Grid& grid, const AxisValues& values, const Selection& in_place) {
    const auto add = [&](const std::string& key, const std::vector<std::string>& list) {
      const auto found = in_place.values.find(key);
      lists_.push_back(found == in_place.values.end() ? list : found->second);
    };
    add("architecture", values.architectures);
    add("size", values.sizes);
    add("seed", values.seeds);
    add("budget", values.budgets);
    for (std::size_t i = 0; i < grid.axes.size(); ++i) add(grid.axes[i].field, values.axes[i]);
  }

  // Calls visit with one value an axis, in the order of the constructor.
  template <typename Visit>
  void each(Visit visit) const {
    std::vector<std::size_t> at(lists_.size(), 0);
    while (true) {
      std::vector<std::string> point;
      for (std::size_t i = 0; i < lists_.size(); ++i) point.push_back(lists_[i][at[i]]);
      visit(point);
      std::size_t axis = lists_.size();
      while (axis > 0 && ++at[axis - 1] == lists_[axis - 1].size()) at[--axis] = 0;
      if (axis == 0) return;
    }
  }

 private:
  std::vector<std::vector<std::string>> lists_;
};

std::vector<std::string> axis_names(const Grid& grid) {
  std::vector<std::string> names = {"architecture", "size", "seed", "budget"};
  for (const PlainAxis& axis : grid.axes) names.push_back(axis.field);
  return names;
}

bool matches(const Selection& selection, const std::vector<std::string>& names,
             const std::vector<std::string>& point) {
  for (const auto& [key, values] : selection.values) {
    const auto axis =
        static_cast<std::size_t>(std::find(names.begin(), names.end(), key) - names.begin());
    if (std::find(values.begin(), values.end(), point[axis]) == values.end()) return false;
  }
  return true;
}

OptimizerSpec resolve_optimizer(const Study& study, const std::vector<std::string>& axes,
                                double rate) {
  OptimizerSpec optimizer;
  double warmup_tokens = 0;
  const auto set = [&](const std::string& field, const std::string& text) {
    if (field == "warmup_tokens")
      warmup_tokens = parse_number(text).value_or(0);
    else if (const OptimizerField* known = find_optimizer_field(field))
      known->set(optimizer, text);
  };
  for (const auto& [field, text] : study.optimizer) set(field, text);
  for (std::size_t i = 0; i < axes.size(); ++i)
    set(study.grid.axes[i].field == "optimizer" ? "name" : study.grid.axes[i].field, axes[i]);
  if (rate > 0) optimizer.learning_rate = rate;
  if (warmup_tokens > 0)
    optimizer.warmup_steps = std::max<std::int64_t>(
        1, std::llround(warmup_tokens / static_cast<double>(optimizer.batch_tokens)));
  return optimizer;
}

// The line and key where `field` was given, else those of the size.
std::pair<int, std::string> place_of(const Study& study, const std::string& field,
                                     const SizeEntry& size) {
  for (const PlainAxis& axis : study.grid.axes)
    if (axis.field == field) return {axis.line, "grid." + field};
  for (const char* section : {"optimizer.", "model.", "evaluate.", "run."})
    if (const auto found = study.lines.find(section + field); found != study.lines.end())
      return {found->second, found->first};
  return {size.line, "grid.size." + size.name};
}

void check_spec(const Study& study, const RunSpec& spec, const SizeEntry& size) {
  const std::string file = study.file.string();
  try {
    check(spec.model);
  } catch (const InputError& error) {
    fail_at(
        file, size.line, "grid.size." + size.name,
        study.grid.architectures.size() == 1
            ? error.what()
            : fmt::format("with the architecture {}, {}", spec.model.architecture, error.what()));
  }
  if (spec.optimizer.schedule == ScheduleKind::Rsqrt && spec.optimizer.warmup_steps == 0) {
    const auto [line, key] = place_of(study, "warmup_steps", size);
    fail_at(file, line, key,
            "0 has no meaning to rsqrt (its rate falls with the root of steps over those of the "
            "warm-up); give 1, which is none");
  }
  if (spec.optimizer.batch_tokens % spec.model.sequence != 0) {
    const auto [line, key] = place_of(study, "batch_tokens", size);
    fail_at(
        file, line, key,
        fmt::format("a batch of {} tokens is no multiple of the sequence {} (a step takes whole "
                    "sequences); give for example {}",
                    spec.optimizer.batch_tokens, spec.model.sequence,
                    (spec.optimizer.batch_tokens / spec.model.sequence + 1) * spec.model.sequence));
  }
  if (spec.tensor_parallel > 0) {
    try {
      check_layout(spec.model, static_cast<int>(spec.tensor_parallel));
    } catch (const InputError& error) {
      fail_at(file, study.lines.at("run.tensor_parallel"), "run.tensor_parallel", error.what());
    }
  }
  const std::int64_t windows = spec.optimizer.batch_tokens / spec.model.sequence;
  if (spec.data_parallel > 0 && windows % (spec.accumulate * spec.data_parallel) != 0)
    fail_at(file, study.lines.at("run.data_parallel"), "run.data_parallel",
            fmt::format("{} groups of {} micro-batches do not divide the {} sequences of a batch "
                        "(each takes as many); give numbers whose product divides {}",
                        spec.data_parallel, spec.accumulate, windows, windows));
  if (windows % spec.accumulate != 0) {
    const auto [line, key] = place_of(study, "accumulate", size);
    fail_at(file, line, key,
            fmt::format("{} micro-batches do not divide the {} sequences of a batch (each takes as "
                        "many); give a divisor of {}",
                        spec.accumulate, windows, windows));
  }
  if (spec.evaluation.tokens < 2 * spec.model.sequence) {
    const auto [line, key] = place_of(study, "tokens", size);
    fail_at(file, line, key,
            fmt::format("{} tokens are less than two sequences of {} (half of them choose learning "
                        "rates); give more",
                        spec.evaluation.tokens, spec.model.sequence));
  }
}

void check_budget(const Study& study, const RunSpec& spec, double budget, BudgetUnit unit, int line,
                  const std::string& key) {
  const double one_step = cost_of_one_step(spec, unit);
  if (budget < one_step)
    fail_at(
        study.file.string(), line, key,
        fmt::format(
            "a budget of {} is too small for one step (a step of {} {} costs {:.4g} {}); raise the "
            "budget or lower optimizer.batch_tokens",
            budget_text(budget, BudgetUnit::Flops), spec.model.architecture, spec.model.size,
            one_step, name_of(unit)));
  if (budget / one_step > kMostWhole)
    fail_at(study.file.string(), line, key,
            fmt::format("a budget of {} is {:.3g} steps of {} {} (more than can be counted); lower "
                        "the budget",
                        budget_text(budget, BudgetUnit::Flops), budget / one_step,
                        spec.model.architecture, spec.model.size));
  if (!has_horizon(spec.optimizer)) return;
  OptimizerSpec optimizer = spec.optimizer;
  optimizer.horizon = steps_to_reach(budget, one_step);
  const std::int64_t decays_from =
      optimizer.schedule == ScheduleKind::Wsd ? branch_step(optimizer) : optimizer.horizon - 1;
  if (optimizer.warmup_steps > decays_from)
    fail_at(study.file.string(), line, key,
            fmt::format("a warm-up of {} steps does not fit (a budget of {} is {} steps of {} {}, "
                        "and {} has to begin its decay by step {}); give a shorter "
                        "warm-up or raise the budget",
                        optimizer.warmup_steps, budget_text(budget, BudgetUnit::Flops),
                        optimizer.horizon, spec.model.architecture, spec.model.size,
                        name_of(optimizer.schedule), decays_from));
}

void refuse_two_opinions(const Study& study) {
  for (const ArchitectureEntry& architecture : study.grid.architectures)
    for (const SizeEntry& size : study.grid.sizes)
      for (const auto& [field, text] : architecture.overrides)
        for (const auto& [other, value] : size.overrides)
          if (field == other)
            fail_at(study.file.string(), architecture.line,
                    "grid.architecture." + architecture.name + "." + field,
                    fmt::format("also given by the size {} in line {} (which of them counts?); "
                                "remove one",
                                size.name, size.line));
}

// Rates are compared at the grid's first seed, whether or not a trial asks for it there.
void add_search_cells(const Study& study, std::map<CellKey, std::set<double>>& cells) {
  const std::optional<RateSearch>& search = study.grid.search;
  if (!search) return;
  std::vector<CellKey> keys;
  for (const auto& [key, budgets] : cells) keys.push_back(key);
  for (auto& [architecture, axes, size, seed] : keys) {
    if (search->size)
      for (std::size_t i = 0; i < study.grid.sizes.size(); ++i)
        if (study.grid.sizes[i].name == *search->size) size = i;
    cells.try_emplace(CellKey{architecture, axes, size, 0});
  }
}

}  // namespace

RunSpec resolve_spec(const Study& study, std::size_t architecture, std::size_t size,
                     const std::vector<std::string>& axes, std::uint64_t seed, double rate) {
  const ArchitectureEntry& of_architecture = study.grid.architectures[architecture];
  const SizeEntry& of_size = study.grid.sizes[size];
  RunSpec spec = study.base;
  spec.model = layered_model(study, of_architecture, of_size, axes);
  spec.model.architecture = of_architecture.name;
  spec.model.size = of_size.name;
  spec.model.vocabulary = study.vocabulary;
  spec.optimizer = resolve_optimizer(study, axes, rate);
  spec.seed = seed;
  return spec;
}

std::vector<Cell> expand_grid(const Study& study) {
  const Grid& grid = study.grid;
  const std::string file = study.file.string();
  refuse_two_opinions(study);
  AxisValues values = grid_values(grid);
  const AxisValues own = values;
  const std::vector<std::string> names = axis_names(grid);
  std::vector<bool> dropped(grid.exclude.size(), false);
  std::map<CellKey, std::set<double>> cells;
  const auto visit = [&](const std::vector<std::string>& point) {
    bool drop = false;
    for (std::size_t i = 0; i < grid.exclude.size(); ++i)
      if (matches(grid.exclude[i], names, point)) drop = dropped[i] = true;
    if (drop) return;
    std::vector<std::size_t> axes;
    for (std::size_t i = 0; i < grid.axes.size(); ++i)
      axes.push_back(index_of(values.axes[i], point[4 + i]));
    const CellKey key{index_of(values.architectures, point[0]), axes,
                      index_of(values.sizes, point[1]), index_of(values.seeds, point[2])};
    cells[key].insert(parse_number(point[3]).value());
  };
  Product(grid, own, {}).each(visit);
  for (const Selection& include : grid.include) Product(grid, own, include).each(visit);
  for (std::size_t i = 0; i < dropped.size(); ++i)
    if (!dropped[i])
      fail_at(file, grid.exclude[i].line, "grid.exclude",
              "drops nothing (no trial of the grid has these values); mend or remove the entry");
  if (cells.empty())
    fail_at(file, grid.exclude[0].line, "grid.exclude",
            "drops every trial (nothing is left to train); remove an entry");

  add_search_cells(study, cells);

  std::vector<Cell> list;
  for (const auto& [key, budgets] : cells) {
    const auto& [architecture, axes, size, seed] = key;
    Cell cell;
    cell.architecture = architecture;
    cell.size = size;
    for (std::size_t i = 0; i < axes.size(); ++i) cell.axes.push_back(values.axes[i][axes[i]]);
    cell.seed = static_cast<std::uint64_t>(parse_whole(values.seeds[seed]).value());
    cell.budgets.assign(budgets.begin(), budgets.end());
    cell.spec = resolve_spec(study, architecture, size, cell.axes, cell.seed,
                             grid.search ? grid.search->rates[0] : 0);
    check_spec(study, cell.spec, grid.sizes[size]);
    if (!cell.budgets.empty())
      for (const double budget : {cell.budgets.front(), cell.budgets.back()})
        check_budget(study, cell.spec, budget, grid.unit, grid.budget_line,
                     std::string("grid.budget.") + name_of(grid.unit));
    if (grid.search && grid.search->decide_at)
      check_budget(study, cell.spec, grid.search->decide_at->value, grid.search->decide_at->unit,
                   grid.search->line, "grid.learning_rate.decide_at");
    list.push_back(std::move(cell));
  }
  refuse_idle_switches(study, list);
  refuse_twin_cells(study, list);
  return list;
}

}  // namespace isoloss
