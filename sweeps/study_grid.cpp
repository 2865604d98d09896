#include "sweeps/study_grid.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "model/spec/error.h"
#include "model/spec/nearest_name.h"
#include "model/spec/spec_fields.h"
#include "sweeps/grid_budgets.h"
#include "sweeps/grid_entries.h"
#include "sweeps/optimizer_fields.h"

namespace isoloss {
namespace {

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

template <typename Entry>
void refuse_twins(const YamlView& axis, const std::vector<Entry>& entries) {
  std::set<std::string> seen;
  for (const Entry& entry : entries)
    if (!seen.insert(entry.name).second)
      fail_at(axis.file(), entry.line, axis.key(),
              fmt::format("'{}' is given twice (names tell trials apart); rename or remove one",
                          entry.name));
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
      item.fail(fmt::format("'{}' is given twice (it would be one trial); remove one", text));
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
        item.fail(fmt::format(
            "'{}' is not in the grid (only what the grid names can be added or dropped){}",
            item.text(), suggestion(item.text(), names)));
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
  if (value.is_empty_list()) return selections;
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
