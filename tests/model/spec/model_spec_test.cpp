#include "model/spec/model_spec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/spec/catalogue.h"
#include "model/spec/error.h"
#include "model/spec/nearest_name.h"
#include "model/spec/spec_fields.h"

namespace isoloss {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

TEST(ModelSpec, HeadsDefaultToWidthOverHeadWidth) {
  ModelSpec spec;
  spec.d_model = 48;
  spec.d_head = 16;
  EXPECT_EQ(head_count(spec), 3);
  spec.heads = 5;
  EXPECT_EQ(head_count(spec), 5);
  EXPECT_EQ(attention_width(spec), 80);
}

// 2/3 of 4 * 32 = 85.3, to a multiple of four: 84 or 88, nearest 84; of 4 * 24 = 64 exactly.
TEST(ModelSpec, GatedWidthIsTwoThirdsByFours) {
  ModelSpec spec;
  spec.gated = true;
  spec.d_model = 24;
  EXPECT_EQ(feed_forward_width(spec), 64);
  spec.d_model = 32;
  EXPECT_EQ(feed_forward_width(spec), 84);
  spec.gated = false;
  EXPECT_EQ(feed_forward_width(spec), 128);
}

TEST(ModelSpec, KeysAndValuesHaveTheHeadsGivenOrAll) {
  ModelSpec spec;
  EXPECT_EQ(kv_head_count(spec), 8);
  spec.kv_heads = 2;
  EXPECT_EQ(kv_head_count(spec), 2);
  EXPECT_EQ(kv_width(spec), 128);
  EXPECT_EQ(attention_width(spec), 512);
}

TEST(ModelSpec, SharedQueriesHaveNoConvolutionOfTheirOwn) {
  ModelSpec spec;
  EXPECT_FALSE(has_convolution(spec, 'v'));
  spec.convolution_width = 3;
  EXPECT_TRUE(has_convolution(spec, 'q'));
  spec.convolution_on = "kv";
  EXPECT_FALSE(has_convolution(spec, 'q'));
  spec.convolution_on = "qkv";
  spec.shared_qk = SharedQk::Full;
  EXPECT_FALSE(has_convolution(spec, 'q'));
  EXPECT_TRUE(has_convolution(spec, 'k'));
}

TEST(ModelSpec, ResolvingLeavesTheSameModel) {
  ModelSpec spec;
  spec.d_ff_ratio = 12;
  spec.kv_heads = 8;
  spec.gated = true;
  const ModelSpec spelled = resolved(spec);
  EXPECT_EQ(spelled.heads, 8);
  EXPECT_EQ(spelled.kv_heads, 0);
  EXPECT_EQ(spelled.d_ff, 6144);
  EXPECT_EQ(spelled.d_ff_gated, 4096);
  EXPECT_EQ(feed_forward_width(spelled), feed_forward_width(spec));
  EXPECT_EQ(resolved(spelled), spelled);
}

TEST(ModelSpec, SwitchesOfWhatIsNotThereMakeNoOtherRun) {
  ModelSpec spec;
  spec.convolution_on = "kv";
  spec.convolution_shared = true;
  spec.rotary_base = 500'000;
  EXPECT_EQ(resolved(spec), resolved(ModelSpec{}));
  spec.convolution_width = 3;
  EXPECT_NE(resolved(spec).convolution_on, ModelSpec{}.convolution_on);
  spec.positions = Positions::Rotary;
  EXPECT_EQ(resolved(spec).rotary_base, 500'000);
}

struct BadField {
  std::int64_t ModelSpec::*field;
  std::int64_t value;
  const char* message;
};
class BadSpec : public testing::TestWithParam<BadField> {};

TEST_P(BadSpec, IsRefusedByName) {
  ModelSpec spec;
  spec.*GetParam().field = GetParam().value;
  EXPECT_THAT([&] { check(spec); }, ThrowsMessage<InputError>(HasSubstr(GetParam().message)));
}

INSTANTIATE_TEST_SUITE_P(
    Fields, BadSpec,
    testing::Values(BadField{&ModelSpec::layers, 0, "layers is 0"},
                    BadField{&ModelSpec::vocabulary, -1, "vocabulary is -1"},
                    BadField{&ModelSpec::layers, 1'000'000'000, "layers is 1000000000"},
                    BadField{&ModelSpec::heads, 100'000, "heads times d_head is 6400000"},
                    BadField{&ModelSpec::d_ff, std::int64_t{1} << 62,
                             "d_ff is 4611686018427387904"},
                    BadField{&ModelSpec::d_model, 100, "does not divide by d_head 64"},
                    BadField{&ModelSpec::heads, -1, "negative"},
                    BadField{&ModelSpec::relative_buckets, 7, "relative_buckets is 7"},
                    BadField{&ModelSpec::relative_max_distance, 16, "relative_max_distance 16"}));

struct BadSwitches {
  std::vector<std::pair<std::string, std::string>> settings;
  const char* message;
};
class Contradiction : public testing::TestWithParam<BadSwitches> {};

TEST_P(Contradiction, IsRefusedWithItsReason) {
  ModelSpec spec;
  const auto refused = [&] {
    for (const auto& [field, value] : GetParam().settings) set_field(spec, field, value);
    check(spec);
  };
  EXPECT_THAT(refused, ThrowsMessage<InputError>(HasSubstr(GetParam().message)));
}

INSTANTIATE_TEST_SUITE_P(
    Switches, Contradiction,
    testing::Values(
        BadSwitches{{{"norm", "none"}}, "norm is none without rezero"},
        BadSwitches{{{"kv_heads", "3"}}, "kv_heads 3 does not divide the 8 heads"},
        BadSwitches{{{"kv_heads", "16"}}, "kv_heads 16 does not divide the 8 heads"},
        BadSwitches{{{"kv_heads", "2"}, {"shared_qk", "true"}}, "shared_qk with kv_heads"},
        BadSwitches{{{"kv_heads", "-1"}}, "negative"},
        BadSwitches{{{"convolution_width", "-3"}}, "negative"},
        BadSwitches{{{"convolution_on", "qx"}}, "convolution_on is 'qx'"},
        BadSwitches{{{"convolution_on", "qq"}}, "convolution_on is 'qq'"},
        BadSwitches{{{"convolution_on", "vk"}}, "in this order"},
        BadSwitches{{{"convolution_on", ""}}, "convolution_width: 0 for none"},
        BadSwitches{{{"convolution_shared", "true"}, {"convolution_place", "before_projection"}},
                    "no heads yet"},
        BadSwitches{{{"positions", "rotary"}, {"d_head", "1"}}, "d_head 1 with rotary"},
        BadSwitches{{{"positions", "sinusoidal"}, {"d_model", "3"}, {"d_head", "3"}},
                    "d_model 3 with sinusoidal"},
        BadSwitches{{{"positions", "sinusoidal"}, {"d_model", "2"}, {"d_head", "2"}},
                    "d_model 2 with sinusoidal"},
        BadSwitches{{{"d_ff_ratio", "0"}}, "d_ff_ratio is 0"},
        BadSwitches{{{"d_ff_ratio", "1e-9"}}, "hidden width"},
        BadSwitches{{{"d_ff_ratio", "1e300"}}, "d_ff_ratio times d_model"},
        BadSwitches{{{"gated", "true"}, {"d_ff", "1"}}, "hidden width"},
        BadSwitches{{{"rotary_base", "1"}}, "rotary_base is 1"},
        BadSwitches{{{"norm_epsilon", "inf"}}, "norm_epsilon is inf"},
        BadSwitches{{{"branch_scale", "nan"}}, "branch_scale is nan"},
        BadSwitches{{{"key_value_scale", "0"}}, "key_value_scale is 0"}));

// What the paper never combines but nothing contradicts.
TEST(ModelSpec, UnusualCombinationsAreAllowed) {
  const std::vector<std::vector<std::pair<std::string, std::string>>> allowed = {
      {{"shared_qk", "true"}},
      {{"shared_qk", "per_head"}, {"positions", "rotary"}},
      {{"rezero", "true"}, {"norm_placement", "post"}},
      {{"token_shift", "true"}, {"convolution_width", "3"}, {"convolution_shared", "true"}},
      {{"kv_heads", "1"}, {"attention_bias", "true"}, {"tied", "false"}}};
  for (const auto& settings : allowed) {
    ModelSpec spec;
    for (const auto& [field, value] : settings) set_field(spec, field, value);
    EXPECT_NO_THROW(check(spec)) << settings.front().first;
  }
}

TEST(ModelSpec, EveryNamedArchitectureIsValidAtEverySize) {
  for (const CatalogueEntry& architecture : architectures())
    for (const CatalogueEntry& size : sizes())
      EXPECT_NO_THROW(check(with_size(named_architecture(architecture.name), size.name)));
}

TEST(SpecFields, TextSurvivesTheRoundTrip) {
  for (const CatalogueEntry& architecture : architectures()) {
    const ModelSpec spec = with_size(named_architecture(architecture.name), "t5-small");
    ModelSpec copy;
    for (const auto& [name, value] : spec_as_text(spec)) set_field(copy, name, value);
    EXPECT_EQ(copy, spec) << architecture.name;
  }
}

TEST(SpecFields, AMisspeltFieldIsRefusedWithTheNearestName) {
  ModelSpec spec;
  EXPECT_THAT([&] { set_field(spec, "d_modle", "3"); },
              ThrowsMessage<InputError>(HasSubstr("did you mean 'd_model'")));
}

TEST(SpecFields, AWholeNumberMayBeWrittenWithAnExponent) {
  ModelSpec spec;
  set_field(spec, "d_model", "1.024e3");
  EXPECT_EQ(spec.d_model, 1024);
  EXPECT_THROW(set_field(spec, "d_model", "1e-1"), InputError);
  EXPECT_THROW(set_field(spec, "d_model", "1e18"), InputError);
  EXPECT_THROW(set_field(spec, "d_model", "nan"), InputError);
}

TEST(SpecFields, AWrongTypeIsRefused) {
  ModelSpec spec;
  EXPECT_THROW(set_field(spec, "layers", "2.5"), InputError);
  EXPECT_THROW(set_field(spec, "gated", "yes"), InputError);
  EXPECT_THROW(set_field(spec, "norm_epsilon", "small"), InputError);
}

TEST(Catalogue, AMisspeltArchitectureIsRefusedWithTheNearestName) {
  EXPECT_THAT([] { named_architecture("primr"); },
              ThrowsMessage<InputError>(HasSubstr("did you mean 'primer'")));
}

// What an architecture changes of a size comes after the size and after nothing else.
TEST(Catalogue, AnArchitecturesChangeOfASizeIsApplied) {
  const ModelSpec spec = with_size(named_architecture("primer-discovered"), "t5-small");
  EXPECT_EQ(spec.d_model, 384);
  EXPECT_EQ(head_count(spec), 8);
  EXPECT_EQ(feed_forward_width(spec), 4608);
  EXPECT_EQ(spec.layers, 6);
  EXPECT_EQ(with_size(named_architecture("primer"), "t5-small").d_model, 512);
}

TEST(NearestName, FarNamesGiveTheWholeList) {
  const std::vector<std::string> names{"alpha", "beta"};
  EXPECT_EQ(nearest_name("alhpa", names), "alpha");
  EXPECT_EQ(nearest_name("zzzzzzz", names), "");
  EXPECT_THAT(suggestion("zzzzzzz", names), HasSubstr("alpha, beta"));
}

}  // namespace
}  // namespace isoloss
