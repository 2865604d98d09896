#include "harness/next_symbol.h"

#include <algorithm>
#include <cmath>
#include <span>

#include "harness/synthetic_floor.h"
#include "model/spec/counter_random.h"

namespace isoloss {
namespace {

constexpr std::int64_t kRows = 512;

// The largest P(symbol | row without its last), from the exact likelihoods of every end.
double best_share(const SyntheticLanguage& language, std::vector<std::int32_t> row) {
  const auto length = static_cast<std::int64_t>(row.size());
  std::vector<double> nats;
  for (std::int32_t symbol = 0; symbol < language.spec.symbols; ++symbol) {
    row.back() = symbol;
    nats.push_back(language_floor(language, row, length) * static_cast<double>(length));
  }
  const double least = *std::ranges::min_element(nats);
  double sum = 0;
  for (const double value : nats) sum += std::exp(least - value);
  return 1 / sum;
}

}  // namespace

NextSymbolTask next_symbol_task(const SyntheticLanguage& language, std::int64_t sequence) {
  NextSymbolTask task;
  task.count = kRows;
  task.rows = generate(language, stream_of("synthetic/one-shot"), kRows * sequence);
  for (std::int64_t r = 0; r < kRows; ++r) {
    const auto begin = task.rows.begin() + r * sequence;
    task.best += best_share(language, {begin, begin + sequence}) / static_cast<double>(kRows);
  }
  const auto V = static_cast<std::size_t>(language.spec.symbols);
  std::vector<double> symbols(V, 0.0);
  for (std::size_t i = 0; i < language.stationary.size(); ++i)
    symbols[i % V] += language.stationary[i];
  task.chance = *std::ranges::max_element(symbols);
  return task;
}

}  // namespace isoloss
