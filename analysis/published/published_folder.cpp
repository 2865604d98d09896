#include "analysis/published/published_folder.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "model/spec/error.h"
#include "model/spec/nearest_name.h"
#include "results/durable_file.h"

namespace isoloss {
namespace {

constexpr const char* kManifest = "published.json";

// "LINE:COLUMN" of a byte counted from 1.
std::string position(const std::string& text, std::size_t byte) {
  const auto end = text.begin() + static_cast<std::ptrdiff_t>(std::min(byte, text.size()));
  const auto line = std::count(text.begin(), end, '\n') + 1;
  const auto start = std::find(std::make_reverse_iterator(end), text.rend(), '\n');
  return fmt::format("{}:{}", line,
                     std::max<std::ptrdiff_t>(start.base() <= end ? end - start.base() : 1, 1));
}

nlohmann::json read_manifest(const std::filesystem::path& file) {
  const std::string text = read_file(file);
  try {
    return nlohmann::json::parse(text);
  } catch (const nlohmann::json::parse_error& error) {
    throw InputError(fmt::format(
        "{}:{}: not JSON (a comma, quote or bracket too many or too few); mend it there",
        file.string(), position(text, error.byte)));
  }
}

PublishedTable read_table(const std::filesystem::path& folder, const Spec& spec) {
  const std::array<std::string, 3> needs{"name", "title", "source"};
  const std::array<std::string, 4> may{"about", "printed_to", "checks", "plots"};
  check_keys(spec, needs, may);
  PublishedTable table;
  table.name = spec_string(spec, "name");
  if (table.name.empty() || table.name.find_first_of("/\\.") != std::string::npos) {
    throw InputError(
        fmt::format("{}: name '{}' is no file's stem (it stands for NAME.csv in the folder); leave "
                    "out path and ending",
                    spec.place, table.name));
  }
  table.title = spec_string(spec, "title");
  table.source = spec_string(spec, "source");
  table.about = spec_string(spec, "about", "");
  table.file = folder / (table.name + ".csv");
  table.data = read_csv(table.file);
  const std::string place = fmt::format("{}: table {}", (folder / kManifest).string(), table.name);
  const Spec named{spec.object, place};
  if (spec.has("printed_to")) {
    const Spec units = spec_object(named, "printed_to");
    for (const auto& item : units.object->items()) {
      published_column(table, item.key(), units.place);
      table.printed_to[item.key()] = spec_real(units, item.key());
      if (!(table.printed_to[item.key()] > 0)) {
        throw InputError(
            fmt::format("{}: '{}' is not above 0 (the unit of the last printed digit); "
                        "write 100 for hundreds",
                        units.place, item.key()));
      }
    }
  }
  table.checks = spec_objects(named, "checks");
  table.plots = spec_objects(named, "plots");
  return table;
}

}  // namespace

bool is_published(const std::filesystem::path& folder) {
  std::error_code error;
  return std::filesystem::exists(folder / kManifest, error);
}

PublishedFolder read_published(const std::filesystem::path& folder) {
  const std::filesystem::path file = folder / kManifest;
  PublishedFolder out;
  out.manifest = std::make_shared<const nlohmann::json>(read_manifest(file));
  const Spec top{out.manifest.get(), file.string()};
  const std::array<std::string, 2> needs{"title", "tables"};
  check_keys(top, needs, {});
  out.title = spec_string(top, "title");
  for (const Spec& spec : spec_objects(top, "tables")) {
    PublishedTable table = read_table(folder, spec);
    for (const PublishedTable& before : out.tables) {
      if (before.name != table.name) continue;
      throw InputError(fmt::format("{}: table {} twice (each file is listed once); remove one",
                                   file.string(), table.name));
    }
    out.tables.push_back(std::move(table));
  }
  return out;
}

const PublishedTable& published_table(const PublishedFolder& folder, const std::string& name,
                                      const std::string& place) {
  std::vector<std::string> known;
  for (const PublishedTable& table : folder.tables) {
    if (table.name == name) return table;
    known.push_back(table.name);
  }
  throw InputError(fmt::format("{}: no table '{}' (the file lists its tables by name){}", place,
                               name, suggestion(name, known)));
}

std::size_t published_column(const PublishedTable& table, const std::string& column,
                             const std::string& place) {
  const auto& columns = table.data.columns;
  const auto found = std::find(columns.begin(), columns.end(), column);
  if (found == columns.end()) {
    throw InputError(fmt::format("{}: no column '{}' in {} (its first row names them){}", place,
                                 column, table.file.filename().string(),
                                 suggestion(column, columns)));
  }
  return static_cast<std::size_t>(found - columns.begin());
}

}  // namespace isoloss
