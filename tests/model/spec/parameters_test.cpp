// The layout of the flat buffer and the initial values, by the released configuration.
#include "model/spec/parameters.h"

#include <gtest/gtest.h>

#include <cctype>
#include <cmath>
#include <set>

#include "model/spec/catalogue.h"

namespace isoloss {
namespace {

Parameter named(const ParameterTable& table, const std::string& name) {
  for (const Parameter& p : table.parameters)
    if (p.name == name) return p;
  ADD_FAILURE() << name;
  return {};
}

class Layout : public testing::TestWithParam<CatalogueEntry> {
 protected:
  ModelSpec spec() const {
    ModelSpec made = named_architecture(GetParam().name);
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

// The tables of positions are not: a relative bias is no matrix, and GPT-2's positions are not
// multiplied.
TEST_P(Layout, MatricesAloneDecay) {
  for (const Parameter& p : parameter_table(spec()).parameters)
    EXPECT_EQ(p.decays,
              p.shape.size() >= 2 && p.name != "relative_bias" && p.name != "position_embedding")
        << p.name;
}

std::string name_of(const testing::TestParamInfo<CatalogueEntry>& info) {
  std::string name;
  for (const char c : info.param.name)
    name += std::isalnum(static_cast<unsigned char>(c)) ? c : '_';
  return name;
}

INSTANTIATE_TEST_SUITE_P(Architectures, Layout,
                         testing::ValuesIn(std::vector<CatalogueEntry>(architectures().begin(),
                                                                       architectures().end())),
                         name_of);

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

// Scaled at run time, nothing is folded: the query's deviation is the key's.
TEST(Parameters, RunTimeScalingLeavesTheQueryAlone) {
  ModelSpec spec = with_size(named_architecture("transformer"), "t5-small");
  spec.attention_scale = AttentionScale::RunTime;
  EXPECT_DOUBLE_EQ(named(parameter_table(spec), "layers.0.attention.query").value,
                   1 / std::sqrt(512.0));
}

// With shared Q and K the released code keeps the folded scaling on the shared matrix, and the
// second is truncated with its fan-in, which is one head's where heads are apart.
TEST(Parameters, SharedKeyCarriesTheScaling) {
  ModelSpec spec = with_size(named_architecture("primer"), "t5-small");
  const ParameterTable full = parameter_table(spec);
  EXPECT_DOUBLE_EQ(named(full, "layers.0.attention.key").value, 1 / std::sqrt(512.0 * 64.0));
  const Parameter whole = named(full, "layers.0.attention.query_from_key");
  EXPECT_EQ(whole.initializer, Initializer::TruncatedNormal);
  EXPECT_DOUBLE_EQ(whole.value, 1 / std::sqrt(512.0));
  spec.shared_qk = SharedQk::PerHead;
  EXPECT_DOUBLE_EQ(named(parameter_table(spec), "layers.0.attention.query_from_key").value, 0.125);
}

// 0.5 on the present step, 0.5 / width on each past one (released code).
TEST(Parameters, ConvolutionsStartAsInTheReleasedCode) {
  const ParameterTable table =
      parameter_table(with_size(named_architecture("primer-ez"), "t5-small"));
  EXPECT_DOUBLE_EQ(named(table, "layers.0.attention.value_convolution.0").value, 0.5);
  EXPECT_DOUBLE_EQ(named(table, "layers.0.attention.value_convolution.1").value, 0.5 / 3);
  EXPECT_DOUBLE_EQ(named(table, "layers.0.attention.value_convolution.2").value, 0.5 / 3);
}

// Branches vanish at the start (Bachlechner et al. 2020, ReZero).
TEST(Parameters, RezeroStartsAtZero) {
  ModelSpec spec;
  spec.rezero = true;
  const Parameter scalar = named(parameter_table(spec), "layers.0.attention.rezero");
  EXPECT_EQ(scalar.initializer, Initializer::Constant);
  EXPECT_EQ(scalar.value, 0);
}

// 0.02 everywhere, and over sqrt(2 layers) where a matrix writes to the residual stream: "scale the
// weights of residual layers at initialization by a factor of 1/sqrt(N), N the number of residual
// layers" (Radford et al. 2019, section 2.3).
TEST(Parameters, Gpt2StartsAtTwoHundredths) {
  const ParameterTable table = parameter_table(with_size(named_architecture("gpt2"), "t5-medium"));
  for (const char* name : {"embedding", "position_embedding", "layers.0.attention.query",
                           "layers.0.attention.key", "layers.0.feed_forward.in"}) {
    EXPECT_DOUBLE_EQ(named(table, name).value, 0.02) << name;
    EXPECT_EQ(named(table, name).initializer, Initializer::Normal) << name;
  }
  for (const char* name : {"layers.11.attention.output", "layers.11.feed_forward.out"})
    EXPECT_DOUBLE_EQ(named(table, name).value, 0.02 / std::sqrt(24.0)) << name;
}

}  // namespace
}  // namespace isoloss
