// Pieces of a self-contained HTML page: escaped text, tables that scroll in their own container,
// and the same tables as CSV. Nothing here fetches anything: no script, no external resource.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace isoloss {

// The text with & < > " ' as entities and control characters dropped: safe in content and in quoted
// attributes.
std::string html_escape(std::string_view text);

struct TableColumn {
  std::string key;      // name in the CSV
  std::string heading;  // on the page
  bool numeric = true;  // right-aligned, tabular figures
  bool wraps = false;   // sentences, broken over lines
};

struct TableCell {
  std::string shown;  // on the page, unescaped
  std::string value;  // in the CSV, full precision
};

struct Table {
  std::string name;     // file stem of the CSV
  std::string caption;  // one sentence
  std::vector<TableColumn> columns;
  std::vector<std::vector<TableCell>> rows;  // each as long as columns, as table_of.h makes them
  // Few rows that answer something: on narrow screens each is a card of headings and values, so
  // that no column lies outside.
  bool cards = false;
};

TableCell text_cell(std::string text);
// `digits` decimals on the page; an empty cell where the value is not finite.
TableCell fixed_cell(double value, int digits);
// `digits` significant digits on the page (2.35e11); empty where the value is not finite.
TableCell significant_cell(double value, int digits);

// Both throw std::logic_error naming the table and the row where a row is longer or shorter than
// the columns: its cells would stand under other headings.
std::string html_table(const Table& table);
// With a comment line before the header that says where the numbers are from.
std::string csv_of(const Table& table, const std::string& origin);

// A term of a description list and what is said of it, both plain text.
std::string html_item(std::string_view term, std::string_view text);

// A whole document around `body`, which is HTML; `title` is plain text.
std::string html_page(std::string_view title, std::string_view body);

}  // namespace isoloss
