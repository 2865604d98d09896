// The one-shot task of a synthetic language: which symbol comes next after a row of it. Its best
// possible accuracy is known exactly, since P(symbol | row) is.
#pragma once
#include <cstdint>
#include <vector>

#include "harness/synthetic.h"

namespace isoloss {

struct NextSymbolTask {
  std::vector<std::int32_t> rows;  // rows * sequence; the last of each row is asked for
  std::int64_t count = 0;
  // Expected share of right answers of the best predictor that there is: the mean over rows of the
  // largest P(symbol | row).
  double best = 0;
  double chance = 0;  // of the most frequent symbol
};

// Rows of a stream of their own, the same for every model. `sequence` is at least 2.
NextSymbolTask next_symbol_task(const SyntheticLanguage& language, std::int64_t sequence);

}  // namespace isoloss
