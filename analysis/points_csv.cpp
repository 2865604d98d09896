// Points as CSV: columns and comments in docs/format.md.
#include "analysis/points.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cmath>
#include <ostream>

#include "analysis/statistics.h"
#include "model/spec/error.h"
#include "model/spec/nearest_name.h"
#include "results/csv.h"

namespace isoloss {
namespace {

// The columns that mean something, in the order of kNames.
enum Known : std::size_t {
  Architecture,
  Parameters,
  Tokens,
  Flops,
  Loss,
  Size,
  Seed,
  Budget,
  LearningRate,
  WallSeconds,
  BitsPerByte,
  ParametersEmbedding,
  Run,
  Role,
  kKnown
};
constexpr std::array<const char*, kKnown> kNames = {
    "architecture",  "parameters",   "tokens",        "flops",
    "loss",          "size",         "seed",          "budget",
    "learning_rate", "wall_seconds", "bits_per_byte", "parameters_embedding",
    "run",           "role"};
constexpr std::size_t kRequired = 5;

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

// The known columns of a file: where each stands, and its field of a row as a number.
class Columns {
 public:
  explicit Columns(const CsvReader& csv) : file_(csv.name()) {
    for (std::size_t known = 0; known < kKnown; ++known) {
      const auto at = std::find(csv.columns().begin(), csv.columns().end(), kNames[known]);
      if (at == csv.columns().end()) continue;
      at_[known] = static_cast<std::size_t>(at - csv.columns().begin());
    }
    require(csv);
  }

  std::vector<std::size_t> others(std::size_t count) const {
    std::vector<std::size_t> rest;
    for (std::size_t i = 0; i < count; ++i) {
      if (std::find(at_.begin(), at_.end(), i) == at_.end()) rest.push_back(i);
    }
    return rest;
  }

  std::string text(const CsvRow& row, Known known) const {
    return at_[known] ? row.fields[*at_[known]] : std::string();
  }

  // NaN where the field is empty or the column absent.
  double number(const CsvRow& row, Known known) const {
    if (!at_[known]) return kNone;
    const std::string& field = row.fields[*at_[known]];
    if (field.empty()) return kNone;
    double value = 0;
    const char* first = field.data() + (field.front() == '+' ? 1 : 0);
    const auto [end, error] = std::from_chars(first, field.data() + field.size(), value);
    if (error != std::errc() || end != field.data() + field.size()) {
      refuse(row, known, "not a number", "write it like 1.5e12");
    }
    if (!std::isfinite(value)) {
      refuse(row, known, "not a finite number", "correct the row, or leave unknown fields empty");
    }
    return value;
  }

  double at_least_zero(const CsvRow& row, Known known) const {
    const double value = number(row, known);
    if (value < 0) refuse(row, known, "below zero", "correct the row or take it out");
    return value;
  }

  double positive(const CsvRow& row, Known known, bool may_be_empty) const {
    const double value = number(row, known);
    if (std::isnan(value) && may_be_empty) return value;
    if (!(value > 0)) {
      refuse(row, known, "must be a number above zero", "correct the row or take it out");
    }
    return value;
  }

  [[noreturn]] void refuse(const CsvRow& row, Known known, const char* why,
                           const char* what_to_do) const {
    throw InputError(fmt::format("{}:{}: {} is '{}' ({}; column {}); {}", file_, row.line,
                                 kNames[known], shown_field(text(row, known)), why, *at_[known] + 1,
                                 what_to_do));
  }

 private:
  void require(const CsvReader& csv) const {
    const std::string& header = csv.columns().front();
    const auto separator = header.find_first_of(";\t");
    if (csv.columns().size() == 1 && separator != std::string::npos) {
      throw InputError(fmt::format(
          "{}:{}: one column, '{}' (fields separated by {}); separate them by commas", file_,
          csv.header_line(), shown_field(header), header[separator] == ';' ? "';'" : "tabs"));
    }
    for (std::size_t known = 0; known < kKnown; ++known) {
      if (at_[known]) continue;
      // A misspelt optional column would change the analysis without a word.
      for (const std::string& column : csv.columns()) {
        if (skeleton(column) != skeleton(kNames[known])) continue;
        throw InputError(fmt::format("{}:{}: no column '{}' (there is '{}'); rename it", file_,
                                     csv.header_line(), kNames[known], shown_field(column)));
      }
      if (known >= kRequired) continue;
      const std::string near = nearest_name(kNames[known], csv.columns());
      const bool taken = std::find(kNames.begin(), kNames.end(), near) != kNames.end();
      throw InputError(fmt::format(
          "{}:{}: no column '{}' (points need architecture, parameters, tokens, flops and loss); "
          "add it or rename the column that holds it{}; fields of parameters and tokens may be "
          "empty",
          file_, csv.header_line(), kNames[known],
          near.empty() || taken ? "" : fmt::format(", '{}'?", shown_field(near))));
    }
  }

