#include "analysis/points/points_columns.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>

#include "analysis/numbers/statistics.h"
#include "model/spec/error.h"
#include "model/spec/nearest_name.h"

namespace isoloss {
namespace {

constexpr std::array<const char*, kPointColumns> kColumnNames = {
    "architecture",  "parameters",   "tokens",        "flops",
    "loss",          "size",         "seed",          "budget",
    "learning_rate", "wall_seconds", "bits_per_byte", "parameters_embedding",
    "run",           "role"};
constexpr std::size_t kRequiredColumns = 5;

// What two spellings of one name have in common: letters and digits, small, no plural.
std::string skeleton(const std::string& name) {
  std::string bare;
  for (const char c : name) {
    if (std::isalnum(static_cast<unsigned char>(c))) {
      bare += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
  }
  if (bare.size() > 2 && bare.back() == 's') bare.pop_back();
  return bare;
}

}  // namespace

PointColumns::PointColumns(const CsvReader& csv) : file_(csv.name()) {
  for (std::size_t known = 0; known < kPointColumns; ++known) {
    const auto found = std::find(csv.columns().begin(), csv.columns().end(), kColumnNames[known]);
    if (found == csv.columns().end()) continue;
    at_[known] = static_cast<std::size_t>(found - csv.columns().begin());
  }
  require(csv);
}

std::vector<std::size_t> PointColumns::others(std::size_t count) const {
  std::vector<std::size_t> rest;
  for (std::size_t i = 0; i < count; ++i) {
    if (std::find(at_.begin(), at_.end(), i) == at_.end()) rest.push_back(i);
  }
  return rest;
}

std::string PointColumns::text(const CsvRow& row, PointColumn column) const {
  return at(column) ? row.fields[*at(column)] : std::string();
}

double PointColumns::number(const CsvRow& row, PointColumn column) const {
  if (!at(column)) return kNone;
  const std::string& field = row.fields[*at(column)];
  if (field.empty()) return kNone;
  double value = 0;
  const char* first = field.data() + (field.front() == '+' ? 1 : 0);
  const auto [end, error] = std::from_chars(first, field.data() + field.size(), value);
  if (error != std::errc() || end != field.data() + field.size()) {
    refuse(row, column, "not a number", "write it like 1.5e12");
  }
  if (!std::isfinite(value)) {
    refuse(row, column, "not a finite number", "correct the row, or leave unknown fields empty");
  }
  return value;
}

double PointColumns::at_least_zero(const CsvRow& row, PointColumn column) const {
  const double value = number(row, column);
  if (value < 0) refuse(row, column, "below zero", "correct the row or take it out");
  return value;
}

double PointColumns::positive(const CsvRow& row, PointColumn column, bool may_be_empty) const {
  const double value = number(row, column);
  if (std::isnan(value) && may_be_empty) return value;
  if (!(value > 0)) {
    refuse(row, column, "must be a number above zero", "correct the row or take it out");
  }
  return value;
}

void PointColumns::refuse(const CsvRow& row, PointColumn column, const char* why,
                          const char* what_to_do) const {
  throw InputError(fmt::format("{}:{}: {} is '{}' ({}; column {}); {}", file_, row.line,
                               kColumnNames[static_cast<std::size_t>(column)],
                               shown_field(text(row, column)), why, *at(column) + 1, what_to_do));
}

void PointColumns::require(const CsvReader& csv) const {
  const std::string& header = csv.columns().front();
  const auto separator = header.find_first_of(";\t");
  if (csv.columns().size() == 1 && separator != std::string::npos) {
    throw InputError(fmt::format(
        "{}:{}: one column, '{}' (fields separated by {}); separate them by commas", file_,
        csv.header_line(), shown_field(header), header[separator] == ';' ? "';'" : "tabs"));
  }
  for (std::size_t known = 0; known < kPointColumns; ++known) {
    if (at_[known]) continue;
    // A misspelt optional column would change the analysis without a word.
    for (const std::string& column : csv.columns()) {
      if (skeleton(column) != skeleton(kColumnNames[known])) continue;
      throw InputError(fmt::format("{}:{}: no column '{}' (there is '{}'); rename it", file_,
                                   csv.header_line(), kColumnNames[known], shown_field(column)));
    }
    if (known >= kRequiredColumns) continue;
    const std::string near = nearest_name(kColumnNames[known], csv.columns());
    const bool taken =
        std::find(kColumnNames.begin(), kColumnNames.end(), near) != kColumnNames.end();
    throw InputError(fmt::format(
        "{}:{}: no column '{}' (points need architecture, parameters, tokens, flops and loss); "
        "add it or rename the column that holds it{}; fields of parameters and tokens may be "
        "empty",
        file_, csv.header_line(), kColumnNames[known],
        near.empty() || taken ? "" : fmt::format(", '{}'?", shown_field(near))));
  }
}

std::optional<std::size_t> PointColumns::at(PointColumn column) const {
  return at_[static_cast<std::size_t>(column)];
}

}  // namespace isoloss
