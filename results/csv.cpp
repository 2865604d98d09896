#include "results/csv.h"

#include <fmt/format.h>

#include <algorithm>
#include <istream>
#include <utility>

#include "model/spec/error.h"

namespace isoloss {
namespace {

constexpr const char* kBlanks = " \t";
constexpr const char* kByteOrderMark = "\xEF\xBB\xBF";

std::string trimmed(const std::string& text) {
  const auto first = text.find_first_not_of(kBlanks);
  if (first == std::string::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

void require_text(const std::string& text, const std::string& name, std::size_t line) {
  if (text.find('\0') != std::string::npos) {
    throw InputError(fmt::format(
        "{}:{}: a byte 0 (UTF-16, or no text at all); save the file as UTF-8 text", name, line));
  }
  if (text.find('\r') != std::string::npos) {
    throw InputError(
        fmt::format("{}:{}: a carriage return inside a line (line ends of an old Macintosh); save "
                    "the file with line feeds",
                    name, line));
  }
}

}  // namespace

CsvReader::CsvReader(std::istream& in, std::string name) : in_(in), name_(std::move(name)) {
  CsvRow header;
  if (!read_record(header)) {
    throw InputError(
        fmt::format("{}: no header row (the file holds no line but comments); name the columns in "
                    "its first line",
                    name_));
  }
  header_line_ = header.line;
  columns_ = std::move(header.fields);
  for (auto column = columns_.begin(); column != columns_.end(); ++column) {
    if (std::find(columns_.begin(), column, *column) != column) {
      throw InputError(
          fmt::format("{}:{}: column '{}' twice (every column needs its own name); "
                      "rename or remove one",
                      name_, header_line_, shown_field(*column)));
    }
  }
}

bool CsvReader::next(CsvRow& row) {
  if (!read_record(row)) return false;
  const std::size_t have = row.fields.size(), need = columns_.size();
  if (have == need) return true;
  const std::string which = have < need
                                ? fmt::format("column '{}' has none", shown_field(columns_[have]))
                                : fmt::format("'{}' has no column", shown_field(row.fields[need]));
  throw InputError(
      fmt::format("{}:{}: {} fields where the header has {} (a ragged row: {}); give "
                  "every row a field for every column, empty where not known",
                  name_, row.line, have, need, which));
}

// `begun` bytes of the row are there already.
bool CsvReader::read_line(std::string& text, std::size_t begun) {
  text.clear();
  std::streambuf& from = *in_.rdbuf();
  constexpr int kEnd = std::streambuf::traits_type::eof();
  int c = from.sbumpc();
  if (c == kEnd) return false;
  ++line_;
  for (; c != kEnd && c != '\n'; c = from.sbumpc()) {
    text.push_back(static_cast<char>(c));
    if (begun + text.size() > kLongestCsvRow) {
      throw InputError(
          fmt::format("{}:{}: a row of more than {} bytes (no line end, an open quote, or not a "
                      "CSV file); give every row a line of its own",
                      name_, line_, kLongestCsvRow));
    }
  }
  if (line_ == 1 && text.starts_with(kByteOrderMark)) text.erase(0, 3);
  if (!text.empty() && text.back() == '\r') text.pop_back();
  return true;
}

bool CsvReader::read_record(CsvRow& row) {
  std::string text;
  while (read_line(text, 0)) {
    const std::string bare = trimmed(text);
    if (bare.empty()) continue;
    require_text(text, name_, line_);
    if (bare.front() == '#') {
      comments_.push_back(trimmed(bare.substr(1)));
      continue;
    }
    row.line = line_;
    row.fields.clear();
    split(std::move(text), row);
    return true;
  }
  return false;
}

// A record runs over several lines where a quoted field holds line breaks.
void CsvReader::split(std::string text, CsvRow& row) {
  std::string field;
  bool quoted = false, was_quoted = false;
  const auto finish = [&] {
    row.fields.push_back(was_quoted ? field : trimmed(field));
    field.clear();
    was_quoted = false;
  };
  for (std::size_t i = 0;; ++i) {
    if (i == text.size()) {
      if (!quoted) break;
      std::string more;
      if (!read_line(more, text.size() + 1)) {
        throw InputError(
            fmt::format("{}:{}: a quoted field has no end (the file ends inside it); "
                        "close the quote of column {}",
                        name_, row.line, row.fields.size() + 1));
      }
      require_text(more, name_, line_);
      text += '\n';
      text += more;
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
    } else if (c == ',') {
      finish();
    } else if (was_quoted) {
      if (c == ' ' || c == '\t') continue;
      throw InputError(
          fmt::format("{}:{}: text after a closing quote in column {} ('{}'); double the quotes "
                      "inside a quoted field",
                      name_, row.line, row.fields.size() + 1, shown_field(text.substr(i))));
    } else if (c == '"' && trimmed(field).empty()) {
      field.clear();
      quoted = was_quoted = true;
    } else {
      field += c;
    }
  }
  finish();
}

CsvTable read_csv(std::istream& in, const std::string& name) {
  CsvReader reader(in, name);
  CsvTable table;
  CsvRow row;
  while (reader.next(row)) table.rows.push_back(std::move(row));
  table.columns = reader.columns();
  table.comments = reader.comments();
  return table;
}

std::ifstream open_csv(const std::filesystem::path& file) {
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
  return in;
}

CsvTable read_csv(const std::filesystem::path& file) {
  std::ifstream in = open_csv(file);
  return read_csv(in, file.string());
}

std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\n\r") == std::string::npos && !text.starts_with('#') &&
      trimmed(text) == text) {
    return text;
  }
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

std::string shown_field(const std::string& text) {
  constexpr std::size_t kShown = 40;
  std::string shown = text.substr(0, kShown);
  for (char& c : shown) {
    if (static_cast<unsigned char>(c) < 0x20) c = '?';
  }
  return text.size() > kShown ? shown + "..." : shown;
}

}  // namespace isoloss
