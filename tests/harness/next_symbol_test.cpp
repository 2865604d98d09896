#include "harness/next_symbol.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <span>

namespace isoloss {
namespace {

SyntheticSpec small_language() {
  SyntheticSpec spec;
  spec.symbols = 3;
  spec.topics = 2;
  spec.stay = 0.7;
  return spec;
}

// P(row) by adding up every path of the hidden topic, as docs/format.md, "Synthetic language",
// says.
double probability(const SyntheticLanguage& language, std::span<const std::int32_t> row) {
  const auto at = [&](std::size_t i) { return static_cast<std::size_t>(row[i]); };
  double sum = 0;
  for (std::size_t path = 0; path < (std::size_t{1} << (row.size() - 1)); ++path) {
    std::size_t topic = path & 1;
    double p = language.stationary[(topic * 3 + at(0)) * 3 + at(1)];
    for (std::size_t i = 2; i < row.size(); ++i) {
      const std::size_t next = (path >> (i - 1)) & 1;
      p *= (next == topic ? 0.7 : 0.0) + 0.3 / 2;
      topic = next;
      p *= language.next[((topic * 3 + at(i - 2)) * 3 + at(i - 1)) * 3 + at(i)];
    }
    sum += p;
  }
  return sum;
}

std::vector<double> ends(const SyntheticLanguage& language, std::span<const std::int32_t> row) {
  std::vector<std::int32_t> other(row.begin(), row.end());
  std::vector<double> all;
  for (std::int32_t symbol = 0; symbol < 3; ++symbol) {
    other.back() = symbol;
    all.push_back(probability(language, other));
  }
  return all;
}

TEST(NextSymbol, TheBestAccuracyIsThatOfTheExactProbabilities) {
  const SyntheticLanguage language = make_language(small_language());
  const NextSymbolTask task = next_symbol_task(language, 6);
  ASSERT_EQ(task.rows.size(), static_cast<std::size_t>(task.count * 6));
  double best = 0;
  for (std::int64_t r = 0; r < task.count; ++r) {
    const auto all =
        ends(language, std::span(task.rows).subspan(static_cast<std::size_t>(r * 6), 6));
    best += std::ranges::max(all) / (all[0] + all[1] + all[2]);
  }
  EXPECT_NEAR(task.best, best / static_cast<double>(task.count), 1e-10);
}

TEST(NextSymbol, ThePredictorThatKnowsTheLanguageReachesIt) {
  const SyntheticLanguage language = make_language(small_language());
  const NextSymbolTask task = next_symbol_task(language, 6);
  double right = 0;
  for (std::int64_t r = 0; r < task.count; ++r) {
    const auto row = std::span(task.rows).subspan(static_cast<std::size_t>(r * 6), 6);
    const auto all = ends(language, row);
    right += std::ranges::max_element(all) - all.begin() == row.back() ? 1 : 0;
  }
  const double n = static_cast<double>(task.count);
  EXPECT_NEAR(right / n, task.best, 4 * std::sqrt(task.best * (1 - task.best) / n));
  EXPECT_GT(task.best, task.chance);
}

TEST(NextSymbol, ChanceIsTheShareOfTheMostFrequentSymbol) {
  const SyntheticLanguage language = make_language(small_language());
  double most = 0;
  for (std::size_t symbol = 0; symbol < 3; ++symbol) {
    double share = 0;
    for (std::size_t i = symbol; i < language.stationary.size(); i += 3)
      share += language.stationary[i];
    most = std::max(most, share);
  }
  EXPECT_NEAR(next_symbol_task(language, 4).chance, most, 1e-12);
}

}  // namespace
}  // namespace isoloss
