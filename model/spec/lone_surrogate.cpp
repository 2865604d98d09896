#include "model/spec/lone_surrogate.h"

#include <charconv>
#include <cstddef>

namespace isoloss {
namespace {

constexpr std::size_t kEscape = 6;  // \uXXXX

// The code unit of an escape at `at`; 0 where there is none.
unsigned unit_at(std::string_view json, std::size_t at) {
  if (at + kEscape > json.size() || json.substr(at, 2) != "\\u") return 0;
  unsigned unit = 0;
  const char* end = json.data() + at + kEscape;
  const auto [stop, code] = std::from_chars(json.data() + at + 2, end, unit, 16);
  return code == std::errc() && stop == end ? unit : 0;
}

bool is_first_half(unsigned unit) { return unit >= 0xD800 && unit < 0xDC00; }
bool is_second_half(unsigned unit) { return unit >= 0xDC00 && unit < 0xE000; }

}  // namespace

std::string_view lone_surrogate(std::string_view json) {
  for (std::size_t at = json.find('\\'); at != std::string_view::npos; at = json.find('\\', at)) {
    const unsigned unit = unit_at(json, at);
    const bool pair = is_first_half(unit) && is_second_half(unit_at(json, at + kEscape));
    if (!pair && (is_first_half(unit) || is_second_half(unit))) return json.substr(at, kEscape);
    at += pair ? 2 * kEscape : 2;  // an escaped backslash is two characters
  }
  return {};
}

std::string lone_surrogate_refusal(std::string_view escape) {
  return "half of a surrogate pair, " + std::string(escape) +
         " (no character, so UTF-8 cannot hold it; Python's json.dumps writes it where a string "
         "has it); replace it where the file is written, as by "
         "text.encode(\"utf-8\", \"replace\").decode()";
}

}  // namespace isoloss
