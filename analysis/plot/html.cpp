#include "analysis/plot/html.h"

#include <fmt/format.h>

#include <cmath>
#include <stdexcept>
#include <utility>

#include "analysis/plot/html_style.h"
#include "analysis/plot/number_text.h"
#include "results/csv.h"

namespace isoloss {

std::string html_escape(std::string_view text) {
  std::string out;
  for (const char character : text) {
    switch (character) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default: {
        const auto code = static_cast<unsigned char>(character);
        if (code >= 0x20 || code == '\n' || code == '\t') out += character;
      }
    }
  }
  return out;
}

TableCell text_cell(std::string text) { return {text, std::move(text)}; }

TableCell fixed_cell(double value, int digits) {
  if (!std::isfinite(value)) return {};
  return {fixed(value, digits), fmt::format("{}", value)};
}

TableCell significant_cell(double value, int digits) {
  if (!std::isfinite(value)) return {};
  return {significant(value, digits), fmt::format("{}", value)};
}

namespace {

const char* class_of(const TableColumn& column) {
  return column.numeric ? " class=\"number\"" : column.wraps ? " class=\"sentence\"" : "";
}

void expect_widths(const Table& table) {
  for (std::size_t row = 0; row < table.rows.size(); ++row) {
    if (table.rows[row].size() == table.columns.size()) continue;
    throw std::logic_error(fmt::format("table {}: row {} has {} cells under {} columns", table.name,
                                       row, table.rows[row].size(), table.columns.size()));
  }
}

}  // namespace

std::string html_table(const Table& table) {
  expect_widths(table);
  std::string out = fmt::format(
      "<p class=\"note\">{0}</p>\n<div class=\"{2}\" tabindex=\"0\" role=\"region\" "
      "aria-label=\"{0}\"><table id=\"table-{1}\">\n<thead><tr>",
      html_escape(table.caption), html_escape(table.name), table.cards ? "scroll cards" : "scroll");
  for (const TableColumn& column : table.columns) {
    out +=
        fmt::format("<th scope=\"col\"{}>{}</th>", class_of(column), html_escape(column.heading));
  }
  out += "</tr></thead>\n<tbody>\n";
  for (const auto& row : table.rows) {
    out += "<tr>";
    for (std::size_t i = 0; i < row.size(); ++i) {
      const TableColumn& column = table.columns[i];
      const std::string heading =
          table.cards ? fmt::format(" data-heading=\"{}\"", html_escape(column.heading)) : "";
      out += fmt::format("<td{}{}>{}</td>", class_of(column), heading, html_escape(row[i].shown));
    }
    out += "</tr>\n";
  }
  return out + "</tbody></table></div>\n";
}

std::string csv_of(const Table& table, const std::string& origin) {
  expect_widths(table);
  std::string out = "# " + origin + "\n";
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    if (i > 0) out += ',';
    out += csv_field(table.columns[i].key);
  }
  out += '\n';
  for (const auto& row : table.rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (i > 0) out += ',';
      out += csv_field(row[i].value);
    }
    out += '\n';
  }
  return out;
}

std::string html_item(std::string_view term, std::string_view text) {
  return fmt::format("<dt>{}</dt><dd>{}</dd>\n", html_escape(term), html_escape(text));
}

std::string html_page(std::string_view title, std::string_view body) {
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"color-scheme\" content=\"light dark\">\n<title>{}</title>\n"
      "<style>\n{}{}</style>\n</head>\n<body>\n<main>\n{}</main>\n</body>\n</html>\n",
      html_escape(title), plot_style(), page_style(), body);
}

}  // namespace isoloss
