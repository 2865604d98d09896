#include "sweeps/study_grid.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "model/spec/catalogue.h"
#include "model/spec/error.h"
#include "model/spec/nearest_name.h"
#include "model/spec/spec_fields.h"
#include "sweeps/optimizer_fields.h"

namespace isoloss {
namespace {

std::vector<std::string> catalogue_names(std::span<const CatalogueEntry> entries) {
  std::vector<std::string> names;
  for (const CatalogueEntry& entry : entries) names.push_back(entry.name);
  return names;
}

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

void need_known(const YamlView& value, const std::string& name,
                const std::vector<std::string>& known, const std::string& kind) {
  if (!contains(known, name))
    value.fail("'" + name + "' is not a known " + kind + " (see `isoloss catalogue`)" +
               suggestion(name, known));
}

FieldValues overrides_of(const YamlMap& map, const std::vector<std::string>& besides) {
  FieldValues overrides;
  for (const auto& [key, value] : map.entries())
    if (!contains(besides, key)) overrides.emplace_back(key, checked_field(key, value));
  return overrides;
}

ArchitectureEntry read_architecture(const YamlView& item) {
  const std::vector<std::string> known = catalogue_names(architectures());
  ArchitectureEntry entry;
  entry.line = item.line();
  if (!item.is_map()) {
    entry.name = entry.base = item.text();
    need_known(item, entry.base, known, "architecture");
    return entry;
  }
  std::vector<std::string> keys = {"name", "base"};
  keys.insert(keys.end(), settable_spec_fields().begin(), settable_spec_fields().end());
  const YamlMap map = item.map(keys);
  const YamlView& name = map.need("name", "add a name of your own, name: mine");
  entry.name = name.text();
  if (contains(known, entry.name))
    name.fail("'" + entry.name +
              "' is an architecture of the catalogue (savings against it would mean another); give "
              "a name of your own");
  const YamlView& base = map.need("base", "add the architecture it changes, base: transformer");
  entry.base = base.text();
  need_known(base, entry.base, known, "architecture");
  entry.overrides = overrides_of(map, {"name", "base"});
  return entry;
}

SizeEntry read_size(const YamlView& item) {
  SizeEntry entry;
  entry.line = item.line();
  if (!item.is_map()) {
    entry.name = item.text();
    need_known(item, entry.name, catalogue_names(sizes()), "size");
    entry.from_catalogue = true;
    return entry;
  }
  std::vector<std::string> keys = {"name"};
  keys.insert(keys.end(), settable_spec_fields().begin(), settable_spec_fields().end());
  const YamlMap map = item.map(keys);
  entry.name = map.need("name", "add a name of your own, name: small").text();
  entry.overrides = overrides_of(map, {"name"});
  return entry;
}

template <typename Entry>
void refuse_twins(const YamlView& axis, const std::vector<Entry>& entries) {
  std::set<std::string> seen;
  for (const Entry& entry : entries)
    if (!seen.insert(entry.name).second)
      fail_at(
          axis.file(), entry.line, axis.key(),
          "'" + entry.name + "' is given twice (names tell trials apart); rename or remove one");
}

BudgetUnit unit_named(const std::string& name) {
  for (const BudgetUnit unit : {BudgetUnit::Tokens, BudgetUnit::TokensPerParameter})
    if (name == name_of(unit)) return unit;
  return BudgetUnit::Flops;
}

const std::vector<std::string>& unit_names() {
  static const std::vector<std::string> names = {"flops", "tokens", "tokens_per_parameter"};
  return names;
}

void read_budget(const YamlView& value, Grid& grid) {
  if (!value.is_map())
    value.fail(
        "no unit (a budget counts flops, tokens or tokens_per_parameter); write {flops: "
        "[2e11, 2e12]}");
  const YamlMap map = value.map(unit_names());
  if (map.entries().size() != 1)
    value.fail(
        fmt::format("{} units (exactly one of flops, tokens and tokens_per_parameter is "
                    "wanted); write {{flops: [2e11, 2e12]}}",
                    map.entries().size()));
  const auto& [name, list] = map.entries()[0];
  grid.unit = unit_named(name);
  grid.budget_line = list.line();
  for (const YamlView& item : list.list()) grid.budgets.push_back(item.positive());
  std::sort(grid.budgets.begin(), grid.budgets.end());
  if (std::adjacent_find(grid.budgets.begin(), grid.budgets.end()) != grid.budgets.end())
    list.fail("one budget is given twice (it would be one trial); remove one");
}

RateSearch read_search(const YamlView& value, const Grid& grid) {
  static const std::vector<std::string> known = {"search", "decide_at"};
  const YamlMap map = value.map(known);
  RateSearch search;
  search.line = value.line();
  const YamlView& rates = map.need("search", "add the rates to try, search: [0.03, 0.05, 0.09]");
  for (const YamlView& item : rates.list()) search.rates.push_back(item.positive());
  std::sort(search.rates.begin(), search.rates.end());
  if (std::adjacent_find(search.rates.begin(), search.rates.end()) != search.rates.end())
    rates.fail("one rate is given twice (it would be one run); remove one");
  if (search.rates.size() < 2)
    rates.fail(
        "only one rate (a search compares at least two); give more, or the rate itself as "
        "learning_rate: [RATE]");
  const YamlView* decide_at = map.find("decide_at");
  if (decide_at == nullptr) return search;
  std::vector<std::string> keys = unit_names();
  keys.emplace_back("size");
  const YamlMap place = decide_at->map(keys);
  for (const auto& [key, item] : place.entries()) {
    if (key == "size") {
      std::vector<std::string> names;
      for (const SizeEntry& size : grid.sizes) names.push_back(size.name);
      if (!contains(names, item.text()))
        item.fail("'" + item.text() + "' is no size of this grid (the rates are compared at one)" +
                  suggestion(item.text(), names));
      search.size = item.text();
    } else if (search.decide_at) {
      item.fail(
          "a second unit (one place to decide is wanted); keep one of flops, tokens and "
          "tokens_per_parameter");
    } else {
      search.decide_at = Budget{unit_named(key), item.positive()};
    }
  }
  if (!search.decide_at)
    decide_at->fail(
        "no budget (it says when rates are compared); add flops, tokens or "
        "tokens_per_parameter");
  return search;
}

// Where else a field that is an axis has been given: "model", "optimizer", an entry; empty if none.
std::string also_given(const std::string& field, const Study& study, const Grid& grid) {
  const auto has = [&](const FieldValues& values, const std::string& name) {
    return std::any_of(values.begin(), values.end(),
                       [&](const auto& pair) { return pair.first == name; });
  };
  const auto place = [&](const char* section, const std::string& name) {
    const std::string key = std::string(section) + "." + name;
    return fmt::format("{} in line {}", key, study.lines.at(key));
  };
  if (has(study.model, field)) return place("model", field);
  const std::string name = field == "optimizer" ? "name" : field;
  if (has(study.optimizer, name)) return place("optimizer", name);
  if (field == "warmup_steps" && has(study.optimizer, "warmup_tokens"))
    return place("optimizer", "warmup_tokens");
  if (field == "warmup_tokens" && has(study.optimizer, "warmup_steps"))
    return place("optimizer", "warmup_steps");
  for (const SizeEntry& size : grid.sizes)
    if (has(size.overrides, field))
      return fmt::format("the size {} in line {}", size.name, size.line);
  for (const ArchitectureEntry& architecture : grid.architectures)
    if (has(architecture.overrides, field))
      return fmt::format("the architecture {} in line {}", architecture.name, architecture.line);
  return "";
}

PlainAxis read_axis(const std::string& field, const YamlView& value, const Study& study,
                    const Grid& grid) {
  if (const std::string where = also_given(field, study, grid); !where.empty())
    value.fail("also given as " + where +
               " (a field is either fixed or an axis); remove one of the two");
  PlainAxis axis{field, {}, value.line()};
  for (const YamlView& item : value.list()) {
    const std::string text = checked_field(field, item);
    if (contains(axis.values, text))
      item.fail("'" + text + "' is given twice (it would be one trial); remove one");
    axis.values.push_back(text);
  }
  return axis;
}

std::vector<std::string> values_of(const std::string& key, const YamlView& value,
                                   const Grid& grid) {
  std::vector<std::string> values;
  const YamlView list = key == "budget" && value.is_map()
                            ? value.map(std::vector<std::string>{name_of(grid.unit)})
                                  .need(name_of(grid.unit), "add budgets")
                            : value;
  for (const YamlView& item : list.list()) {
    std::vector<std::string> names;
    if (key == "architecture")
      for (const ArchitectureEntry& entry : grid.architectures) names.push_back(entry.name);
    if (key == "size")
      for (const SizeEntry& entry : grid.sizes) names.push_back(entry.name);
    if (!names.empty()) {
      if (!contains(names, item.text()))
        item.fail("'" + item.text() +
                  "' is not in the grid (only what the grid names can be "
                  "added or dropped)" +
                  suggestion(item.text(), names));
      values.push_back(item.text());
    } else if (key == "seed") {
      if (item.whole() < 0) item.fail("the seed is negative (0 or more is wanted); give another");
      values.push_back(std::to_string(item.whole()));
    } else if (key == "budget") {
      values.push_back(fmt::format("{}", item.positive()));
    } else {
      values.push_back(checked_field(key, item));
    }
  }
  return values;
}

std::vector<Selection> read_selections(const YamlView& value, const Grid& grid) {
  std::vector<std::string> known = {"architecture", "size", "seed", "budget"};
  for (const PlainAxis& axis : grid.axes) known.push_back(axis.field);
  std::vector<Selection> selections;
  for (const YamlView& item : value.list()) {
    const YamlMap map = item.map(known);
    if (map.entries().empty())
      item.fail("names nothing (it would be the whole grid); write for example {size: s, seed: 1}");
    Selection selection;
    selection.line = item.line();
    for (const auto& [key, values] : map.entries())
      selection.values[key] = values_of(key, values, grid);
    selections.push_back(std::move(selection));
  }
  return selections;
}

std::vector<std::string> grid_keys() {
  std::vector<std::string> keys = {"architecture",  "size",    "budget",  "seed",
                                   "learning_rate", "include", "exclude", "warmup_tokens"};
  for (const std::string& name : settable_spec_fields()) keys.push_back(name);
  for (const std::string& name : optimizer_field_names())
    if (name != "learning_rate") keys.push_back(name == "name" ? "optimizer" : name);
  return keys;
}

}  // namespace

const std::vector<std::string>& settable_spec_fields() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> list;
    for (const std::string& name : spec_field_names())
      if (name != "architecture" && name != "size") list.push_back(name);
    return list;
  }();
  return names;
}

