#include "harness/oneshot/parquet/byte_cursor.h"

#include <utility>

#include "model/spec/error.h"

namespace isoloss {

void damaged_parquet(const std::string& place, const std::string& why) {
  throw InputError(place + ": damaged parquet (" + why + "); fetch the file again");
}

ByteCursor::ByteCursor(std::string_view bytes, std::string place)
    : rest_(bytes), place_(std::move(place)) {}

std::uint8_t ByteCursor::byte() { return static_cast<std::uint8_t>(take(1).front()); }

std::string_view ByteCursor::take(std::uint64_t count) {
  if (count > rest_.size())
    damaged_parquet(place_, std::to_string(count) + " bytes are wanted where " +
                                std::to_string(rest_.size()) + " are left");
  const std::string_view taken = rest_.substr(0, count);
  rest_.remove_prefix(count);
  return taken;
}

std::uint64_t ByteCursor::varint() {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    const std::uint8_t next = byte();
    value |= static_cast<std::uint64_t>(next & 0x7F) << shift;
    if (next < 0x80) return value;
  }
  damaged_parquet(place_, "a number of more than 64 bits");
}

std::uint64_t ByteCursor::number(std::size_t bytes) {
  std::uint64_t value = 0;
  unsigned shift = 0;
  for (const char c : take(bytes)) {
    value |= static_cast<std::uint64_t>(static_cast<std::uint8_t>(c)) << shift;
    shift += 8;
  }
  return value;
}

}  // namespace isoloss
