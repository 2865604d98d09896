#include "harness/oneshot/parquet/run_lengths.h"

#include <algorithm>

namespace isoloss {

void append_packed(std::vector<std::uint32_t>& values, std::string_view bytes, unsigned bits,
                   std::size_t count) {
  const std::uint64_t mask = (std::uint64_t{1} << bits) - 1;
  std::uint64_t waiting = 0;
  unsigned have = 0;
  auto next = bytes.begin();
  for (std::size_t i = 0; i < count; ++i) {
    for (; have < bits; have += 8)
      waiting |= static_cast<std::uint64_t>(static_cast<std::uint8_t>(*next++)) << have;
    values.push_back(static_cast<std::uint32_t>(waiting & mask));
    waiting >>= bits;
    have -= bits;
  }
}

std::vector<std::uint32_t> run_lengths(ByteCursor& cursor, unsigned bits, std::size_t count) {
  if (bits > 32) damaged_parquet(cursor.place(), "values of more than 32 bits");
  std::vector<std::uint32_t> values;
  values.reserve(count);
  while (values.size() < count) {
    const std::size_t wanted = count - values.size();
    const std::uint64_t head = cursor.varint();
    if (head & 1) {
      // Groups of eight values; of the last one, what is not needed may be left out at a page's
      // end.
      const std::uint64_t groups = std::min<std::uint64_t>(head >> 1, (wanted + 7) / 8);
      const std::size_t here = std::min<std::uint64_t>(groups * 8, wanted);
      const std::uint64_t needed = (here * bits + 7) / 8;
      const std::string_view bytes =
          cursor.take(std::max(needed, std::min<std::uint64_t>(groups * bits, cursor.left())));
      append_packed(values, bytes, bits, here);
    } else {
      const std::size_t here = std::min<std::uint64_t>(head >> 1, wanted);
      const auto value = static_cast<std::uint32_t>(cursor.number((bits + 7) / 8));
      values.insert(values.end(), here, value);
    }
  }
  return values;
}

}  // namespace isoloss
