#include "sweeps/idle_switches.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <functional>
#include <set>

#include "model/spec/catalogue.h"
#include "model/spec/spec_fields.h"
#include "model/yaml/yaml_view.h"

namespace isoloss {
namespace {

bool convolves(const ModelSpec& spec) {
  return has_convolution(spec, 'q') || has_convolution(spec, 'k') || has_convolution(spec, 'v');
}

// Fields that some models do not read, why not, and what would make them.
struct IdleRule {
  std::vector<std::string> fields;
  bool (*idle)(const ModelSpec&);
  const char* why;
  const char* remedy;
};

const std::vector<IdleRule>& rules() {
  static const std::vector<IdleRule> list = {
      {{"rotary_base"},
       [](const ModelSpec& spec) { return spec.positions != Positions::Rotary; },
       "it belongs to rotary positions",
       "write positions: rotary"},
      {{"relative_buckets", "relative_max_distance"},
       [](const ModelSpec& spec) { return spec.positions != Positions::Relative; },
       "it belongs to relative positions",
       "write positions: relative"},
      {{"convolution_on", "convolution_shared", "convolution_place"},
       [](const ModelSpec& spec) { return !convolves(spec); },
       "there is no convolution",
       "give convolution_width: 3"},
      {{"d_ff_gated"},
       [](const ModelSpec& spec) { return !spec.gated; },
       "there is no gate",
       "write gated: true"},
      {{"d_ff"},
       [](const ModelSpec& spec) { return spec.gated && spec.d_ff_gated > 0; },
       "d_ff_gated is the width behind a gate",
       "remove d_ff_gated"},
      {{"d_ff_ratio"},
       [](const ModelSpec& spec) { return spec.d_ff > 0 || (spec.gated && spec.d_ff_gated > 0); },
       "d_ff or d_ff_gated, of the same or a stronger place, is the width",
       "give it in the entry of the architecture"},
      {{"output_scale"},
       [](const ModelSpec& spec) { return !spec.tied; },
       "it belongs to a tied output layer",
       "write tied: true"},
      {{"norm_epsilon", "norm_placement"},
       [](const ModelSpec& spec) { return spec.norm == Norm::None; },
       "there is no norm",
       "choose one"}};
  return list;
}

const IdleRule* rule_of(const std::string& field) {
  for (const IdleRule& rule : rules())
    if (std::ranges::count(rule.fields, field) > 0) return &rule;
  return nullptr;
}

std::string value_in(const ModelSpec& spec, const std::string& field) {
  for (const SpecField& known : spec_fields())
    if (known.name == field) return known.get(spec);
  return {};
}

// One field as the study gives it, and the cells that it is given for.
struct Setting {
  std::string field, value, key;
  int line = 0;
  std::function<bool(const Cell&)> covers;
};

std::vector<Setting> settings_of(const Study& study, std::span<const Cell> cells) {
  const Grid& grid = study.grid;
  std::vector<Setting> list;
  for (const auto& [field, value] : study.model) {
    const std::string key = "model." + field;
    list.push_back({field, value, key, study.lines.at(key), [](const Cell&) { return true; }});
  }
  for (std::size_t i = 0; i < grid.sizes.size(); ++i)
    for (const auto& [field, value] : grid.sizes[i].overrides)
      list.push_back({field, value, "grid.size." + grid.sizes[i].name + "." + field,
                      grid.sizes[i].line, [i](const Cell& cell) { return cell.size == i; }});
  for (std::size_t i = 0; i < grid.architectures.size(); ++i)
    for (const auto& [field, value] : grid.architectures[i].overrides)
      list.push_back({field, value, "grid.architecture." + grid.architectures[i].name + "." + field,
                      grid.architectures[i].line,
                      [i](const Cell& cell) { return cell.architecture == i; }});
  for (std::size_t i = 0; i < grid.axes.size(); ++i) {
    if (std::ranges::count(spec_field_names(), grid.axes[i].field) == 0) continue;
    std::set<std::string> values;  // includes have some of their own
    for (const Cell& cell : cells) values.insert(cell.axes[i]);
    for (const std::string& value : values)
      list.push_back({grid.axes[i].field, value, "grid." + grid.axes[i].field, grid.axes[i].line,
                      [i, value](const Cell& cell) { return cell.axes[i] == value; }});
  }
  return list;
}

// Whether the value may stand although this model does not read it.
bool harmless(const Setting& setting, const std::string& base) {
  return setting.value == value_in(ModelSpec{}, setting.field) ||
         setting.value == value_in(named_architecture(base), setting.field);
}

// Fields of one name replace each other as the order of places says; these are one thing by three.
bool is_hidden_width(const std::string& field) {
  return field == "d_ff" || field == "d_ff_ratio" || field == "d_ff_gated";
}

void check_setting(const Study& study, const Setting& setting, std::span<const Cell> cells) {
  const IdleRule* rule = rule_of(setting.field);
  if (rule == nullptr) return;
  bool decided_elsewhere = false;
  std::set<std::string> names;  // architectures that it means nothing to
  for (const Cell& cell : cells) {
    if (!setting.covers(cell)) continue;
    const ModelSpec& model = cell.spec.model;
    const bool replaced = value_in(model, setting.field) != setting.value;
    if (replaced && !is_hidden_width(setting.field)) return;
    if (!replaced && !rule->idle(model)) return;
    if (harmless(setting, study.grid.architectures[cell.architecture].base)) return;
    decided_elsewhere = decided_elsewhere || !rule->idle(model);
    names.insert(model.architecture);
  }
  if (names.empty()) return;
  fail_at(study.file.string(), setting.line, setting.key,
          decided_elsewhere
              ? fmt::format("means nothing to {} (a stronger place gives the hidden width: "
                            "docs/format.md says which); remove it, or give it in the entry of "
                            "the architecture",
                            fmt::join(names, " and "))
              : fmt::format("means nothing to {} ({}); remove it or {}", fmt::join(names, " and "),
                            rule->why, rule->remedy));
}

// The strongest place that made the model's one convolution go.
void check_convolution_left(const Study& study, const std::vector<Setting>& settings,
                            const Cell& cell) {
  if (cell.spec.model.convolution_width == 0 || convolves(cell.spec.model)) return;
  std::string key = "grid.architecture." + cell.spec.model.architecture;
  int line = study.grid.architectures[cell.architecture].line;
  for (const Setting& setting : settings)
    if ((setting.field == "convolution_on" || setting.field == "shared_qk") &&
        setting.covers(cell) && setting.value == value_in(cell.spec.model, setting.field)) {
      key = setting.key;
      line = setting.line;
    }
  fail_at(study.file.string(), line, key,
          fmt::format("{} has a convolution on q alone and shared_qk (queries made of keys have "
                      "none of their own, so nothing would be convolved); name k or v in "
                      "convolution_on, or give convolution_width: 0",
                      cell.spec.model.architecture));
}

}  // namespace

void refuse_idle_switches(const Study& study, std::span<const Cell> cells) {
  const std::vector<Setting> settings = settings_of(study, cells);
  for (const Cell& cell : cells) check_convolution_left(study, settings, cell);
  for (const Setting& setting : settings) check_setting(study, setting, cells);
}

}  // namespace isoloss
