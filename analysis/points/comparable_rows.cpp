#include "analysis/points/comparable_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

#include "model/spec/error.h"
#include "results/csv.h"

namespace isoloss {
namespace {

// Where two rows of the table stand in its file. Points keep no lines, and nobody but a refusal
// asks, so that the file is read again; empty where the table is of no file.
struct Places {
  std::size_t column = 0;
  std::size_t lines[2] = {0, 0};
};

std::optional<Places> places_of(const PointTable& table, const std::string& name,
                                const std::size_t (&rows)[2]) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(table.source, error)) return std::nullopt;
  std::ifstream in = open_csv(table.source);
  CsvReader csv(in, table.source);
  const auto at = std::find(csv.columns().begin(), csv.columns().end(), name);
  if (at == csv.columns().end()) return std::nullopt;
  Places places;
  places.column = static_cast<std::size_t>(at - csv.columns().begin()) + 1;
  CsvRow row;
  for (std::size_t i = 0; csv.next(row); ++i) {
    for (const int k : {0, 1}) {
      if (i == rows[k]) places.lines[k] = row.line;
    }
  }
  return places.lines[0] > 0 && places.lines[1] > 0 ? std::optional(places) : std::nullopt;
}

[[noreturn]] void refuse(const PointTable& table, const std::string& name, std::size_t column,
                         std::size_t first, std::size_t other, const std::string& why,
                         const std::string& what_to_do) {
  const std::string known = shown_field(table.points[first].other[column]);
  const std::string here = shown_field(table.points[other].other[column]);
  const auto places = places_of(table, name, {first, other});
  if (places) {
    throw InputError(fmt::format("{}:{}: {} is '{}' (column {}; line {} has '{}': {}); {}",
                                 table.source, places->lines[1], name, here, places->column,
                                 places->lines[0], known, why, what_to_do));
  }
  throw InputError(fmt::format("{}: row {}: {} is '{}' (row {} has '{}': {}); {}", table.source,
                               other + 1, name, here, first + 1, known, why, what_to_do));
}

bool same_text(const std::string& a, const std::string& b) { return a == b; }

// As numbers, where both are: 1 and 1.0 weigh the same.
bool same_number(const std::string& a, const std::string& b) {
  const auto number = [](const std::string& text) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() && end == text.data() + text.size() ? value : std::nan("");
  };
  return a == b || number(a) == number(b);
}

void require_one(const PointTable& table, std::span<const std::size_t> rows,
                 const std::string& name, bool (*same)(const std::string&, const std::string&),
                 const std::string& why, const std::string& what_to_do) {
  const auto at = std::find(table.other_columns.begin(), table.other_columns.end(), name);
  if (at == table.other_columns.end()) return;
  const auto column = static_cast<std::size_t>(at - table.other_columns.begin());
  std::optional<std::size_t> first;
  for (const std::size_t row : rows) {
    const std::vector<std::string>& fields = table.points[row].other;
    if (column >= fields.size()) continue;
    if (!first) first = row;
    if (same(table.points[*first].other[column], fields[column])) continue;
    refuse(table, name, column, *first, row, why, what_to_do);
  }
}

}  // namespace

std::vector<std::size_t> result_rows(const PointTable& table,
                                     const std::vector<std::string>& architectures,
                                     double from_budget) {
  std::vector<std::size_t> rows;
  for (std::size_t i = 0; i < table.points.size(); ++i) {
    const Point& point = table.points[i];
    if (!is_result(point) || point.budget < from_budget) continue;
    const bool asked = architectures.empty() ||
                       std::find(architectures.begin(), architectures.end(), point.architecture) !=
                           architectures.end();
    if (asked) rows.push_back(i);
  }
  return rows;
}

std::string named_rows(const PointTable& table, std::size_t first, std::size_t other) {
  const auto places = places_of(table, "architecture", {first, other});
  return places ? fmt::format("lines {} and {}", places->lines[0], places->lines[1])
                : fmt::format("rows {} and {}", first + 1, other + 1);
}

void require_one_convention(const PointTable& table, std::span<const std::size_t> rows) {
  for (const char* name : {"flops_convention", "tokenizer_hash", "held_out_hash"}) {
    require_one(table, rows, name, same_text,
                "such rows cannot share an analysis, their losses or FLOPs do not mean the same",
                "analyse the rows of each apart");
  }
}

void require_one_evaluation(const PointTable& table, std::span<const std::size_t> rows,
                            const char* analysis) {
  require_one(table, rows, "evaluation", same_text,
              fmt::format("{} would take losses on several sets for one", analysis),
              "analyse the rows of each evaluation set apart");
}

void require_equal_weights(const PointTable& table, std::span<const std::size_t> rows,
                           const char* analysis) {
  require_one(table, rows, "weight", same_number, fmt::format("{} cannot weigh rows", analysis),
              "fit a law of every point (`isoloss fit --frontier points`), or take the column out");
}

}  // namespace isoloss
