// Whether bytes are text.
#pragma once
#include <string_view>

namespace isoloss {

// By RFC 3629: no code point written longer than it need be, none of a surrogate, none above
// U+10FFFF.
bool is_utf8(std::string_view text);

}  // namespace isoloss
