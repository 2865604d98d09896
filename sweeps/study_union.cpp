#include "sweeps/study_union.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <string_view>
#include <utility>
#include <vector>

#include "model/spec/error.h"
#include "model/yaml/yaml_view.h"

namespace isoloss {
namespace {

// How a run is trained, no part of what it is (run_spec.h).
constexpr std::array<std::string_view, 8> kOwn = {
    "run.device",    "run.time_limit",       "run.tensor_parallel",  "run.data_parallel",
    "run.recompute", "run.checkpoint_every", "run.ranks_per_device", "published"};

YAML::Node document(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  try {
    const YAML::Node node = YAML::Load(text);
    if (node.IsMap()) return node;
  } catch (const YAML::Exception&) {
  }
  throw InputError(path.string() +
                   ": cannot read the study file (missing, or no YAML map); restore it");
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

class Union {
 public:
  explicit Union(YAML::Node root) : root_(std::move(root)) {}

  // Adds what `other` has; returns the keys in which they differ otherwise.
  std::vector<std::string> add(const YAML::Node& other) {
    different_.clear();
    join(root_, other, "");
    return different_;
  }
  const YAML::Node& root() const { return root_; }
  bool grew() const { return grew_; }

 private:
  static bool in_grid(const std::string& key) { return key.starts_with("grid."); }

  void join(YAML::Node mine, const YAML::Node& other, const std::string& key) {
    // A single value is a list of itself.
    if (in_grid(key) && other.IsSequence() && mine.IsScalar()) mine = list_of(mine);
    if (in_grid(key) && mine.IsSequence() && other.IsScalar())
      return join(mine, list_of(other), key);
    if (mine.IsMap() && other.IsMap()) {
      std::vector<std::string> names;
      for (const auto& entry : mine) names.push_back(entry.first.Scalar());
      for (const auto& entry : other)
        if (std::ranges::find(names, entry.first.Scalar()) == names.end())
          names.push_back(entry.first.Scalar());
      for (const std::string& name : names)
        join_entry(mine, other, name, key.empty() ? name : key + "." + name);
    } else if (in_grid(key) && key != "grid.exclude" && mine.IsSequence() && other.IsSequence()) {
      join_values(std::move(mine), other, key);
    } else if (canonical(mine) != canonical(other)) {
      different_.push_back(key);
    }
  }

  static YAML::Node list_of(const YAML::Node& value) {
    YAML::Node list(YAML::NodeType::Sequence);
    list.push_back(YAML::Clone(value));
    return list;
  }

  void join_entry(YAML::Node mine, const YAML::Node& other, const std::string& name,
                  const std::string& key) {
    if (std::ranges::find(kOwn, key) != kOwn.end()) return;
    const YAML::Node a = std::as_const(mine)[name], b = other[name];
    if (a && b) return join(a, b, key);
    if (key == "grid.include") {
      if (!a) grow([&] { mine[name] = YAML::Clone(b); });
    } else if (key == "grid.seed" || key == "run") {
      // Seeds are [0] where none are given; a section may be left out.
      const YAML::Node unsaid = YAML::Load(key == "run" ? "{}" : "[0]");
      if (a) return join(a, unsaid, key);
      mine[name] = unsaid;
      join(mine[name], b, key);
    } else {
      different_.push_back(key);
    }
  }

  void join_values(YAML::Node mine, const YAML::Node& other, const std::string& key) {
    // The first seed searches learning rates.
    if (key == "grid.seed" && mine.size() > 0 && other.size() > 0 &&
        canonical(mine[0]) != canonical(other[0]))
      return different_.push_back(key);
    for (const auto& value : other) {
      const auto same = std::find_if(mine.begin(), mine.end(), [&](const YAML::Node& known) {
        return name_of_value(known) == name_of_value(value);
      });
      if (same == mine.end())
        grow([&] { mine.push_back(YAML::Clone(value)); });
      else if (canonical(*same) != canonical(value))
        different_.push_back(key + " (" + name_of_value(value) + ")");
    }
  }

  template <typename Change>
  void grow(Change change) {
    change();
    grew_ = true;
  }

  YAML::Node root_;
  std::vector<std::string> different_;
  bool grew_ = false;
};

std::string text_of(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

// The united file begun with that of `first`; whether it had to grow.
std::pair<YAML::Node, bool> united(std::span<const std::filesystem::path> files,
                                   std::size_t first) {
  Union all(YAML::Clone(document(files[first])));
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (i == first) continue;
    const auto different = all.add(document(files[i]));
    if (!different.empty())
      throw InputError(fmt::format(
          "{} and {} differ in {} (only added grid values can be joined); join folders of one "
          "study, or run the second as a study of its own",
          files[first].string(), files[i].string(), fmt::join(different, ", ")));
  }
  return {all.root(), all.grew()};
}

}  // namespace

std::string united_study_text(std::span<const std::filesystem::path> files) {
  for (std::size_t first = 0; first < files.size(); ++first)
    if (!united(files, first).second) return text_of(files[first]);
  YAML::Emitter out;
  out << united(files, 0).first;
  return std::string(out.c_str()) + "\n";
}

}  // namespace isoloss
