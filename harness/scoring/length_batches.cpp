#include "harness/scoring/length_batches.h"

#include <algorithm>
#include <functional>
#include <numeric>

namespace isoloss {

std::vector<std::vector<std::size_t>> length_batches(std::span<const RowLength> rows,
                                                     const BatchLimits& limits) {
  std::vector<std::size_t> order(rows.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(order, std::greater<>(),
                           [&](std::size_t row) { return rows[row].fresh; });
  std::vector<std::vector<std::size_t>> batches;
  RowLength most;  // of the batch
  for (const std::size_t row : order) {
    most.held = std::max(most.held, rows[row].held);
    const std::int64_t size = batches.empty() ? 0 : std::ssize(batches.back()) + 1;
    const bool much_shorter =
        4 * rows[row].fresh < 3 * most.fresh && (size - 1) * most.fresh >= limits.tokens_enough;
    if (size == 0 || much_shorter || size * most.fresh > limits.tokens_at_once ||
        size * most.held > limits.tokens_held) {
      batches.emplace_back();
      most = rows[row];
    }
    batches.back().push_back(row);
  }
  return batches;
}

std::int64_t padded_tokens(std::span<const std::vector<std::int32_t>> rows) {
  std::size_t longest = 0;
  for (const auto& row : rows) longest = std::max(longest, row.size());
  return static_cast<std::int64_t>(rows.size() * longest);
}

}  // namespace isoloss
