#include "model/yaml/yaml_view.h"

#include <fmt/format.h>

#include <cmath>
#include <fstream>
#include <map>

#include "model/spec/error.h"
#include "model/spec/nearest_name.h"
#include "model/spec/number_text.h"

namespace isoloss {

namespace {

// Text of a file that a message quotes: a terminal is told nothing by it, nor is the line cut.
std::string printable(std::string text) {
  for (char& c : text)
    if (static_cast<unsigned char>(c) < ' ' || c == 0x7F) c = '?';
  return text;
}

}  // namespace

void fail_at(const std::string& file, int line, const std::string& key, const std::string& told) {
  const std::string problem = printable(told);
  throw InputError(key.empty() ? fmt::format("{}:{}: {}", file, line, problem)
                               : fmt::format("{}:{}: {}: {}", file, line, key, problem));
}

std::string yaml_text(const std::filesystem::path& path, const FileKind& kind) {
  const std::string file = path.string();
  std::error_code ignored;
  std::ifstream in;
  // A pipe would be waited for.
  if (std::filesystem::is_regular_file(path, ignored)) in.open(path, std::ios::binary);
  if (!in.is_open())
    throw InputError(
        file + ": cannot read the " + kind.name + " (" +
        (std::filesystem::exists(path, ignored) ? "not a readable file" : "there is no such file") +
        "); give the path of a " + kind.name + " such as " + kind.example);
  std::string content, block(1 << 16, '\0');
  while (in.read(block.data(), static_cast<std::streamsize>(block.size())), in.gcount() > 0)
    content.append(block, 0, static_cast<std::size_t>(in.gcount()));
  if (in.bad())
    throw InputError(file + ": cannot read the " + kind.name +
                     " (an input/output error); look at the disk that it lies on");
  return content;
}

YamlView YamlView::load(const std::filesystem::path& path, const FileKind& kind) {
  return parse(yaml_text(path, kind), path.string(), kind);
}

YamlView YamlView::parse(const std::string& content, const std::string& file,
                         const FileKind& kind) {
  std::vector<YAML::Node> documents;
  try {
    documents = YAML::LoadAll(content);
  } catch (const YAML::Exception& error) {
    fail_at(file, error.mark.line + 1, "",
            "malformed YAML (" + error.msg + "); mend the line or quote the value");
  }
  if (documents.empty() || documents[0].IsNull())
    fail_at(file, 1, "", "nothing is in the file (" + kind.needs + "); see " + kind.example);
  if (documents.size() > 1)
    fail_at(file, documents[1].Mark().line + 1, "",
            "a second document begins (a " + kind.name + " holds one); remove the line ---");
  return {file, "", documents[0].Mark().line + 1, documents[0]};
}

YamlMap YamlView::map(std::span<const std::string> known) const { return entries(&known); }

YamlMap YamlView::map() const { return entries(nullptr); }

YamlMap YamlView::entries(const std::span<const std::string>* known) const {
  if (!node_.IsMap())
    fail(fmt::format("not a map of keys (it is {}); write KEY: VALUE pairs",
                     node_.IsSequence() ? "a list"
                     : node_.IsNull()   ? "empty"
                                        : "a single value"));
  std::vector<std::pair<std::string, YamlView>> found;
  std::map<std::string, int> seen;
  for (const auto& pair : node_) {
    const int line = pair.first.Mark().line + 1;
    if (!pair.first.IsScalar())
      fail_at(file_, line, key_,
              "a key is no plain word (it is a list or a map); name it by a word");
    const std::string name = pair.first.Scalar();
    const std::string key = key_.empty() ? name : key_ + "." + name;
    if (known && std::find(known->begin(), known->end(), name) == known->end())
      fail_at(file_, line, key, "unknown key (no such name here)" + suggestion(name, *known));
    const auto [first, fresh] = seen.emplace(name, line);
    if (!fresh)
      fail_at(file_, line, key,
              fmt::format("given twice (first in line {}); keep one of them", first->second));
    found.emplace_back(name, YamlView(file_, key, line, pair.second));
  }
  return {*this, std::move(found)};
}

std::vector<YamlView> YamlView::list() const {
  if (node_.IsNull() || (!node_.IsSequence() && !node_.IsScalar() && !node_.IsMap()))
    fail("nothing is given (an axis needs at least one value); give one or remove the key");
  if (!node_.IsSequence()) return {*this};
  if (node_.size() == 0)
    fail("the list is empty (an axis needs at least one value); give one or remove the key");
  std::vector<YamlView> items;
  for (const auto& item : node_) {
    const int line = item.IsNull() ? line_ : item.Mark().line + 1;
    items.emplace_back(file_, key_, line, item);
  }
  return items;
}

std::string YamlView::text() const {
  if (!node_.IsScalar() || node_.Scalar().empty())
    fail(fmt::format("not a single value (it is {}); give one word or number",
                     node_.IsMap()        ? "a map"
                     : node_.IsSequence() ? "a list"
                                          : "empty"));
  return node_.Scalar();
}

std::string YamlView::text_or_empty() const {
  return node_.IsScalar() && node_.Scalar().empty() ? "" : text();
}

double YamlView::number() const {
  const std::string value = text();
  if (const auto number = parse_number(value)) return *number;
  fail("'" + value + "' is not a number (a finite number is wanted); write it like 0.05 or 2e12");
}

std::int64_t YamlView::whole() const {
  const std::string value = text();
  if (const auto whole = parse_whole(value)) return *whole;
  if (const auto number = parse_number(value); number && std::abs(*number) > kMostWhole)
    fail(value +
         " is too large to be counted (at most 2^53, 9007199254740992); give a smaller one");
  fail("'" + value + "' is not a whole number (a count is wanted); write it like 1024 or 2e6");
}

double YamlView::positive() const {
  const double value = number();
  if (!(value > 0)) fail(text() + " is not positive (it must exceed 0); give a positive number");
  return value;
}

std::int64_t YamlView::positive_whole() const {
  const std::int64_t value = whole();
  if (value < 1) fail(text() + " is not positive (at least 1 is wanted); give a positive number");
  return value;
}

const YamlView* YamlMap::find(const std::string& name) const {
  for (const auto& [key, value] : entries_)
    if (key == name) return &value;
  return nullptr;
}

const YamlView& YamlMap::need(const std::string& name, const std::string& how) const {
  if (const YamlView* value = find(name)) return *value;
  const std::string key = view_.key().empty() ? name : view_.key() + "." + name;
  fail_at(view_.file(), view_.line(), key, "missing (every study needs it); " + how);
}

}  // namespace isoloss
