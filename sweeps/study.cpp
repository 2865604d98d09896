#include "sweeps/study.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "model/spec/nearest_name.h"
#include "model/spec/number_text.h"
#include "model/spec/own_cores.h"
#include "model/yaml/yaml_view.h"
#include "sweeps/grid.h"
#include "sweeps/optimizer_fields.h"
#include "sweeps/study_data.h"
#include "sweeps/study_evaluate.h"
#include "sweeps/study_grid.h"

namespace isoloss {
namespace {

using Names = std::vector<std::string>;

void add(FieldValues& values, Study& study, const std::string& field, const std::string& text,
         const YamlView& where, const char* section) {
  values.emplace_back(field, text);
  study.lines[std::string(section) + "." + field] = where.line();
}

void read_model(const YamlView& section, Study& study) {
  const YamlMap map = section.map(settable_spec_fields());
  for (const auto& [name, value] : map.entries())
    add(study.model, study, name, checked_field(name, value), value, "model");
}

void read_betas(const YamlView& betas, const YamlMap& map, Study& study) {
  const std::vector<YamlView> pair = betas.list();
  if (pair.size() != 2)
    betas.fail(fmt::format("{} numbers (two are wanted); write [0.9, 0.95]", pair.size()));
  for (std::size_t i = 0; i < 2; ++i) {
    const std::string name = i == 0 ? "beta1" : "beta2";
    if (const YamlView* twin = map.find(name))
      twin->fail("given beside betas (one field given twice); remove one");
    add(study.optimizer, study, name, checked_field(name, pair[i]), betas, "optimizer");
  }
}

void read_optimizer(const YamlView& section, Study& study) {
  Names known(optimizer_field_names().begin(), optimizer_field_names().end());
  known.insert(known.end(), {"warmup_tokens", "betas"});
  const YamlMap map = section.map(known);
  if (const YamlView* steps = map.find("warmup_steps");
      steps != nullptr && map.find("warmup_tokens") != nullptr)
    steps->fail("given beside warmup_tokens (both say how long the warm-up is); remove one");
  for (const auto& [name, value] : map.entries()) {
    if (name == "betas")
      read_betas(value, map, study);
    else
      add(study.optimizer, study, name, checked_field(name == "name" ? "optimizer" : name, value),
          value, "optimizer");
  }
}

// The names that the study gives to a choice: one, or those of its axis.
Names chosen(const Study& study, const std::string& axis, const std::string& field, Names names) {
  for (const PlainAxis& known : study.grid.axes)
    if (known.field == axis) return known.values;
  for (const auto& [name, text] : study.optimizer)
    if (name == field) names = {text};
  return names;
}

void refuse_unless_shared(const Study& study, const Names& used, const Names& owners,
                          const char* choice, int line, const std::string& key) {
  if (std::ranges::find_first_of(used, owners) != used.end()) return;
  fail_at(study.file.string(), line, key,
          fmt::format("means nothing to {} (it belongs to {}); remove it or write {}: {}",
                      fmt::join(used, " and "), fmt::join(owners, " and "), choice, owners[0]));
}

// A setting of another optimizer or schedule would be ignored in silence.
void refuse_idle_fields(const Study& study) {
  const Names optimizers = chosen(study, "optimizer", "name", {name_of(OptimizerKind::Adafactor)});
  const Names schedules = chosen(study, "schedule", "schedule", {name_of(ScheduleKind::Rsqrt)});
  const auto refuse = [&](const std::string& name, int line, const std::string& key) {
    const OptimizerField* field = find_optimizer_field(name);
    if (field == nullptr) return;
    Names owners;
    for (const OptimizerKind kind : {OptimizerKind::Adafactor, OptimizerKind::AdamW})
      if (kind == OptimizerKind::AdamW ? field->adamw : field->adafactor)
        owners.emplace_back(name_of(kind));
    refuse_unless_shared(study, optimizers, owners, "name", line, key);
    owners.clear();
    for (const ScheduleKind kind : field->schedules) owners.emplace_back(name_of(kind));
    if (!owners.empty()) refuse_unless_shared(study, schedules, owners, "schedule", line, key);
  };
  for (const auto& [name, text] : study.optimizer)
    refuse(name, study.lines.at("optimizer." + name), "optimizer." + name);
  for (const PlainAxis& axis : study.grid.axes) refuse(axis.field, axis.line, "grid." + axis.field);
}

std::string one_of(const YamlView& value, const Names& known) {
  const std::string text = value.text();
  if (std::find(known.begin(), known.end(), text) == known.end())
    value.fail("'" + text + "' is not known (not one of its choices)" + suggestion(text, known));
  return text;
}

double read_duration(const YamlView& value) {
  const std::string text = value.text();
  const std::string units = "smhd";
  const double seconds[] = {1, 60, 3600, 86400};
  const std::size_t unit = units.find(text.back());
  const auto number =
      parse_number(unit == std::string::npos ? "" : text.substr(0, text.size() - 1));
  if (!number || !(*number > 0))
    value.fail("'" + text +
               "' is not a duration (a positive number with its unit is wanted); "
               "write 45m, 12h or 2d");
  constexpr double kMostDays = 10'000;
  if (*number * seconds[unit] > kMostDays * seconds[3])
    value.fail(
        fmt::format("'{}' is too long (at most {:g}d); write 45m, 12h or 2d", text, kMostDays));
  return *number * seconds[unit];
}

// Ranks of one dimension of the layout; 0 for auto.
std::int64_t read_ranks(const YamlView* value) {
  if (value == nullptr || value->text() == "auto") return 0;
  const std::int64_t ranks = value->positive_whole();
  constexpr std::int64_t kMost = 65536;
  if (ranks > kMost)
    value->fail(fmt::format("{} ranks are more than any job has (at most {}); give auto or fewer",
                            ranks, kMost));
  return ranks;
}

void read_run(const YamlView& section, Study& study) {
  static const Names known = {
      "dtype",      "device",          "threads",       "accumulate",       "recompute",
      "time_limit", "tensor_parallel", "data_parallel", "checkpoint_every", "ranks_per_device"};
  const YamlMap map = section.map(known);
  for (const auto& [name, value] : map.entries()) study.lines["run." + name] = value.line();
  if (const YamlView* dtype = map.find("dtype"))
    study.base.dtype = one_of(*dtype, {"float32", "float64", "bfloat16"});
  if (const YamlView* device = map.find("device"))
    study.device = one_of(*device, {"auto", "cpu", "cuda"});
  if (const YamlView* ranks = map.find("ranks_per_device")) {
    study.ranks_per_device = ranks->positive_whole();
    constexpr std::int64_t kMost = 48;
    if (study.ranks_per_device > kMost)
      ranks->fail(fmt::format("{} ranks of a GPU are more than MPS serves (at most {}); give fewer",
                              study.ranks_per_device, kMost));
    if (study.device == "cpu")
      ranks->fail(
          "means nothing to device: cpu (ranks share GPUs); remove it or write device: cuda");
  }
  study.base.tensor_parallel = read_ranks(map.find("tensor_parallel"));
  study.base.data_parallel = read_ranks(map.find("data_parallel"));
  if (const YamlView* batches = map.find("accumulate"))
    study.base.accumulate = batches->positive_whole();
  if (const YamlView* recompute = map.find("recompute"))
    study.base.recompute = one_of(*recompute, {"true", "false"}) == "true";
  if (const YamlView* threads = map.find("threads")) {
    study.base.threads = threads->positive_whole();
    if (study.base.threads > kMostThreads)
      threads->fail(
          fmt::format("{} threads of a rank are more than it has cores (at most {}); give "
                      "fewer",
                      study.base.threads, kMostThreads));
  }
  if (const YamlView* limit = map.find("time_limit"))
    study.time_limit_seconds = read_duration(*limit);
  if (const YamlView* every = map.find("checkpoint_every"))
    study.base.checkpoint_seconds = read_duration(*every);
}

// A folder's name has 255 bytes, also while `merge` makes it beside its place.
constexpr std::size_t kLongestName = 128;

std::string read_name(const YamlView& value) {
  const std::string name = value.text();
  constexpr const char* kAllowed =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
  if (name.find_first_not_of(kAllowed) != std::string::npos || name[0] == '.' || name[0] == '-')
    value.fail("'" + name +
               "' cannot name a folder or a job (letters, digits, - _ . are allowed); "
               "choose another");
  if (name.size() > kLongestName)
    value.fail(fmt::format("{} characters (a folder and a job have that name); give {} or fewer",
                           name.size(), kLongestName));
  return name;
}

}  // namespace

const char* name_of(BudgetUnit unit) {
  switch (unit) {
    case BudgetUnit::Flops:
      return "flops";
    case BudgetUnit::Tokens:
      return "tokens";
    case BudgetUnit::TokensPerParameter:
      return "tokens_per_parameter";
  }
  return "";
}

const std::vector<std::string>& text_task_names() {
  static const std::vector<std::string> names = {"last-word",      "continuation", "next-passage",
                                                 "sentence-order", "name-recall",  "copying",
                                                 "mapping"};
  return names;
}

// Part of a run's identity: to add one here would train every study of text again.
const std::vector<std::string>& default_text_task_names() {
  static const std::vector<std::string> names = {"last-word", "continuation"};
  return names;
}

std::optional<std::string> study_name(const std::filesystem::path& file) {
  try {
    const YAML::Node name = YAML::LoadFile(file.string())["study"];
    if (name.IsDefined() && name.IsScalar()) return name.as<std::string>();
  } catch (const YAML::Exception&) {
    return std::nullopt;
  }
  return std::nullopt;
}

Study read_study(const std::filesystem::path& file) {
  static const Names known = {"study", "data",     "model", "optimizer",
                              "grid",  "evaluate", "run",   "published"};
  const YamlView document = YamlView::load(file);
  const YamlMap map = document.map(known);
  Study study;
  study.file = file;
  study.name = read_name(map.need("study", "add a name, study: NAME"));
  const StudyData data =
      read_data(map.need("data", "add for example data: {text: corpus/*.txt, tokenizer: bytes}"));
  study.base.data = data.data;
  study.vocabulary = data.vocabulary;
  if (const YamlView* model = map.find("model")) read_model(*model, study);
  if (const YamlView* optimizer = map.find("optimizer")) read_optimizer(*optimizer, study);
  read_evaluate(map.find("evaluate"), study);
  if (const YamlView* run = map.find("run")) read_run(*run, study);
  study.grid = read_grid(
      map.need("grid", "add grid: with architecture, size and budget, see sweeps/quickstart.yaml"),
      study);
  std::vector<std::string> architectures, sizes;
  for (const ArchitectureEntry& entry : study.grid.architectures)
    architectures.push_back(entry.name);
  for (const SizeEntry& entry : study.grid.sizes) sizes.push_back(entry.name);
  study.published = read_published(map.find("published"), architectures, sizes);
  refuse_idle_fields(study);
  expand_grid(study);  // for its checks
  return study;
}

}  // namespace isoloss
