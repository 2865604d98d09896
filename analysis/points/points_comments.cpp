#include "analysis/points/points_comments.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <optional>
#include <ostream>
#include <string>

#include "model/spec/error.h"

namespace isoloss {
namespace {

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

}  // namespace

void read_point_comments(const CsvReader& csv, PointTable& table) {
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

void write_point_comments(std::ostream& out, const PointTable& table) {
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
}

}  // namespace isoloss
