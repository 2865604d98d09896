#include "analysis/points.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <ostream>

#include "analysis/csv.h"
#include "model/spec/error.h"

namespace isoloss {
namespace {

constexpr double kAbsent = std::numeric_limits<double>::quiet_NaN();

const char* const kRequired[] = {"architecture", "parameters", "tokens", "flops", "loss"};
const char* const kOptional[] = {"size",
                                 "seed",
                                 "budget",
                                 "learning_rate",
                                 "wall_seconds",
                                 "bits_per_byte",
                                 "parameters_embedding",
                                 "run",
                                 "role"};

struct Columns {
  const std::string& file;
  const CsvTable& table;

  std::optional<std::size_t> find(const std::string& name) const {
    const auto at = std::find(table.columns.begin(), table.columns.end(), name);
    if (at == table.columns.end()) return std::nullopt;
    return static_cast<std::size_t>(at - table.columns.begin());
  }

  std::string text(const CsvRow& row, const std::string& name) const {
    const auto at = find(name);
    return at ? row.fields[*at] : std::string();
  }

  // NaN where the field is empty or the column absent.
  double number(const CsvRow& row, const std::string& name) const {
    const std::string field = text(row, name);
    if (field.empty() || field == "nan" || field == "NaN") return kAbsent;
    double value = 0;
    const char* first = field.data() + (field.front() == '+' ? 1 : 0);
    const auto [end, error] = std::from_chars(first, field.data() + field.size(), value);
    if (error != std::errc() || end != field.data() + field.size()) {
      throw InputError(fmt::format("{}:{}: {} is '{}' (not a number); write it like 1.5e12", file,
                                   row.line, name, field));
    }
    return value;
  }

  double positive(const CsvRow& row, const std::string& name, bool may_be_empty) const {
    const double value = number(row, name);
    if (std::isnan(value) && may_be_empty) return value;
    if (!(value > 0) || !std::isfinite(value)) {
      throw InputError(
          fmt::format("{}:{}: {} is '{}' (must be a number above zero); correct the row "
                      "or take it out",
                      file, row.line, name, text(row, name)));
    }
    return value;
  }
};

void require_columns(const Columns& columns) {
  for (const std::string name : kRequired) {
    if (columns.find(name)) continue;
    throw InputError(fmt::format(
        "{}: no column '{}' (points need architecture, parameters, tokens, flops and loss); add it "
        "or "
        "rename the column that holds it, empty fields are allowed for parameters and tokens",
        columns.file, name));
  }
}

Point read_point(const Columns& columns, const CsvRow& row) {
  Point point;
  point.architecture = columns.text(row, "architecture");
  point.parameters = columns.positive(row, "parameters", true);
  point.tokens = columns.positive(row, "tokens", true);
  point.flops = columns.positive(row, "flops", false);
  point.loss = columns.positive(row, "loss", false);
  point.size = columns.text(row, "size");
  const double seed = columns.number(row, "seed");
  if (!std::isnan(seed)) {
    if (seed != std::floor(seed) || std::abs(seed) > 9e15) {
      throw InputError(fmt::format("{}:{}: seed is '{}' (must be a whole number); correct it",
                                   columns.file, row.line, columns.text(row, "seed")));
    }
    point.seed = static_cast<std::int64_t>(seed);
    point.has_seed = true;
  }
  point.budget = columns.positive(row, "budget", true);
  point.learning_rate = columns.positive(row, "learning_rate", true);
  point.wall_seconds = columns.number(row, "wall_seconds");
  point.bits_per_byte = columns.number(row, "bits_per_byte");
  point.parameters_embedding = columns.number(row, "parameters_embedding");
  point.run = columns.text(row, "run");
  point.role = columns.text(row, "role");
  return point;
}

constexpr const char* kConventionComment = "flops convention:";
constexpr const char* kTokenizerComment = "tokenizer hash:";
constexpr const char* kHeldOutComment = "held-out hash:";
constexpr const char* kFloorComment = "floor in nats per token:";

std::optional<std::string> after(const std::string& text, const std::string& label) {
  if (!text.starts_with(label)) return std::nullopt;
  const auto first = text.find_first_not_of(' ', label.size());
  return first == std::string::npos ? std::string() : text.substr(first);
}

void read_comments(const Columns& columns, PointTable& table) {
  for (const std::string& comment : columns.table.comments) {
    if (const auto convention = after(comment, kConventionComment)) {
      table.flops_convention = *convention;
    } else if (const auto tokenizer = after(comment, kTokenizerComment)) {
      table.tokenizer_hash = *tokenizer;
    } else if (const auto held_out = after(comment, kHeldOutComment)) {
      table.held_out_hash = *held_out;
    } else if (const auto floor = after(comment, kFloorComment)) {
      double value = 0;
      const auto [end, error] =
          std::from_chars(floor->data(), floor->data() + floor->size(), value);
      if (error != std::errc() || end != floor->data() + floor->size() || !(value >= 0)) {
        throw InputError(fmt::format("{}: comment '{}' (the floor is not a number); correct it",
                                     columns.file, comment));
      }
      table.floor = value;
    }
  }
}

}  // namespace

PointTable read_points_csv(const std::filesystem::path& file) {
  const CsvTable csv = read_csv(file);
  const std::string name = file.string();
  const Columns columns{name, csv};
  require_columns(columns);
  PointTable table;
  table.source = name;
  table.flops_convention.clear();
  read_comments(columns, table);
  std::vector<std::size_t> other;
  for (std::size_t i = 0; i < csv.columns.size(); ++i) {
    const auto is = [&](const char* known) { return csv.columns[i] == known; };
    if (std::any_of(std::begin(kRequired), std::end(kRequired), is) ||
        std::any_of(std::begin(kOptional), std::end(kOptional), is)) {
      continue;
    }
    other.push_back(i);
    table.other_columns.push_back(csv.columns[i]);
  }
  for (const CsvRow& row : csv.rows) {
    Point point = read_point(columns, row);
    for (const std::size_t i : other) point.other.push_back(row.fields[i]);
    table.points.push_back(std::move(point));
  }
  if (table.points.empty()) {
    throw InputError(
        fmt::format("{}: no points (only a header row); add a row for each evaluation", name));
  }
  return table;
}

PointTable read_points(const std::filesystem::path& path, const std::string& convention, bool all) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) {
    return read_points_folder(path, convention, all);
  }
  return read_points_csv(path);
}

