// Bytes read from front to back, no read past their end.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace isoloss {

// InputError `PLACE: damaged parquet (why); fetch the file again`.
[[noreturn]] void damaged_parquet(const std::string& place, const std::string& why);

class ByteCursor {
 public:
  // `bytes` outlive it; `place` names them in messages.
  ByteCursor(std::string_view bytes, std::string place);

  bool at_end() const { return rest_.empty(); }
  std::size_t left() const { return rest_.size(); }
  const std::string& place() const { return place_; }

  // All of these are InputErrors where fewer bytes are left.
  std::uint8_t byte();
  std::string_view take(std::uint64_t count);
  // Seven bits a byte, the lowest first; the high bit says that more follow.
  std::uint64_t varint();
  // Little-endian, of 1 to 8 bytes.
  std::uint64_t number(std::size_t bytes);

 private:
  std::string_view rest_;
  std::string place_;
};

}  // namespace isoloss
