#include "harness/ranks/gather_bytes.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>

namespace isoloss {

std::vector<std::string> gather_bytes(Communicator& ranks, const std::string& mine) {
  const auto count = static_cast<std::size_t>(ranks.size());
  const std::array<std::uint64_t, 1> size = {mine.size()};
  std::vector<std::uint64_t> sizes(count);
  ranks.all_gather(std::as_bytes(std::span(size)), std::as_writable_bytes(std::span(sizes)));
  // Every rank passes as much as the longest.
  const std::uint64_t longest = *std::ranges::max_element(sizes);
  std::vector<std::string> texts(count);
  if (longest == 0) return texts;
  std::string padded = mine;
  padded.resize(longest);
  std::string all(count * longest, '\0');
  ranks.all_gather(std::as_bytes(std::span(padded)), std::as_writable_bytes(std::span(all)));
  for (std::size_t rank = 0; rank < count; ++rank)
    texts[rank] = all.substr(rank * longest, sizes[rank]);
  return texts;
}

}  // namespace isoloss
