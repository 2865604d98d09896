// The card files under harness/oneshot/cards, compiled in by CMake so that an installed program has
// them.
#pragma once
#include <span>
#include <string_view>

namespace isoloss {

struct BuiltInCardText {
  std::string_view profile;
  std::string_view task;
  std::string_view text;
};

std::span<const BuiltInCardText> built_in_card_texts();

}  // namespace isoloss
