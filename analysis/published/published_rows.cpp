#include "analysis/published/published_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "model/spec/error.h"

namespace isoloss {
namespace {

using Choices = std::map<std::string, std::vector<std::string>>;

// Whether the row's fields are among the texts of every column; columns by their place.
bool admits(const CsvRow& row, const std::map<std::size_t, std::vector<std::string>>& choices) {
  return std::all_of(choices.begin(), choices.end(), [&](const auto& choice) {
    const auto& texts = choice.second;
    return std::find(texts.begin(), texts.end(), row.fields[choice.first]) != texts.end();
  });
}

std::map<std::size_t, std::vector<std::string>> by_place(const PublishedTable& table,
                                                         const Choices& choices,
                                                         const std::string& place) {
  std::map<std::size_t, std::vector<std::string>> out;
  for (const auto& [column, texts] : choices) out[published_column(table, column, place)] = texts;
  return out;
}

std::string described(const Choices& choices) {
  std::string out;
  for (const auto& [column, texts] : choices) {
    out += fmt::format("{}{} {}", out.empty() ? "" : ", ", column, fmt::join(texts, " or "));
  }
  return out.empty() ? "no condition" : out;
}

Choices bound(const CheckInput& input, const PublishedTable& table, const Spec& spec) {
  Choices where = spec_choices(spec, "where");
  for (const auto& [column, text] : input.group) {
    const auto& columns = table.data.columns;
    if (std::find(columns.begin(), columns.end(), column) == columns.end()) continue;
    where.try_emplace(column, std::vector<std::string>{text});
  }
  return where;
}

}  // namespace

const PublishedTable& table_of(const CheckInput& input, const Spec& spec) {
  if (!spec.has("table")) return *input.table;
  return published_table(*input.folder, spec_string(spec, "table"), spec.place);
}

std::vector<const CsvRow*> matching_rows(const CheckInput& input, const Spec& spec) {
  const PublishedTable& table = table_of(input, spec);
  const auto where = by_place(table, bound(input, table, spec), spec.place);
  const auto without = by_place(table, spec_choices(spec, "without"), spec.place);
  std::vector<const CsvRow*> out;
  for (const CsvRow& row : table.data.rows) {
    if (admits(row, where) && (without.empty() || !admits(row, without))) out.push_back(&row);
  }
  return out;
}

PublishedCell field_of(const PublishedTable& table, const CsvRow& row, const std::string& column,
                       const std::string& place) {
  PublishedCell cell;
  cell.text = row.fields[published_column(table, column, place)];
  cell.what = fmt::format("{} of {}", column, table.name);
  if (cell.text.empty()) return cell;
  const auto unit = table.printed_to.find(column);
  cell.value = read_rounded(cell.text, unit == table.printed_to.end() ? 0 : unit->second);
  if (!cell.value) {
    throw InputError(
        fmt::format("{}:{}: {} is '{}' (not a number); write the number as printed, or "
                    "nothing where none is",
                    table.file.string(), row.line, column, cell.text));
  }
  return cell;
}

namespace {

PublishedCell one_cell(const CheckInput& input, const Spec& spec) {
  const PublishedTable& table = table_of(input, spec);
  const auto rows = matching_rows(input, spec);
  if (rows.size() != 1) {
    throw InputError(fmt::format(
        "{}: {} rows of {}.csv match ({}; one number needs one row); {} conditions in 'where'",
        spec.place, rows.empty() ? "no" : std::to_string(rows.size()), table.name,
        described(bound(input, table, spec)), rows.empty() ? "mend the" : "add"));
  }
  return field_of(table, *rows.front(), spec_string(spec, "column"), spec.place);
}

}  // namespace

PublishedCell read_cell(const CheckInput& input, const Spec& spec) {
  const std::array<std::string, 1> needs{"column"};
  const std::array<std::string, 3> may{"table", "where", "without"};
  check_keys(spec, needs, may);
  return one_cell(input, spec);
}

std::vector<PublishedCell> read_terms(const CheckInput& input, const std::string& key) {
  const std::array<std::string, 1> needs{"column"};
  const std::array<std::string, 4> may{"table", "where", "without", "times"};
  std::vector<PublishedCell> out;
  for (const Spec& spec : spec_objects(input.spec, key)) {
    check_keys(spec, needs, may);
    out.push_back(one_cell(input, spec));
    out.back().times = spec_real(spec, "times", 1);
  }
  return out;
}
std::vector<RowGroup> groups_of(const CheckInput& input) {
  if (!input.spec.has("for_each")) return {{}};
  const Spec each = spec_object(input.spec, "for_each");
  const std::array<std::string, 1> needs{"columns"};
  const std::array<std::string, 3> may{"table", "where", "without"};
  check_keys(each, needs, may);
  const PublishedTable& table = table_of(input, each);
  const std::vector<std::string> columns = spec_strings(each, "columns");
  std::vector<RowGroup> out;
  for (const CsvRow* row : matching_rows(input, each)) {
    RowGroup group;
    for (const std::string& column : columns) {
      group[column] = row->fields[published_column(table, column, each.place)];
    }
    if (std::find(out.begin(), out.end(), group) == out.end()) out.push_back(std::move(group));
  }
  return out;
}

std::string filled(const std::string& text, const RowGroup& group, const std::string& place) {
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t end = text[i] == '{' ? text.find('}', i) : std::string::npos;
    if (end == std::string::npos) {
      out += text[i++];
      continue;
    }
    const std::string column = text.substr(i + 1, end - i - 1);
    const auto found = group.find(column);
    if (found == group.end()) {
      throw InputError(
          fmt::format("{}: '{{{}}}' in 'says' stands for nothing (for_each has no such "
                      "column); name one of its columns",
                      place, column));
    }
    out += found->second;
    i = end + 1;
  }
  return out;
}

}  // namespace isoloss