std::string checked_field(const std::string& field, const YamlView& value) {
  if (field == "vocabulary")
    value.fail("cannot be set (it follows the tokenizer or the synthetic symbols); remove it");
  if (field == "warmup_tokens") return std::to_string(value.positive_whole());
  const std::string text = value.text();
  try {
    if (contains(settable_spec_fields(), field)) {
      ModelSpec scratch;
      set_field(scratch, field, text);
      for (const SpecField& known : spec_fields())
        if (known.name == field) return known.get(scratch);
    }
    const OptimizerField* known = find_optimizer_field(field == "optimizer" ? "name" : field);
    OptimizerSpec scratch;
    known->set(scratch, text);
    return known->get(scratch);
  } catch (const InputError& error) {
    value.fail(error.what());
  }
}

Grid read_grid(const YamlView& section, const Study& study) {
  const std::vector<std::string> keys = grid_keys();
  const YamlMap map = section.map(keys);
  Grid grid;
  const YamlView& architecture =
      map.need("architecture", "add for example architecture: [transformer, primer-ez]");
  for (const YamlView& item : architecture.list())
    grid.architectures.push_back(read_architecture(item));
  refuse_twins(architecture, grid.architectures);
  const YamlView& size =
      map.need("size", "add for example size: [{name: s, d_model: 32, layers: 2}]");
  for (const YamlView& item : size.list()) grid.sizes.push_back(read_size(item));
  refuse_twins(size, grid.sizes);
  read_budget(map.need("budget", "add for example budget: {flops: [2e11, 2e12]}"), grid);

  for (const auto& [key, value] : map.entries()) {
    if (key == "learning_rate" && value.is_map()) {
      if (const std::string where = also_given(key, study, grid); !where.empty())
        value.fail("also given as " + where +
                   " (a field is either fixed or searched); remove one of the two");
      grid.search = read_search(value, grid);
    } else if (key == "seed") {
      for (const YamlView& item : value.list()) {
        const std::int64_t seed = item.whole();
        if (seed < 0) item.fail("the seed is negative (0 or more is wanted); give another");
        if (std::count(grid.seeds.begin(), grid.seeds.end(), static_cast<std::uint64_t>(seed)) > 0)
          item.fail(item.text() + " is given twice (it would be one trial); remove one");
        grid.seeds.push_back(static_cast<std::uint64_t>(seed));
      }
    } else if (key != "architecture" && key != "size" && key != "budget" && key != "include" &&
               key != "exclude") {
      grid.axes.push_back(read_axis(key, value, study, grid));
    }
  }
  if (grid.seeds.empty()) grid.seeds = {0};
  const YamlView* steps = map.find("warmup_steps");
  if (steps != nullptr && map.find("warmup_tokens") != nullptr)
    steps->fail("given beside warmup_tokens (both say how long the warm-up is); remove one");
  if (const YamlView* include = map.find("include")) grid.include = read_selections(*include, grid);
  if (const YamlView* exclude = map.find("exclude")) grid.exclude = read_selections(*exclude, grid);
  return grid;
}

}  // namespace isoloss
