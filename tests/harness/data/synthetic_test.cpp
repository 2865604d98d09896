#include "harness/data/synthetic.h"

#include <gtest/gtest.h>

#include <filesystem>

#include <cmath>
#include <map>
#include <numeric>

#include "harness/data/synthetic_floor.h"
#include "harness/data/token_file.h"
#include "model/spec/counter_random.h"
#include "model/spec/error.h"
#include "tests/temporary_folder.h"

namespace isoloss {
namespace {

SyntheticSpec tiny() {
  SyntheticSpec spec;
  spec.symbols = 3;
  spec.topics = 2;
  spec.stay = 0.7;
  spec.concentration = 0.5;
  spec.tokens = 1000;
  spec.seed = 4;
  return spec;
}

SyntheticSpec small() {
  SyntheticSpec spec = tiny();
  spec.symbols = 8;
  spec.topics = 3;
  spec.stay = 0.95;
  return spec;
}

std::size_t row_at(const SyntheticLanguage& language, std::size_t topic, std::size_t a,
                   std::size_t b) {
  const auto V = static_cast<std::size_t>(language.spec.symbols);
  return (topic * V + a) * V + b;
}

// -log P(row): every path of the hidden topic is written out and added up.
double enumerated_nats(const SyntheticLanguage& language, const std::vector<std::int32_t>& row) {
  const auto K = static_cast<std::size_t>(language.spec.topics);
  const double stay = language.spec.stay;
  std::size_t paths = 1;
  for (std::size_t i = 1; i < row.size(); ++i) paths *= K;
  double probability = 0;
  for (std::size_t path = 0; path < paths; ++path) {
    std::size_t rest = path;
    std::size_t topic = rest % K;
    rest /= K;
    const auto at = [&](std::size_t i) { return static_cast<std::size_t>(row[i]); };
    double p = language.stationary[row_at(language, topic, at(0), at(1))];
    for (std::size_t i = 2; i < row.size(); ++i) {
      const std::size_t next = rest % K;
      rest /= K;
      p *= (next == topic ? stay : 0) + (1 - stay) / static_cast<double>(K);
      const std::size_t V = static_cast<std::size_t>(language.spec.symbols);
      p *= language.next[row_at(language, next, at(i - 2), at(i - 1)) * V + at(i)];
      topic = next;
    }
    probability += p;
  }
  return -std::log(probability);
}

// Entropy in nats of the next symbol given the `context` symbols before it, by counting.
double counted_entropy(const std::vector<std::int32_t>& tokens, std::size_t context) {
  std::map<std::vector<std::int32_t>, double> blocks, contexts;
  const double n = static_cast<double>(tokens.size() - context);
  for (std::size_t i = 0; i + context < tokens.size(); ++i) {
    const auto begin = tokens.begin() + static_cast<std::ptrdiff_t>(i);
    ++blocks[{begin, begin + static_cast<std::ptrdiff_t>(context) + 1}];
    ++contexts[{begin, begin + static_cast<std::ptrdiff_t>(context)}];
  }
  double entropy = 0;
  for (const auto& [block, count] : blocks) {
    const std::vector<std::int32_t> before(block.begin(), block.end() - 1);
    entropy -= count / n * std::log(count / contexts[before]);
  }
  return entropy;
}

TEST(Synthetic, EveryRowIsADistribution) {
  const SyntheticLanguage language = make_language(small());
  for (std::size_t row = 0; row < language.next.size(); row += 8) {
    const double sum = std::accumulate(language.next.begin() + static_cast<long>(row),
                                       language.next.begin() + static_cast<long>(row) + 8, 0.0);
    EXPECT_NEAR(sum, 1, 1e-12);
  }
}

TEST(Synthetic, TheStationaryDistributionStaysUnderOneStep) {
  const SyntheticLanguage language = make_language(tiny());
  std::vector<double> after(language.stationary.size(), 0.0);
  for (std::size_t k = 0; k < 2; ++k)
    for (std::size_t a = 0; a < 3; ++a)
      for (std::size_t b = 0; b < 3; ++b)
        for (std::size_t next = 0; next < 2; ++next)
          for (std::size_t c = 0; c < 3; ++c)
            after[row_at(language, next, b, c)] +=
                language.stationary[row_at(language, k, a, b)] *
                ((next == k ? 0.7 : 0.0) + 0.3 / 2) *
                language.next[row_at(language, next, a, b) * 3 + c];
  for (std::size_t i = 0; i < after.size(); ++i)
    EXPECT_NEAR(after[i], language.stationary[i], 1e-13);
}

TEST(Synthetic, TheFloorEqualsTheSumOverAllPathsOfTheTopic) {
  const SyntheticLanguage language = make_language(tiny());
  const auto tokens = generate(language, 11, 9 * 20);
  double nats = 0;
  for (std::size_t row = 0; row < 20; ++row)
    nats += enumerated_nats(language, {tokens.begin() + static_cast<long>(row * 9),
                                       tokens.begin() + static_cast<long>(row * 9 + 9)});
  EXPECT_NEAR(language_floor(language, tokens, 9), nats / 180, 1e-12);
}

TEST(Synthetic, ProbabilitiesOfAllRowsAddUpToOne) {
  const SyntheticLanguage language = make_language(tiny());
  double sum = 0;
  for (std::int32_t code = 0; code < 81; ++code) {
    const std::vector<std::int32_t> row = {code % 3, code / 3 % 3, code / 9 % 3, code / 27};
    sum += std::exp(-4 * language_floor(language, row, 4));
  }
  EXPECT_NEAR(sum, 1, 1e-12);
  double single = 0;
  for (std::int32_t c = 0; c < 3; ++c)
    single += std::exp(-language_floor(language, std::vector<std::int32_t>{c}, 1));
  EXPECT_NEAR(single, 1, 1e-12);
}

TEST(Synthetic, FrequenciesOfTheStreamMatchTheStationaryDistribution) {
  const SyntheticLanguage language = make_language(tiny());
  const auto tokens = generate(language, 12, 400'000);
  std::vector<double> counts(9, 0.0), exact(9, 0.0);
  for (std::size_t i = 0; i + 1 < tokens.size(); ++i)
    ++counts[static_cast<std::size_t>(3 * tokens[i] + tokens[i + 1])];
  for (std::size_t i = 0; i < language.stationary.size(); ++i)
    exact[i % 9] += language.stationary[i];
  // Independent draws would deviate by at most sqrt(.25 / 4e5) = 8e-4; the chain is correlated over
  // some ten steps.
  for (std::size_t i = 0; i < 9; ++i) EXPECT_NEAR(counts[i] / 399'999, exact[i], 0.01);
}

TEST(Synthetic, TheFloorLiesBelowTheEntropiesOfShortContexts) {
  SyntheticSpec spec = small();
  spec.mix_bigram = spec.mix_trigram = 0.2;  // so that the topic matters
  const SyntheticLanguage language = make_language(spec);
  const auto tokens = generate(language, 13, 200'000);
  const double floor = language_floor(language, tokens, 500);
  const double bigram = counted_entropy(tokens, 1);
  EXPECT_LT(bigram, counted_entropy(tokens, 0));
  EXPECT_LT(floor, bigram);
  EXPECT_LT(floor, counted_entropy(tokens, 2));
}

TEST(Synthetic, TheGeneratingProcessBeatsAnotherOneOnItsOwnText) {
  const SyntheticLanguage language = make_language(small());
  SyntheticSpec spec = small();
  spec.stay = 0.5;
  const SyntheticLanguage other = make_language(spec);
  const auto tokens = generate(language, 14, 50'000);
  EXPECT_LT(language_floor(language, tokens, 100), language_floor(other, tokens, 100));
}

TEST(Synthetic, StreamsDependOnSeedAndStreamAlone) {
  const SyntheticLanguage language = make_language(tiny());
  const auto tokens = generate(language, 15, 500);
  EXPECT_EQ(generate(make_language(tiny()), 15, 500), tokens);
  const auto longer = generate(language, 15, 800);
  EXPECT_TRUE(std::equal(tokens.begin(), tokens.end(), longer.begin()));
  EXPECT_NE(generate(language, 16, 500), tokens);
  SyntheticSpec spec = tiny();
  spec.seed = 5;
  EXPECT_NE(make_language(spec).next, language.next);
}

TEST(Synthetic, EarlySymbolsAreTheFrequentOnes) {
  // Rows are drawn around weights proportional to 1, 2^-1.5, 3^-1.5, ...: the mean over many rows
  // is near those. 8 symbols: weights sum to 1.92668 (NumPy), the first has .51903.
  SyntheticSpec spec = small();
  spec.concentration = 5;
  spec.bigram_concentration = 5;
  const SyntheticLanguage language = make_language(spec);
  double first = 0;
  for (std::size_t row = 0; row < language.next.size(); row += 8) first += language.next[row];
  EXPECT_NEAR(first / (static_cast<double>(language.next.size()) / 8), 0.51903, 0.03);
}

TEST(Synthetic, GammaDrawsHaveTheMeanAndTheVarianceOfTheirShape) {
  // Mean and variance of Gamma(shape, 1) are both `shape`; 40,000 draws. The variance of the
  // sample variance is (mu4 - var^2) / n with mu4 = 3 shape^2 + 6 shape.
  for (const double shape : {0.05, 0.5, 1.0, 3.7}) {
    double sum = 0, squares = 0;
    const int n = 40'000;
    for (int i = 0; i < n; ++i) {
      const double x = std::exp(log_gamma_draw(shape, 1, 2, static_cast<std::uint64_t>(i)));
      sum += x;
      squares += x * x;
    }
    const double mean = sum / n;
    EXPECT_NEAR(mean, shape, 4 * std::sqrt(shape / n)) << shape;
    EXPECT_NEAR(squares / n - mean * mean, shape,
                4 * std::sqrt((2 * shape * shape + 6 * shape) / n))
        << shape;
  }
}

TEST(Synthetic, FieldsOutOfRangeAreNamed) {
  const std::pair<const char*, void (*)(SyntheticSpec&)> cases[] = {
      {"symbols", [](SyntheticSpec& s) { s.symbols = 1; }},
      {"symbols", [](SyntheticSpec& s) { s.symbols = 4096; }},
      {"topics", [](SyntheticSpec& s) { s.topics = 0; }},
      {"stay", [](SyntheticSpec& s) { s.stay = 1; }},
      {"mix_trigram", [](SyntheticSpec& s) { s.mix_trigram = 0.8; }},
      {"concentration", [](SyntheticSpec& s) { s.concentration = 0; }},
      {"tokens", [](SyntheticSpec& s) { s.tokens = 0; }},
  };
  for (const auto& [field, change] : cases) {
    SyntheticSpec spec = tiny();
    change(spec);
    try {
      make_language(spec);
      FAIL() << field;
    } catch (const InputError& error) {
      EXPECT_NE(std::string(error.what()).find(field), std::string::npos) << error.what();
    }
  }
}

TEST(Synthetic, HeldOutPartsAreStreamsOfTheirOwnAndTheShareAskedFor) {
  const test::TemporaryFolder folder;
  const auto path = folder / "tokens.bin";
  write_synthetic(make_language(tiny()), 0.2, path);
  const TokenFile file(path);
  EXPECT_EQ(file.tokens(Part::Training), 1000);
  EXPECT_EQ(file.tokens(Part::Selection), 125);  // (125 + 125) / 1250 = .2
  EXPECT_EQ(file.tokens(Part::Report), 125);
  std::vector<std::int32_t> selection(125), report(125);
  file.read(Part::Selection, 0, selection);
  file.read(Part::Report, 0, report);
  EXPECT_NE(selection, report);
}

}  // namespace
}  // namespace isoloss
