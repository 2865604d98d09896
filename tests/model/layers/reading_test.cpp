// Reading with a state against logits() of the whole row, which knows no state: for every entry of
// the catalogue and every value of every switch, in pieces that differ from row to row.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <tuple>

#include "model/spec/error.h"
#include "tests/model/layers/every_spec.h"

namespace isoloss {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

std::vector<NamedSpec> catalogue_and_switches() {
  std::vector<NamedSpec> specs = every_spec();
  const std::vector<NamedSpec> more = switch_specs();
  specs.insert(specs.end(), more.begin(), more.end());
  specs.push_back(changed_spec("llama", {{"kv_heads", "1"}, {"convolution_width", "4"}}));
  specs.push_back(changed_spec("gpt2", {{"token_shift", "true"}, {"convolution_width", "3"}}));
  specs.push_back(changed_spec(
      "primer", {{"token_shift", "true"}, {"convolution_place", "before_projection"}}));
  return specs;
}

class Reading : public testing::TestWithParam<std::tuple<NamedSpec, Kernels>> {
 protected:
  static constexpr std::size_t kVocabulary = 29;

  LanguageModel model(Precision precision = Precision::Float64) const {
    const auto& [named, kernels] = GetParam();
    LanguageModel made(named.spec, 7, {precision, kernels});
    if (precision == Precision::Float64) set_formula_weights(made);
    return made;
  }

  // Every row of `tokens` in pieces: piece p of row r has sizes[p][r] tokens. The largest
  // difference from logits() anywhere.
  static double largest_difference(const LanguageModel& model, const TokenLists& rows,
                                   const std::vector<std::vector<std::size_t>>& sizes) {
    DecodingState state = model.nothing_read(std::ssize(rows));
    std::vector<std::size_t> read(rows.size(), 0);
    double largest = 0;
    for (const auto& piece : sizes) {
      TokenLists tokens;
      std::vector<TokenPlace> wanted;
      std::vector<double> expected;
      for (std::size_t r = 0; r < rows.size(); ++r) {
        const auto begin = rows[r].begin() + static_cast<std::ptrdiff_t>(read[r]);
        tokens.emplace_back(begin, begin + static_cast<std::ptrdiff_t>(piece[r]));
        const std::size_t end = read[r] + piece[r];
        const std::vector<double> whole =
            end == 0 ? std::vector<double>()
                     : model.logits(std::span(rows[r]).first(end), static_cast<std::int64_t>(end));
        for (std::size_t i = 0; i < piece[r]; ++i)
          wanted.push_back({static_cast<std::int64_t>(r), static_cast<std::int64_t>(i)});
        expected.insert(expected.end(),
                        whole.begin() + static_cast<std::ptrdiff_t>(read[r] * kVocabulary),
                        whole.end());
        read[r] = end;
      }
      const std::vector<double> logits = model.read(state, tokens, wanted);
      EXPECT_EQ(logits.size(), expected.size());
      for (std::size_t i = 0; i < logits.size(); ++i) {
        const double difference = std::abs(logits[i] - expected[i]);
        largest = std::isnan(difference) ? std::numeric_limits<double>::infinity()
                                         : std::max(largest, difference);
      }
    }
    return largest;
  }

