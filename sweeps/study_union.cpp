#include "sweeps/study_union.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "model/spec/error.h"
#include "model/spec/number_text.h"
#include "model/yaml/yaml_view.h"
#include "sweeps/study.h"

namespace isoloss {
namespace {

// How a run is trained and how often it is scored, no part of what it is (run_spec.h).
constexpr std::array<std::string_view, 12> kOwn = {
    "run.device",         "run.time_limit",       "run.tensor_parallel",  "run.data_parallel",
    "run.recompute",      "run.checkpoint_every", "run.ranks_per_device", "evaluate.score_points",
    "evaluate.task_data", "evaluate.profile",     "evaluate.limit",       "published"};
// May be left out, which says the same as an empty one.
constexpr std::array<std::string_view, 4> kSections = {"model", "optimizer", "evaluate", "run"};

// Folders of one study leave out the same trials, and what any of them searched is searched. The
// newer file of one folder leaves out what it likes and says itself which rates are searched.
enum class Joins { Folders, AnUpdate };

YAML::Node document(const std::filesystem::path& path) {
  const std::string text = yaml_text(path);
  try {
    const YAML::Node node = YAML::Load(text);
    if (node.IsMap()) return node;
  } catch (const YAML::Exception&) {
  }
  throw InputError(path.string() + ": cannot read the study file (no YAML map); restore it");
}

// One spelling for one meaning: keys in order, numbers by their value.
std::string canonical(const YAML::Node& node) {
  if (node.IsSequence()) {
    std::vector<std::string> items;
    for (const auto& item : node) items.push_back(canonical(item));
    return fmt::format("[{}]", fmt::join(items, ", "));
  }
  if (node.IsMap()) {
    std::vector<std::string> entries;
    for (const auto& entry : node)
      entries.push_back(entry.first.Scalar() + ": " + canonical(entry.second));
    std::ranges::sort(entries);
    return fmt::format("{{{}}}", fmt::join(entries, ", "));
  }
  if (!node.IsScalar()) return "nothing";
  const auto number = parse_number(node.Scalar());
  return number ? fmt::format("{}", *number) : node.Scalar();
}

// Entries of an axis that mean the same thing have one name.
std::string name_of_value(const YAML::Node& node) {
  return node.IsMap() && node["name"] ? canonical(node["name"]) : canonical(node);
}

// The tasks that are part of a run: what folders of cards score lies in files of its own.
std::string tasks_of(const YAML::Node& list, bool of_text) {
  std::vector<std::string> named;
  if (!list && of_text) named = default_text_task_names();
  const auto add = [&](const YAML::Node& item) {
    const bool known =
        std::ranges::find(text_task_names(), item.Scalar()) != text_task_names().end();
    if (known || item.Scalar() == kSymbolOrderTask) named.push_back(item.Scalar());
  };
  if (list && list.IsScalar()) add(list);
  if (list && list.IsSequence())
    for (const auto& item : list) add(item);
  std::ranges::sort(named);
  return fmt::format("[{}]", fmt::join(named, ", "));
}

class Union {
 public:
  Union(YAML::Node root, Joins joins) : root_(std::move(root)), joins_(joins) {}

  // Adds what `other` has; returns the keys in which they differ otherwise.
  std::vector<KeyDifference> add(const YAML::Node& other) {
    different_.clear();
    join(root_, other, "");
    return different_;
  }
  const YAML::Node& root() const { return root_; }
  bool grew() const { return grew_; }
  // Whether an update would have searched other rates.
  bool searches_otherwise() const { return searches_otherwise_; }

 private:
  // Whether both are lists of values, which may be written as the one value that they hold.
  static bool are_lists(const std::string& key, const YAML::Node& mine, const YAML::Node& other) {
    if (!key.starts_with("grid.") || key == "grid.budget" || key == "grid.exclude") return false;
    if (key == "grid.learning_rate") return !mine.IsMap() && !other.IsMap();
    return !key.starts_with("grid.learning_rate.decide_at");
  }

  void differ(const std::string& key, const YAML::Node& mine, const YAML::Node& other) {
    const auto said = [](const YAML::Node& node) { return node ? canonical(node) : "nothing"; };
    const int line = mine && !mine.Mark().is_null() ? mine.Mark().line + 1 : 0;
    different_.push_back({key, said(mine), said(other), line});
  }

