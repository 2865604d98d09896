#include "analysis/csv.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <istream>
#include <optional>
#include <sstream>

#include "model/spec/error.h"

namespace isoloss {
namespace {

std::string trimmed(const std::string& text) {
  const auto first = text.find_first_not_of(" \t\r");
  if (first == std::string::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

// A record may run over several lines where a quoted field holds line breaks.
class Reader {
 public:
  Reader(std::istream& in, const std::string& name) : in_(in), name_(name) {}

  std::optional<CsvRow> next(std::vector<std::string>& comments) {
    std::string text;
    while (read_line(text)) {
      const std::string bare = trimmed(text);
      if (bare.empty()) continue;
      if (bare.front() == '#') {
        comments.push_back(trimmed(bare.substr(1)));
        continue;
      }
      return record(std::move(text));
    }
    return std::nullopt;
  }

 private:
  bool read_line(std::string& text) {
    if (!std::getline(in_, text)) return false;
    ++line_;
    if (!text.empty() && text.back() == '\r') text.pop_back();
    return true;
  }

  CsvRow record(std::string text) {
    CsvRow row{line_, {}};
    std::string field;
    bool quoted = false, was_quoted = false;
    for (std::size_t i = 0;; ++i) {
      if (i == text.size()) {
        if (!quoted) break;
        std::string more;
        if (!read_line(more)) {
          throw InputError(
              fmt::format("{}:{}: a quoted field has no end (the file ends inside it); "
                          "close the quote",
                          name_, row.line));
        }
        text += '\n' + more;
      }
      const char c = text[i];
      if (quoted) {
        if (c != '"') {
          field += c;
        } else if (i + 1 < text.size() && text[i + 1] == '"') {
          field += c;
          ++i;
        } else {
          quoted = false;
        }
      } else if (c == '"' && trimmed(field).empty()) {
        field.clear();
        quoted = was_quoted = true;
      } else if (c == ',') {
        row.fields.push_back(was_quoted ? field : trimmed(field));
        field.clear();
        was_quoted = false;
      } else {
        field += c;
      }
    }
    row.fields.push_back(was_quoted ? field : trimmed(field));
    return row;
  }

  std::istream& in_;
  const std::string& name_;
  std::size_t line_ = 0;
};

}  // namespace

CsvTable read_csv(std::istream& in, const std::string& name) {
  CsvTable table;
  Reader reader(in, name);
  std::optional<CsvRow> header = reader.next(table.comments);
  if (!header) {
    throw InputError(
        fmt::format("{}: no header row (the file holds no line but comments); name the columns in "
                    "its first line",
                    name));
  }
  // Spreadsheets put a byte-order mark before the first name.
  if (header->fields.front().starts_with("\xEF\xBB\xBF")) header->fields.front().erase(0, 3);
  table.columns = header->fields;
  for (auto column = table.columns.begin(); column != table.columns.end(); ++column) {
    if (std::find(table.columns.begin(), column, *column) != column) {
      throw InputError(
          fmt::format("{}:{}: column '{}' twice (every column needs its own name); "
                      "rename or remove one",
                      name, header->line, *column));
    }
  }
  while (auto row = reader.next(table.comments)) {
    if (row->fields.size() != table.columns.size()) {
      throw InputError(
          fmt::format("{}:{}: {} fields where the header has {} (a ragged row); give "
                      "every row a field for every column, empty where not known",
                      name, row->line, row->fields.size(), table.columns.size()));
    }
    table.rows.push_back(std::move(*row));
  }
  return table;
}

CsvTable read_csv(const std::filesystem::path& file) {
  std::error_code error;
  if (!std::filesystem::exists(file, error)) {
    throw InputError(
        fmt::format("{}: cannot be read (no such file); check the path", file.string()));
  }
  std::ifstream in(file, std::ios::binary);
  if (!in || std::filesystem::is_directory(file, error)) {
    throw InputError(fmt::format("{}: cannot be read (not a readable file); check its permissions",
                                 file.string()));
  }
  return read_csv(in, file.string());
}

std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\n\r") == std::string::npos && !text.starts_with('#')) return text;
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

}  // namespace isoloss
