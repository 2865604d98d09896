#include "model/spec/utf8_text.h"

#include <cstddef>

namespace isoloss {
namespace {

// What stands at the beginning of a text that is not empty.
struct Utf8Part {
  std::size_t bytes = 1;
  bool whole = false;  // a character; otherwise as much as could begin one, or a byte that cannot
};

// Table 3-7 of the Unicode Standard: what may follow is narrower after four of the leads.
Utf8Part first_part(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  if (lead < 0x80) return {1, true};
  if (lead < 0xC2 || lead > 0xF4) return {1, false};
  const std::size_t length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  for (std::size_t k = 1; k < length; ++k) {
    if (k == text.size()) return {k, false};
    const auto byte = static_cast<unsigned char>(text[k]);
    const unsigned least = k > 1 ? 0x80 : lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    const unsigned most = k > 1 ? 0xBF : lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    if (byte < least || byte > most) return {k, false};
  }
  return {length, true};
}

}  // namespace

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const Utf8Part part = first_part(text);
    if (!part.whole) return false;
    text.remove_prefix(part.bytes);
  }
  return true;
}

std::string well_formed(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const Utf8Part part = first_part(text);
    out += part.whole ? text.substr(0, part.bytes) : std::string_view("\xEF\xBF\xBD");
    text.remove_prefix(part.bytes);
  }
  return out;
}

}  // namespace isoloss