  const std::string& file_;
  std::array<std::optional<std::size_t>, kKnown> at_{};
};

Point read_point(const Columns& columns, const CsvRow& row) {
  Point point;
  point.architecture = columns.text(row, Architecture);
  if (point.architecture.empty()) {
    columns.refuse(row, Architecture, "empty", "name the architecture of the row");
  }
  point.parameters = columns.positive(row, Parameters, true);
  point.tokens = columns.positive(row, Tokens, true);
  point.flops = columns.positive(row, Flops, false);
  point.loss = columns.positive(row, Loss, false);
  point.size = columns.text(row, Size);
  const double seed = columns.number(row, Seed);
  if (!std::isnan(seed)) {
    if (seed != std::floor(seed) || std::abs(seed) > 9e15) {
      columns.refuse(row, Seed, "must be a whole number", "correct it");
    }
    point.seed = static_cast<std::int64_t>(seed);
    point.has_seed = true;
  }
  point.budget = columns.positive(row, Budget, true);
  point.learning_rate = columns.positive(row, LearningRate, true);
  point.wall_seconds = columns.at_least_zero(row, WallSeconds);
  point.bits_per_byte = columns.at_least_zero(row, BitsPerByte);
  point.parameters_embedding = columns.at_least_zero(row, ParametersEmbedding);
  if (point.parameters_embedding >= point.parameters) {
    columns.refuse(row, ParametersEmbedding, "not below parameters, which count them too",
                   "correct the row");
  }
  point.run = columns.text(row, Run);
  point.role = columns.text(row, Role);
  if (!point.role.empty() && point.role != "result" && point.role != "arm" &&
      point.role != "check") {
    columns.refuse(row, Role, "none of result, arm and check", "correct it or leave it empty");
  }
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

void set_once(const std::string& file, const std::string& label, const std::string& value,
              std::string& known) {
  if (!known.empty() && known != value) {
    throw InputError(
        fmt::format("{}: two comments '{}', {} and {} (their points do not compare); analyse "
                    "points of one at a time",
                    file, label, shown_field(known), shown_field(value)));
  }
  known = value;
}

void read_comments(const CsvReader& csv, PointTable& table) {
  std::string known_floor;
  for (const std::string& comment : csv.comments()) {
    if (const auto convention = after(comment, kConventionComment)) {
      set_once(csv.name(), kConventionComment, *convention, table.flops_convention);
    } else if (const auto tokenizer = after(comment, kTokenizerComment)) {
      set_once(csv.name(), kTokenizerComment, *tokenizer, table.tokenizer_hash);
    } else if (const auto held_out = after(comment, kHeldOutComment)) {
      set_once(csv.name(), kHeldOutComment, *held_out, table.held_out_hash);
    } else if (const auto floor = after(comment, kFloorComment)) {
      set_once(csv.name(), kFloorComment, *floor, known_floor);
      double value = 0;
      const auto [end, error] =
          std::from_chars(floor->data(), floor->data() + floor->size(), value);
      if (error != std::errc() || end != floor->data() + floor->size() || !(value >= 0) ||
          !std::isfinite(value)) {
        throw InputError(fmt::format("{}: comment '{}' (the floor is not a number); correct it",
                                     csv.name(), shown_field(comment)));
      }
      table.floor = value;
    }
  }
}

}  // namespace

PointTable read_points_csv(const std::filesystem::path& file) {
  std::ifstream in = open_csv(file);
  CsvReader csv(in, file.string());
  const Columns columns(csv);
  PointTable table;
  table.source = csv.name();
  table.flops_convention.clear();
  const std::vector<std::size_t> others = columns.others(csv.columns().size());
  for (const std::size_t i : others) table.other_columns.push_back(csv.columns()[i]);
  for (CsvRow row; csv.next(row);) {
    Point point = read_point(columns, row);
    for (const std::size_t i : others) point.other.push_back(row.fields[i]);
    table.points.push_back(std::move(point));
  }
  read_comments(csv, table);
  if (table.points.empty()) {
    throw InputError(fmt::format("{}: no points (only a header row); add a row for each evaluation",
                                 csv.name()));
  }
  return table;
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

}  // namespace isoloss
