// Rows of unlike length put together so that little is read that is only padding.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

namespace isoloss {

struct RowLength {
  std::int64_t fresh = 0;  // tokens to read
  std::int64_t held = 0;   // tokens whose keys and values there are in the end
};

struct BatchLimits {
  std::int64_t tokens_at_once = 0;  // rows times the most fresh tokens of one
  std::int64_t tokens_held = 0;     // rows times the most held tokens of one
  // A batch of so many takes no rows of less than three quarters of its longest: it is large enough
  // for fast products, and the rest would be padding.
  std::int64_t tokens_enough = 256;
};

// Places of rows, most fresh tokens first (what is too large fails at once), in batches within the
// limits; a row that is too large for them goes alone.
std::vector<std::vector<std::size_t>> length_batches(std::span<const RowLength> rows,
                                                     const BatchLimits& limits);

// Tokens that it takes to read these rows together: each as long as the longest.
std::int64_t padded_tokens(std::span<const std::vector<std::int32_t>> rows);

}  // namespace isoloss
