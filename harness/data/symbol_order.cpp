#include "harness/data/symbol_order.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "harness/data/synthetic_floor.h"
#include "harness/oneshot/text_pieces.h"
#include "model/spec/counter_random.h"

namespace isoloss {
namespace {

constexpr std::size_t kMostOrderItems = 256;
constexpr std::size_t kFewestOrderItems = 16;
constexpr std::size_t kRowsAnItem = 4;  // drawn for each item that is wanted
constexpr std::size_t kAnswerSymbols = 8;

using Symbols = std::vector<std::int32_t>;

// The row with its last `answer` symbols in an order drawn uniformly.
Symbols reordered(Draws& draws, Symbols row, std::size_t answer) {
  const std::size_t first = row.size() - answer;
  for (std::size_t i = answer; i > 1; --i)
    std::swap(row[first + i - 1], row[first + draws.below(i)]);
  return row;
}

std::optional<SymbolOrderItem> order_item(const Symbols& row, std::size_t answer,
                                          std::uint64_t key) {
  Draws draws("synthetic/one-shot/orders", key);
  SymbolOrderItem item;
  for (std::uint64_t attempt = 0; attempt < kMostAttempts && item.rows.size() < 3; ++attempt) {
    Symbols other = reordered(draws, row, answer);
    if (other != row && std::ranges::find(item.rows, other) == item.rows.end())
      item.rows.push_back(std::move(other));
  }
  if (item.rows.size() < 3) return std::nullopt;
  item.right = draws.below(4);
  item.rows.insert(item.rows.begin() + static_cast<std::ptrdiff_t>(item.right), row);
  return item;
}

// The largest of the four probabilities of being the true one.
double best_share(const SyntheticLanguage& language, const SymbolOrderItem& item) {
  std::vector<double> nats;
  for (const Symbols& row : item.rows) {
    const auto length = static_cast<std::int64_t>(row.size());
    nats.push_back(language_floor(language, row, length) * static_cast<double>(length));
  }
  const double least = *std::ranges::min_element(nats);
  double sum = 0;
  for (const double value : nats) sum += std::exp(least - value);
  return 1 / sum;
}

}  // namespace

SymbolOrderTask symbol_order_task(const SyntheticLanguage& language, std::int64_t sequence) {
  const auto length = static_cast<std::size_t>(sequence);
  SymbolOrderTask task;
  task.answer = std::min(kAnswerSymbols, length / 2);
  const std::size_t drawn = kRowsAnItem * kMostOrderItems;
  const Symbols symbols = generate(language, stream_of("synthetic/one-shot"),
                                   static_cast<std::int64_t>(drawn * length));
  for (std::size_t r = 0; r < drawn && task.items.size() < kMostOrderItems; ++r) {
    const auto begin = symbols.begin() + static_cast<std::ptrdiff_t>(r * length);
    auto item = order_item({begin, begin + sequence}, task.answer, r);
    if (!item) continue;
    task.best += best_share(language, *item);
    task.items.push_back(std::move(*item));
  }
  if (task.items.size() < kFewestOrderItems) return {};
  task.best /= static_cast<double>(task.items.size());
  return task;
}

}  // namespace isoloss
