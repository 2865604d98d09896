#include "model/spec/number_text.h"

#include <charconv>
#include <cmath>
#include <system_error>

namespace isoloss {

std::optional<double> parse_number(const std::string& text) {
  double value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, code] = std::from_chars(text.data(), end, value);
  if (code != std::errc() || stop != end || !std::isfinite(value)) return std::nullopt;
  return value;
}

std::optional<std::int64_t> parse_whole(const std::string& text) {
  const std::optional<double> value = parse_number(text);
  if (!value || std::abs(*value) > kMostWhole || *value != std::floor(*value)) return std::nullopt;
  return static_cast<std::int64_t>(*value);
}

std::string why_not_whole(const std::string& text) {
  const std::optional<double> value = parse_number(text);
  const bool whole = value && *value == std::floor(*value);
  return whole ? "beyond 2^53, up to which counts are exact" : "not a whole number";
}

}  // namespace isoloss