  void join(YAML::Node mine, const YAML::Node& other, const std::string& key) {
    if (are_lists(key, mine, other)) {
      if (!mine.IsSequence()) mine = list_of(mine);
      const YAML::Node others = other.IsSequence() ? other : list_of(other);
      // No axis: trials take one of the rates, and which ones compete is another question.
      if (key == "grid.learning_rate.search" && joins_ == Joins::AnUpdate)
        searches_otherwise_ = searches_otherwise_ || values_of(mine) != values_of(others);
      else
        join_values(mine, others, key);
    } else if (mine.IsMap() && other.IsMap()) {
      std::vector<std::string> names;
      for (const auto& entry : mine) names.push_back(entry.first.Scalar());
      for (const auto& entry : other)
        if (std::ranges::find(names, entry.first.Scalar()) == names.end())
          names.push_back(entry.first.Scalar());
      for (const std::string& name : names)
        join_entry(mine, other, name, key.empty() ? name : key + "." + name);
    } else if (canonical(mine) != canonical(other)) {
      differ(key, mine, other);
    }
  }

  static YAML::Node list_of(const YAML::Node& value) {
    YAML::Node list(YAML::NodeType::Sequence);
    list.push_back(YAML::Clone(value));
    return list;
  }

  static std::set<std::string> values_of(const YAML::Node& list) {
    std::set<std::string> values;
    for (const auto& value : list) values.insert(canonical(value));
    return values;
  }

  void join_entry(YAML::Node mine, const YAML::Node& other, const std::string& name,
                  const std::string& key) {
    if (std::ranges::find(kOwn, key) != kOwn.end()) return;
    if (key == "grid.exclude" && joins_ == Joins::AnUpdate) return;
    const YAML::Node a = std::as_const(mine)[name], b = other[name];
    if (key == "evaluate.tasks") {
      const YAML::Node data = std::as_const(root_)["data"];
      const bool of_text = data && data.IsMap() && data["text"];
      if (tasks_of(a, of_text) != tasks_of(b, of_text)) differ(key, a, b);
    } else if (a && b) {
      join(a, b, key);
    } else if (key == "grid.include") {
      if (!a) grow([&] { mine[name] = YAML::Clone(b); });
    } else if (key == "grid.seed") {
      // Seeds are [0] where none are given.
      const YAML::Node unsaid = YAML::Load("[0]");
      if (a) return join(a, unsaid, key);
      mine[name] = unsaid;
      join(mine[name], b, key);
    } else if (std::ranges::find(kSections, key) != kSections.end()) {
      const YAML::Node empty(YAML::NodeType::Map);
      join(a ? a : empty, b ? b : empty, key);
    } else {
      differ(key, a, b);
    }
  }

  void join_values(YAML::Node mine, const YAML::Node& other, const std::string& key) {
    // The first seed searches learning rates.
    if (key == "grid.seed" && mine.size() > 0 && other.size() > 0 &&
        canonical(mine[0]) != canonical(other[0]))
      return differ(key, mine, other);
    for (const auto& value : other) {
      const auto same = std::find_if(mine.begin(), mine.end(), [&](const YAML::Node& known) {
        return name_of_value(known) == name_of_value(value);
      });
      if (same == mine.end())
        grow([&] { mine.push_back(YAML::Clone(value)); });
      else if (canonical(*same) != canonical(value))
        differ(key + " (" + name_of_value(value) + ")", *same, value);
    }
  }

  template <typename Change>
  void grow(Change change) {
    change();
    grew_ = true;
  }

  YAML::Node root_;
  Joins joins_;
  std::vector<KeyDifference> different_;
  bool grew_ = false;
  bool searches_otherwise_ = false;
};

std::string emitted(const YAML::Node& node) {
  YAML::Emitter out;
  out << node;
  return std::string(out.c_str()) + "\n";
}

// The united file begun with that of `first`; whether it had to grow.
std::pair<YAML::Node, bool> united(std::span<const std::filesystem::path> files,
                                   std::size_t first) {
  Union all(document(files[first]), Joins::Folders);
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (i == first) continue;
    std::vector<std::string> keys;
    for (const KeyDifference& difference : all.add(document(files[i])))
      keys.push_back(difference.key);
    if (!keys.empty())
      throw InputError(fmt::format(
          "{} and {} differ in {} (only added grid values can be joined); join folders of one "
          "study, or run the second as a study of its own",
          files[first].string(), files[i].string(), fmt::join(keys, ", ")));
  }
  return {all.root(), all.grew()};
}

}  // namespace

std::string united_study_text(std::span<const std::filesystem::path> files) {
  for (std::size_t first = 0; first < files.size(); ++first)
    if (!united(files, first).second) return yaml_text(files[first]);
  return emitted(united(files, 0).first);
}

StudyUpdate study_update(const std::filesystem::path& now, const std::filesystem::path& before) {
  Union all(document(now), Joins::AnUpdate);
  const auto differences = all.add(document(before));
  if (!all.grew()) return {differences, yaml_text(now)};
  Union known(document(before), Joins::AnUpdate);
  known.add(document(now));
  const bool holds_all = differences.empty() && !known.grew() && !known.searches_otherwise();
  return {differences, holds_all ? yaml_text(before) : emitted(all.root())};
}

}  // namespace isoloss
