// The one-shot task of a synthetic language: which of four orders of the same symbols follows a row
// of it. Three are uniform draws among the other orders, so given all four the probability that one
// is the true one is P(order | row) over the sum of the four: the best possible accuracy is known
// exactly, and ranking by likelihood reaches it.
#pragma once
#include <cstdint>
#include <vector>

#include "harness/data/synthetic.h"

namespace isoloss {

struct SymbolOrderItem {
  // Four rows of `sequence` symbols that differ in their last ones alone.
  std::vector<std::vector<std::int32_t>> rows;
  std::size_t right = 0;
};

struct SymbolOrderTask {
  std::vector<SymbolOrderItem> items;  // at most 256; none where fewer than 16 were found
  std::size_t answer = 0;              // symbols that are asked for: 8, at most half a row
  double best = 0;                     // expected share of right answers of the best predictor
};

// Rows of a stream of their own, the same for every model; those whose end has fewer than four
// orders are passed over.
SymbolOrderTask symbol_order_task(const SyntheticLanguage& language, std::int64_t sequence);

}  // namespace isoloss
