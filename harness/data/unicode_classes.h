// Which characters are letters, digits and white space (Unicode Character Database 14.0: general
// categories L and N, property White_Space).
#pragma once
#include <cstdint>

namespace isoloss {

enum class CharacterClass { Letter, Digit, Space, Other };

CharacterClass character_class(std::uint32_t code_point);

}  // namespace isoloss
