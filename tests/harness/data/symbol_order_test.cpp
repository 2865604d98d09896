#include "harness/data/symbol_order.h"

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
  spec.zipf = 0.3;
  spec.concentration = spec.bigram_concentration = 1;
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

// What the task says of its items, by every path of the topic.
struct Plainly {
  double best = 0, right = 0;
};

Plainly plainly(const SyntheticLanguage& language, const SymbolOrderTask& task) {
  Plainly sums;
  for (const SymbolOrderItem& item : task.items) {
    std::vector<double> all;
    double sum = 0;
    for (const auto& row : item.rows) sum += all.emplace_back(probability(language, row));
    const auto likeliest = std::ranges::max_element(all);
    sums.best += *likeliest / sum;
    sums.right += likeliest - all.begin() == static_cast<std::ptrdiff_t>(item.right) ? 1 : 0;
  }
  return sums;
}

TEST(SymbolOrder, TheBestAccuracyIsThatOfTheExactProbabilities) {
  const SyntheticLanguage language = make_language(small_language());
  const SymbolOrderTask task = symbol_order_task(language, 12);
  ASSERT_GE(task.items.size(), 100u);
  const double n = static_cast<double>(task.items.size());
  EXPECT_NEAR(task.best, plainly(language, task).best / n, 1e-10);
  EXPECT_GT(task.best, 0.3);
}

TEST(SymbolOrder, ThePredictorThatKnowsTheLanguageReachesIt) {
  const SyntheticLanguage language = make_language(small_language());
  const SymbolOrderTask task = symbol_order_task(language, 12);
  const double n = static_cast<double>(task.items.size());
  EXPECT_NEAR(plainly(language, task).right / n, task.best,
              4 * std::sqrt(task.best * (1 - task.best) / n));
}

TEST(SymbolOrder, AnItemHasFourOrdersOfTheSameSymbolsAfterTheSameRow) {
  const SymbolOrderTask task = symbol_order_task(make_language(small_language()), 12);
  EXPECT_EQ(task.answer, 6u);
  std::vector<int> places(4, 0);
  for (const SymbolOrderItem& item : task.items) {
    ASSERT_EQ(item.rows.size(), 4u);
    ++places[item.right];
    auto sorted = item.rows;
    for (std::size_t i = 0; i < 4; ++i) {
      EXPECT_EQ(std::ranges::count(item.rows, item.rows[i]), 1);
      std::sort(sorted[i].begin() + 6, sorted[i].end());
      EXPECT_EQ(sorted[i], sorted[0]);
    }
  }
  for (const int count : places) EXPECT_GT(count, 0);
}

TEST(SymbolOrder, ARowTooShortForFourOrdersHasNone) {
  EXPECT_TRUE(symbol_order_task(make_language(small_language()), 4).items.empty());
}

}  // namespace
}  // namespace isoloss
