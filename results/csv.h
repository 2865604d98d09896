// Comma-separated values: a header row, then rows of as many fields (RFC 4180 quoting; lines that
// begin with `#` are comments, blank lines are skipped; line ends of Unix or Windows; a byte-order
// mark of UTF-8 before the first name).
#pragma once
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iosfwd>
#include <string>
#include <vector>

namespace isoloss {

// A row may not be longer than this: a file without line ends is refused after so many bytes.
constexpr std::size_t kLongestCsvRow = std::size_t{1} << 20;

struct CsvRow {
  std::size_t line = 0;  // of the file, from 1, where the row begins
  std::vector<std::string> fields;
};

// Reads a file row by row, in memory for one row. InputError naming `name` and the line: no header
// row, a column named twice, a row with another number of fields, a quote that never closes or text
// after one, a row longer than kLongestCsvRow, bytes that are no text (a NUL, a carriage return
// alone).
class CsvReader {
 public:
  // Reads the header row. `in` outlives the reader.
  CsvReader(std::istream& in, std::string name);

  const std::vector<std::string>& columns() const { return columns_; }
  std::size_t header_line() const { return header_line_; }
  // Of the lines read so far, without the leading `#` and blanks.
  const std::vector<std::string>& comments() const { return comments_; }
  const std::string& name() const { return name_; }

  // False at the end of the file.
  bool next(CsvRow& row);

 private:
  bool read_line(std::string& text, std::size_t begun);
  bool read_record(CsvRow& row);
  void split(std::string text, CsvRow& row);

  std::istream& in_;
  std::string name_;
  std::size_t line_ = 0;
  std::size_t header_line_ = 0;
  std::vector<std::string> columns_, comments_;
};

struct CsvTable {
  std::vector<std::string> comments;  // without the leading `#` and blanks
  std::vector<std::string> columns;
  std::vector<CsvRow> rows;
};

// The whole of `in`; `name` stands for it in messages. InputError as CsvReader.
CsvTable read_csv(std::istream& in, const std::string& name);

// InputError where the file is missing or unreadable.
std::ifstream open_csv(const std::filesystem::path& file);
CsvTable read_csv(const std::filesystem::path& file);

// The field as it is written: quoted where it holds a comma, a quote, a line break, a leading `#`
// or blanks at an end.
std::string csv_field(const std::string& text);

// A field as messages show it: its first 40 bytes, control characters as `?`.
std::string shown_field(const std::string& text);

}  // namespace isoloss
