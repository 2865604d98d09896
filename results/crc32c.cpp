#include "results/crc32c.h"

#include <array>

namespace isoloss {
namespace {

using Table = std::array<std::uint32_t, 256>;

constexpr Table remainders() {
  constexpr std::uint32_t kReflected = 0x82f63b78;
  Table table{};
  for (std::uint32_t byte = 0; byte < table.size(); ++byte) {
    std::uint32_t remainder = byte;
    for (int bit = 0; bit < 8; ++bit)
      remainder = (remainder >> 1) ^ ((remainder & 1) != 0 ? kReflected : 0);
    table[byte] = remainder;
  }
  return table;
}

constexpr Table kRemainders = remainders();

}  // namespace

std::uint32_t crc32c(std::string_view bytes) {
  std::uint32_t crc = 0xffffffff;
  for (const char c : bytes)
    crc = (crc >> 8) ^ kRemainders[(crc ^ static_cast<unsigned char>(c)) & 0xff];
  return ~crc;
}

}  // namespace isoloss