  static TokenLists rows() {
    TokenLists made(3, std::vector<std::int32_t>(37));
    for (std::int32_t r = 0; r < 3; ++r)
      for (std::int32_t i = 0; i < 37; ++i)
        made[static_cast<std::size_t>(r)][static_cast<std::size_t>(i)] =
            (i * i + (3 + r) * i + 1 + 5 * r) % 29;
    return made;
  }
};

// Pieces of one size, then of sizes that differ, with none among them, up to the whole sequence of
// one row.
const std::vector<std::vector<std::size_t>> kPieces = {{6, 6, 6}, {1, 1, 1}, {1, 1, 1}, {5, 1, 3},
                                                       {1, 0, 2}, {1, 1, 1}, {0, 7, 0}, {3, 2, 22}};

TEST_P(Reading, InPiecesGivesTheLogitsOfTheWholeRow) {
  EXPECT_LT(largest_difference(model(), rows(), kPieces), 1e-10);
}

TEST_P(Reading, TokenByTokenGivesTheLogitsOfTheWholeRow) {
  EXPECT_LT(largest_difference(
                model(), rows(),
                std::vector<std::vector<std::size_t>>(37, std::vector<std::size_t>{1, 1, 1})),
            1e-10);
}

TEST_P(Reading, InFloat32AndBFloat16IsTheSameButForRounding) {
  EXPECT_LT(largest_difference(model(Precision::Float32), rows(), kPieces), 2e-5);
  EXPECT_LT(largest_difference(model(Precision::BFloat16), rows(), kPieces), 0.1);
}

TEST_P(Reading, BranchesOfAPrefixDoNotMeet) {
  const LanguageModel m = model();
  const TokenLists all = rows();
  DecodingState prefixes = m.nothing_read(2);
  m.read(prefixes, {{all[0].begin(), all[0].begin() + 9}, {all[1].begin(), all[1].begin() + 5}},
         {});
  const std::vector<std::int64_t> order = {1, 0, 1};
  DecodingState branches = prefixes.select(order);
  EXPECT_EQ(branches.lengths(), (std::vector<std::int64_t>{5, 9, 5}));
  const TokenLists tails = {{3, 4}, {5, 6, 7, 8}, {9}};
  const std::vector<double> logits =
      m.read(branches, tails, std::vector<TokenPlace>{{0, 1}, {1, 3}, {2, 0}});
  for (std::size_t b = 0; b < 3; ++b) {
    std::vector<std::int32_t> row(all[b == 1 ? 0 : 1].begin(),
                                  all[b == 1 ? 0 : 1].begin() + (b == 1 ? 9 : 5));
    row.insert(row.end(), tails[b].begin(), tails[b].end());
    const std::vector<double> whole = m.logits(row, std::ssize(row));
    for (std::size_t v = 0; v < kVocabulary; ++v)
      EXPECT_NEAR(logits[b * kVocabulary + v], whole[whole.size() - kVocabulary + v], 1e-10);
  }
  EXPECT_EQ(prefixes.lengths(), (std::vector<std::int64_t>{9, 5}));
}

TEST_P(Reading, PredictionsAreThoseOfWholeRows) {
  const LanguageModel m = model();
  const std::vector<std::int32_t> tokens = rows()[1];
  const auto whole = m.predictions(tokens, 37);
  DecodingState state = m.nothing_read(1);
  std::vector<std::int32_t> inputs(tokens.begin(), tokens.end() - 1);
  inputs.insert(inputs.begin(), 0);
  std::vector<TokenPlace> wanted;
  for (std::int64_t i = 0; i < 37; ++i) wanted.push_back({0, i});
  const auto read = m.read_predictions(state, {inputs}, wanted, tokens);
  EXPECT_EQ(read.greedy, whole.greedy);
  for (std::size_t i = 0; i < 37; ++i) EXPECT_NEAR(read.losses[i], whole.losses[i], 2e-6) << i;
}

INSTANTIATE_TEST_SUITE_P(Architectures, Reading,
                         testing::Combine(testing::ValuesIn(catalogue_and_switches()),
                                          testing::Values(Kernels::Fused, Kernels::Reference)),
                         SpecTestName());

TEST(ReadingTooMuch, SaysHowMuchTheModelReads) {
  const LanguageModel m(formula_spec("primer"), 0);
  DecodingState state = m.nothing_read(1);
  m.read(state, {std::vector<std::int32_t>(30, 1)}, {});
  EXPECT_THAT(
      [&] { m.read(state, {std::vector<std::int32_t>(8, 1)}, {}); },
      ThrowsMessage<InputError>(HasSubstr("a row of 38 tokens (the model's sequence is 37)")));
  EXPECT_THAT(
      [&] {
        m.read(state, {{1}, {2}}, {});
      },
      ThrowsMessage<InputError>(HasSubstr("tokens of 2 rows (the state has 1)")));
  EXPECT_THAT([&] { m.read(state, {{29}}, {}); }, ThrowsMessage<InputError>(HasSubstr("token 29")));
}

}  // namespace
}  // namespace isoloss
