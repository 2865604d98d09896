#include "sweeps/grid_entries.h"

#include <algorithm>
#include <cctype>
#include <span>
#include <string>
#include <vector>

#include "model/spec/catalogue.h"
#include "model/spec/nearest_name.h"
#include "model/spec/utf8_text.h"
#include "sweeps/study_grid.h"

namespace isoloss {
namespace {

std::vector<std::string> catalogue_names(std::span<const CatalogueEntry> entries) {
  std::vector<std::string> names;
  for (const CatalogueEntry& entry : entries) names.push_back(entry.name);
  return names;
}

void need_known(const YamlView& value, const std::string& name,
                const std::vector<std::string>& known, const std::string& kind) {
  if (std::ranges::count(known, name) == 0)
    value.fail("'" + name + "' is not a known " + kind + " (see `isoloss catalogue`)" +
               suggestion(name, known));
}

// A name stands in tables and in lines of text.
std::string own_name(const YamlView& value) {
  const std::string name = value.text();
  if (std::ranges::any_of(name, [](unsigned char c) { return std::iscntrl(c) != 0; }))
    value.fail(
        "a line end or another control character is in the name (it stands in tables); give a name "
        "of one line");
  if (!is_utf8(name))
    value.fail("the name is no UTF-8 (it stands in files and tables); write it in UTF-8");
  return name;
}

FieldValues overrides_of(const YamlMap& map, const std::vector<std::string>& besides) {
  FieldValues overrides;
  for (const auto& [key, value] : map.entries())
    if (std::ranges::count(besides, key) == 0)
      overrides.emplace_back(key, checked_field(key, value));
  return overrides;
}

}  // namespace

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
  entry.name = own_name(name);
  if (std::ranges::count(known, entry.name) > 0)
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
  entry.name = own_name(map.need("name", "add a name of your own, name: small"));
  entry.overrides = overrides_of(map, {"name"});
  return entry;
}

}  // namespace isoloss
