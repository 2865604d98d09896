#include "model/spec/shard.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "model/spec/catalogue.h"
#include "model/spec/error.h"
#include "model/spec/initial_values.h"

namespace isoloss {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

ModelSpec tiny(const std::string& architecture) {
  ModelSpec spec = named_architecture(architecture);
  spec.layers = 1;
  spec.d_model = 16;
  spec.d_head = 4;
  spec.heads = 4;
  if (spec.kv_heads > 0) spec.kv_heads = 4;
  spec.d_ff = 24;
  spec.d_ff_gated = 16;
  spec.sequence = 8;
  spec.vocabulary = 12;
  return spec;
}

const Parameter& named(const ParameterTable& table, const std::string& name) {
  return *std::ranges::find(table.parameters, name, &Parameter::name);
}

// By hand: 4 heads of 4 channels, hidden 24, vocabulary 12, cut in two.
TEST(Shard, CutsHeadsHiddenChannelsAndVocabulary) {
  const ParameterTable table = parameter_table(tiny("primer"), Shard{1, 2});
  EXPECT_THAT(named(table, "embedding").shape, ElementsAre(6, 16));
  EXPECT_THAT(named(table, "relative_bias").shape, ElementsAre(2, 32));
  EXPECT_THAT(named(table, "layers.0.attention.key").shape, ElementsAre(8, 16));
  EXPECT_THAT(named(table, "layers.0.attention.query_from_key").shape, ElementsAre(8, 16));
  EXPECT_THAT(named(table, "layers.0.attention.key_convolution.2").shape, ElementsAre(8));
  EXPECT_THAT(named(table, "layers.0.attention.output").shape, ElementsAre(16, 8));
  EXPECT_THAT(named(table, "layers.0.feed_forward.in").shape, ElementsAre(12, 16));
  EXPECT_THAT(named(table, "layers.0.feed_forward.out").shape, ElementsAre(16, 12));
  EXPECT_THAT(named(table, "layers.0.feed_forward.out_bias").shape, ElementsAre(16));
  EXPECT_EQ(named(table, "layers.0.feed_forward.out").first, 12);
  EXPECT_EQ(named(table, "layers.0.feed_forward.out").whole_extent, 24);
}

// GPT-2's 50257 = 4 * 12564 + 1: no rank count but itself and 29, 1733 divide it.
TEST(Shard, CutsAVocabularyThatDoesNotDivideIntoNearlyEqualRanges) {
  ModelSpec spec = tiny("gpt2");
  spec.vocabulary = 50257;
  std::vector<std::int64_t> rows, firsts;
  for (int rank = 0; rank < 4; ++rank) {
    const Parameter embedding = named(parameter_table(spec, Shard{rank, 4}), "embedding");
    rows.push_back(embedding.shape[0]);
    firsts.push_back(embedding.first);
    EXPECT_EQ(embedding.whole_extent, 50257);
  }
  EXPECT_THAT(rows, ElementsAre(12564, 12564, 12564, 12565));
  EXPECT_THAT(firsts, ElementsAre(0, 12564, 25128, 37692));
}

// A [2, 6] tensor of elements 0 .. 11; the second of three ranks has columns 2 and 3.
TEST(Shard, CountsAColumnShardsElementsInTheWholeTensor) {
  const Parameter columns{
      .name = "m", .shape = {2, 2}, .tensor_axis = 1, .whole_extent = 6, .first = 2};
  std::vector<std::int64_t> indices;
  for (std::int64_t i = 0; i < 4; ++i) indices.push_back(whole_index(columns, i));
  EXPECT_THAT(indices, ElementsAre(2, 3, 8, 9));
  EXPECT_THAT(whole_shape(columns), ElementsAre(2, 6));
}

// [3, 2, 2], the second of three ranks has the second matrix.
TEST(Shard, CountsAHeadsMatrixInTheWholeTensor) {
  const Parameter heads{
      .name = "m", .shape = {1, 2, 2}, .tensor_axis = 0, .whole_extent = 3, .first = 1};
  std::vector<std::int64_t> indices;
  for (std::int64_t i = 0; i < 4; ++i) indices.push_back(whole_index(heads, i));
  EXPECT_THAT(indices, ElementsAre(4, 5, 6, 7));
}

TEST(Shard, AloneIsTheWholeTable) {
  const ParameterTable whole = parameter_table(tiny("primer"));
  const ParameterTable alone = parameter_table(tiny("primer"), Shard{});
  EXPECT_EQ(alone.buffer_size, whole.buffer_size);
  EXPECT_EQ(alone.parameters.back().whole_extent, 0);
}

std::vector<double> filled(const ParameterTable& table) {
  std::vector<double> values(static_cast<std::size_t>(table.buffer_size), 0.0);
  for (const Parameter& p : table.parameters)
    fill_initial(std::span(values).subspan(static_cast<std::size_t>(p.offset),
                                           static_cast<std::size_t>(p.size())),
                 p, 5);
  return values;
}

class ShardOfArchitecture : public testing::TestWithParam<std::string> {};

// The same numbers wherever they stand: initial values of the shards, put together, are the whole
// model's, and the whole model's, cut, are the shards'.
TEST_P(ShardOfArchitecture, InitialValuesAreThoseOfTheWholeModel) {
  ModelSpec spec = tiny(GetParam());
  spec.vocabulary = 13;  // divides by neither
  const ParameterTable whole = parameter_table(spec);
  const std::vector<double> expected = filled(whole);
  for (const int ranks : {1, 2, 4}) {
    std::vector<double> together(expected.size(), 0.0);
    for (int rank = 0; rank < ranks; ++rank) {
      const ParameterTable part = parameter_table(spec, Shard{rank, ranks});
      const std::vector<double> mine = filled(part);
      copy_from_shard<double>(part, mine, whole, together);
      std::vector<double> cut(mine.size(), 0.0);
      copy_to_shard<double>(whole, expected, part, cut);
      EXPECT_EQ(cut, mine) << rank << " of " << ranks;
    }
    EXPECT_EQ(together, expected) << ranks;
  }
}

// One product serves adjacent tensors: they stay adjacent in a shard.
TEST_P(ShardOfArchitecture, KeepsAdjacentTensorsTogether) {
  const ParameterTable part = parameter_table(tiny(GetParam()), Shard{1, 2});
  for (std::size_t i = 1; i < part.parameters.size(); ++i) {
    const Parameter &before = part.parameters[i - 1], &p = part.parameters[i];
    if (p.adjacent)
      EXPECT_EQ(p.offset, before.offset + before.size()) << p.name;
    else
      EXPECT_EQ(p.offset % 16, 0) << p.name;
    EXPECT_GE(p.offset, before.offset + before.size()) << p.name;
  }
}

INSTANTIATE_TEST_SUITE_P(Catalogue, ShardOfArchitecture,
                         testing::Values("transformer", "transformer++", "primer-ez", "primer",
                                         "gpt2", "llama"),
                         [](const auto& case_of) {
                           std::string name;
                           for (const char c : case_of.param)
                             name += c == '+' ? "p" : c == '-' ? "_" : std::string(1, c);
                           return name;
                         });

std::string refusal(const ModelSpec& spec, int ranks) {
  try {
    check_layout(spec, ranks);
  } catch (const InputError& problem) {
    return problem.what();
  }
  return "";
}

TEST(CheckLayout, RefusesWhatDoesNotDivideAndSaysWhatWould) {
  ModelSpec spec = tiny("transformer");
  EXPECT_EQ(refusal(spec, 4), "");
  EXPECT_EQ(refusal(spec, 3),
            "4 attention heads do not divide by tensor_parallel: 3 (each rank takes an equal part "
            "of them); use 1, 2 ranks, or set model.heads to 3 or 6");
  spec.vocabulary = 3;
  EXPECT_THAT(refusal(spec, 4), HasSubstr("for a vocabulary of 3"));
  spec.vocabulary = 13;
  EXPECT_EQ(refusal(spec, 2), "");
  spec.d_ff = 23;
  EXPECT_THAT(refusal(spec, 2), HasSubstr("model.d_ff to 22 or 24"));
  spec = tiny("llama");
  spec.kv_heads = 2;
  EXPECT_THAT(refusal(spec, 4), HasSubstr("heads of keys and values"));
  // 3 divides the heads and not the 64 hidden channels.
  spec = tiny("transformer");
  spec.heads = 6;
  spec.d_ff = 64;
  EXPECT_THAT(refusal(spec, 4), HasSubstr("6 attention heads"));
  EXPECT_THAT(refusal(spec, 4), HasSubstr("use 1, 2 ranks"));
}

}  // namespace
}  // namespace isoloss
