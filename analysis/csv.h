// Comma-separated values: a header row, then rows of as many fields (RFC 4180 quoting; lines that
// begin with `#` are comments, blank lines are skipped).
#pragma once
#include <cstddef>
#include <filesystem>
#include <iosfwd>
#include <string>
#include <vector>

namespace isoloss {

struct CsvRow {
  std::size_t line = 0;  // of the file, from 1
  std::vector<std::string> fields;
};

struct CsvTable {
  std::vector<std::string> comments;  // without the leading `#` and blanks
  std::vector<std::string> columns;
  std::vector<CsvRow> rows;
};

// Reads the whole of `in`; `name` stands for it in messages. InputError: no header row, a column
// named twice, a row with another number of fields, a quote that never closes.
CsvTable read_csv(std::istream& in, const std::string& name);

// InputError where the file is missing or unreadable.
CsvTable read_csv(const std::filesystem::path& file);

// The field as it is written: quoted where it holds a comma, a quote, a line break or a leading
// `#`.
std::string csv_field(const std::string& text);

}  // namespace isoloss
