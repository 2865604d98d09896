#include "harness/oneshot/datasets/code_points.h"

namespace isoloss {

std::optional<std::size_t> code_point_offset(std::string_view text, std::int64_t count) {
  std::int64_t seen = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    const bool begins = i == text.size() || (static_cast<unsigned char>(text[i]) & 0xC0) != 0x80;
    if (begins && seen++ == count) return i;
  }
  return std::nullopt;
}

}  // namespace isoloss
