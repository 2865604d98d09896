// A YAML node that knows its file, line and key path, so that every fault reads
// "FILE:LINE: key: problem (why); what to do". Keys are checked against a list and may stand once.
#pragma once
#include <yaml-cpp/yaml.h>

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace isoloss {

// Throws the InputError of one place; `key` may be empty.
[[noreturn]] void fail_at(const std::string& file, int line, const std::string& key,
                          const std::string& problem);

class YamlMap;

// What a file is, for messages about the whole of it.
struct FileKind {
  std::string name = "study file";
  std::string needs = "a study needs at least study, data and grid";
  std::string example = "sweeps/quickstart.yaml";
};

// The whole file. InputError naming it where it is missing, no regular file or unreadable.
std::string yaml_text(const std::filesystem::path& file, const FileKind& kind = {});

class YamlView {
 public:
  YamlView(std::string file, std::string key, int line, YAML::Node node)
      : file_(std::move(file)), key_(std::move(key)), line_(line), node_(std::move(node)) {}

  // The file's one document; InputError where it is missing, empty or no YAML.
  static YamlView load(const std::filesystem::path& file, const FileKind& kind = {});
  // The same of a text; `file` names it in messages.
  static YamlView parse(const std::string& content, const std::string& file,
                        const FileKind& kind = {});

  const std::string& file() const { return file_; }
  const std::string& key() const { return key_; }
  int line() const { return line_; }
  bool is_map() const { return node_.IsMap(); }
  bool is_empty_list() const { return node_.IsSequence() && node_.size() == 0; }

  [[noreturn]] void fail(const std::string& problem) const { fail_at(file_, line_, key_, problem); }

  // The entries of a map whose keys are all in `known`, each at most once.
  YamlMap map(std::span<const std::string> known) const;
  // The same with keys of any name.
  YamlMap map() const;
  // The elements of a list, at least one; a scalar or a map is a list of itself.
  std::vector<YamlView> list() const;

  std::string text() const;  // not empty
  std::string text_or_empty() const;
  double number() const;       // finite
  std::int64_t whole() const;  // 12000 or 1.2e4
  double positive() const;
  std::int64_t positive_whole() const;

 private:
  YamlMap entries(const std::span<const std::string>* known) const;

  std::string file_;
  std::string key_;
  int line_ = 0;
  YAML::Node node_;
};

class YamlMap {
 public:
  YamlMap(YamlView view, std::vector<std::pair<std::string, YamlView>> entries)
      : view_(std::move(view)), entries_(std::move(entries)) {}

  const YamlView& view() const { return view_; }
  const std::vector<std::pair<std::string, YamlView>>& entries() const { return entries_; }
  const YamlView* find(const std::string& name) const;
  // InputError at the map's line where `name` is missing; `how` says what to add.
  const YamlView& need(const std::string& name, const std::string& how) const;

 private:
  YamlView view_;
  std::vector<std::pair<std::string, YamlView>> entries_;
};

}  // namespace isoloss
