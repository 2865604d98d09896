// Whether bytes are text, and what is text of them.
#pragma once
#include <string>
#include <string_view>

namespace isoloss {

// By RFC 3629: no code point written longer than it need be, none of a surrogate, none above
// U+10FFFF.
bool is_utf8(std::string_view text);

// The text with U+FFFD in place of each part that is none: of every maximal subpart of a character
// that is cut short one, of every other byte one (the Unicode Standard, 3.9, "U+FFFD Substitution
// of Maximal Subparts", as Python's errors="replace").
std::string well_formed(std::string_view text);

}  // namespace isoloss
