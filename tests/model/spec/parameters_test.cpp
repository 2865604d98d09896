#include "model/spec/parameters.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <tuple>

#include "model/spec/catalogue.h"

namespace isoloss {
namespace {

Parameter named(const ParameterTable& table, const std::string& name) {
  for (const Parameter& p : table.parameters)
    if (p.name == name) return p;
  ADD_FAILURE() << name;
  return {};
}

// Counted from the released configuration at a vocabulary of 32,128 with tied embedding; they agree
// with the rounded sizes that So et al. 2021 print, 35 M (36 M for both Primers) and 110 M.
class Counts : public testing::TestWithParam<std::tuple<const char*, const char*, std::int64_t>> {};

TEST_P(Counts, AgreeWithThePaper) {
  const auto [architecture, size, thousands] = GetParam();
  const ModelSpec spec = with_size(named_architecture(architecture), size);
  EXPECT_EQ((count_parameters(spec).total + 500) / 1000, thousands);
}

INSTANTIATE_TEST_SUITE_P(Paper, Counts,
                         testing::Values(std::tuple("transformer", "t5-small", 35353),
                                         std::tuple("transformer++", "t5-small", 35338),
                                         std::tuple("primer", "t5-small", 35371),
                                         std::tuple("primer-ez", "t5-small", 35380),
                                         std::tuple("transformer", "t5-medium", 109694),
                                         std::tuple("transformer++", "t5-medium", 109687),
                                         std::tuple("primer", "t5-medium", 109749),
                                         std::tuple("primer-ez", "t5-medium", 109777)));

// By hand: embedding 5*4, bias 2*32, two norms of 8, attention 4*16, feed-forward 32+8+32+4,
// norm 8.
TEST(Parameters, CountOfASmallModelByHand) {
  ModelSpec spec = named_architecture("transformer");
  spec.layers = 1;
  spec.d_model = 4;
  spec.d_head = 2;
  spec.d_ff = 8;
  spec.vocabulary = 5;
  const ParameterCounts counts = count_parameters(spec);
  EXPECT_EQ(counts.total, 20 + 64 + 16 + 64 + 76 + 8);
  EXPECT_EQ(counts.embedding, 20);
  EXPECT_EQ(counts.non_embedding, 228);
  EXPECT_EQ(counts.activated, counts.total);
}

class Layout : public testing::TestWithParam<const char*> {
 protected:
  ModelSpec spec() const {
    ModelSpec made = named_architecture(GetParam());
    made.d_model = 12;
    made.d_head = 4;
    made.vocabulary = 29;
    return made;
  }
};

TEST_P(Layout, TensorsStartOnSixtyFourBytesUnlessAdjacent) {
  std::int64_t end = 0;
  for (const Parameter& p : parameter_table(spec()).parameters) {
    if (p.adjacent)
      EXPECT_EQ(p.offset, end) << p.name;
    else
      EXPECT_EQ(p.offset % 16, 0) << p.name;
    EXPECT_GE(p.offset, end) << p.name;
    EXPECT_LT(p.offset - end, 16) << p.name;
    end = p.offset + p.size();
  }
}

TEST_P(Layout, NamesAreUnique) {
  std::set<std::string> names;
  for (const Parameter& p : parameter_table(spec()).parameters)
    EXPECT_TRUE(names.insert(p.name).second) << p.name;
}

TEST_P(Layout, MatricesAloneDecay) {
  for (const Parameter& p : parameter_table(spec()).parameters)
    EXPECT_EQ(p.decays, p.shape.size() == 2 && p.name != "relative_bias") << p.name;
}

INSTANTIATE_TEST_SUITE_P(Architectures, Layout,
                         testing::Values("transformer", "transformer++", "primer-ez", "primer"));

// Folded scaling: deviation (d_model d_head)^-1/2 for the matrix that makes queries, d_model^-1/2
// for the others, (heads d_head)^-1/2 for the output (mesh, attention with
// fold_scaling_into_initializer).
TEST(Parameters, AttentionInitialisersCarryTheScaling) {
  const ParameterTable table =
      parameter_table(with_size(named_architecture("primer-ez"), "t5-small"));
  EXPECT_DOUBLE_EQ(named(table, "layers.3.attention.query").value, 1 / std::sqrt(512.0 * 64.0));
  EXPECT_DOUBLE_EQ(named(table, "layers.3.attention.key").value, 1 / std::sqrt(512.0));
  EXPECT_DOUBLE_EQ(named(table, "layers.3.attention.value").value, 1 / std::sqrt(512.0));
  EXPECT_DOUBLE_EQ(named(table, "layers.3.attention.output").value, 1 / std::sqrt(512.0));
  EXPECT_EQ(named(table, "layers.3.attention.query").initializer, Initializer::Normal);
}

// With shared Q and K the released code keeps the folded scaling on the shared matrix.
TEST(Parameters, SharedKeyCarriesTheScaling) {
  const ParameterTable table = parameter_table(with_size(named_architecture("primer"), "t5-small"));
  EXPECT_DOUBLE_EQ(named(table, "layers.0.attention.key").value, 1 / std::sqrt(512.0 * 64.0));
  EXPECT_EQ(named(table, "layers.0.attention.query_from_key").initializer,
            Initializer::TruncatedNormal);
}

// 0.5 on the present step, 0.5 / 3 on each past one (released code).
TEST(Parameters, ConvolutionsStartAsInTheReleasedCode) {
  const ParameterTable table =
      parameter_table(with_size(named_architecture("primer-ez"), "t5-small"));
  EXPECT_DOUBLE_EQ(named(table, "layers.0.attention.value_convolution.0").value, 0.5);
  EXPECT_DOUBLE_EQ(named(table, "layers.0.attention.value_convolution.1").value, 0.5 / 3);
  EXPECT_DOUBLE_EQ(named(table, "layers.0.attention.value_convolution.2").value, 0.5 / 3);
}

}  // namespace
}  // namespace isoloss
