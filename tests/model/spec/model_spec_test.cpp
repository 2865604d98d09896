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
                    BadField{&ModelSpec::d_model, 100, "does not divide by d_head 64"},
                    BadField{&ModelSpec::heads, -1, "negative"},
                    BadField{&ModelSpec::relative_buckets, 7, "relative_buckets is 7"},
                    BadField{&ModelSpec::relative_max_distance, 16, "relative_max_distance 16"}));

TEST(ModelSpec, EveryNamedArchitectureIsValidAtEverySize) {
  for (const CatalogueEntry& architecture : architectures())
    for (const CatalogueEntry& size : sizes())
      EXPECT_NO_THROW(check(with_size(named_architecture(architecture.name), size.name)));
}

TEST(SpecFields, TextSurvivesTheRoundTrip) {
  const ModelSpec spec = with_size(named_architecture("primer"), "t5-small");
  ModelSpec copy;
  for (const auto& [name, value] : spec_as_text(spec)) set_field(copy, name, value);
  EXPECT_EQ(copy, spec);
}

TEST(SpecFields, AMisspeltFieldIsRefusedWithTheNearestName) {
  ModelSpec spec;
  EXPECT_THAT([&] { set_field(spec, "d_modle", "3"); },
              ThrowsMessage<InputError>(HasSubstr("did you mean 'd_model'")));
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

TEST(NearestName, FarNamesGiveTheWholeList) {
  const std::vector<std::string> names{"alpha", "beta"};
  EXPECT_EQ(nearest_name("alhpa", names), "alpha");
  EXPECT_EQ(nearest_name("zzzzzzz", names), "");
  EXPECT_THAT(suggestion("zzzzzzz", names), HasSubstr("alpha, beta"));
}

}  // namespace
}  // namespace isoloss
