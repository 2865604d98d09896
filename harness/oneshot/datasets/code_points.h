// Offsets into UTF-8 text that are counted in code points, as Python counts them.
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

namespace isoloss {

// The byte at which code point `count` begins, the text's end where `count` is its length; absent
// where the text is shorter or `count` negative.
std::optional<std::size_t> code_point_offset(std::string_view text, std::int64_t count);

}  // namespace isoloss