void write_points_csv(std::ostream& out, const PointTable& table) {
  if (!table.flops_convention.empty()) {
    out << "# " << kConventionComment << ' ' << table.flops_convention << '\n';
  }
  if (!table.tokenizer_hash.empty()) {
    out << "# " << kTokenizerComment << ' ' << table.tokenizer_hash << '\n';
  }
  if (!table.held_out_hash.empty()) {
    out << "# " << kHeldOutComment << ' ' << table.held_out_hash << '\n';
  }
  if (table.floor) out << "# " << kFloorComment << ' ' << fmt::format("{}", *table.floor) << '\n';
  out << "architecture,size,seed,budget,learning_rate,parameters,parameters_embedding,tokens,flops,"
         "loss,bits_per_byte,wall_seconds,run,role";
  for (const std::string& column : table.other_columns) out << ',' << csv_field(column);
  out << '\n';
  // fmt's default for a double is the shortest text that reads back to the same bits.
  const auto number = [](double value) {
    return std::isnan(value) ? std::string() : fmt::format("{}", value);
  };
  for (const Point& p : table.points) {
    out << csv_field(p.architecture) << ',' << csv_field(p.size) << ','
        << (p.has_seed ? fmt::format("{}", p.seed) : std::string()) << ',' << number(p.budget)
        << ',' << number(p.learning_rate) << ',' << number(p.parameters) << ','
        << number(p.parameters_embedding) << ',' << number(p.tokens) << ',' << number(p.flops)
        << ',' << number(p.loss) << ',' << number(p.bits_per_byte) << ',' << number(p.wall_seconds)
        << ',' << csv_field(p.run) << ',' << csv_field(p.role);
    for (const std::string& field : p.other) out << ',' << csv_field(field);
    out << '\n';
  }
}

bool is_result(const Point& point) { return point.role.empty() || point.role == "result"; }

std::vector<std::string> architectures_of(const PointTable& table) {
  std::vector<std::string> names;
  for (const Point& point : table.points) {
    if (std::find(names.begin(), names.end(), point.architecture) == names.end()) {
      names.push_back(point.architecture);
    }
  }
  return names;
}

}  // namespace isoloss
