// The products of small shapes counted by hand: d 4, two heads of 2, hidden 8 (6 with a gate), one
// layer, T 3, V 5. tests/model/layers/counted_products_test.cpp counts them as they run.
#include "model/cost/work_list.h"

#include <gtest/gtest.h>

#include "model/spec/catalogue.h"
#include "model/spec/spec_fields.h"

namespace isoloss {
namespace {

using Settings = std::vector<std::pair<std::string, std::string>>;

ModelSpec small(const char* architecture, const Settings& settings = {}) {
  ModelSpec spec = named_architecture(architecture);
  spec.layers = 1;
  spec.d_model = 4;
  spec.d_head = 2;
  spec.d_ff = 8;
  spec.d_ff_gated = 6;
  spec.sequence = 3;
  spec.vocabulary = 5;
  for (const auto& [field, value] : settings) set_field(spec, field, value);
  return spec;
}

double multiply_adds(const ModelSpec& spec, const std::string& part = "") {
  double sum = 0;
  for (const Product& product : work_list(spec))
    if (part.empty() || product.part == part) sum += product.multiply_adds();
  return sum;
}

TEST(WorkList, TransformerByHand) {
  const ModelSpec spec = small("transformer");
  EXPECT_EQ(multiply_adds(spec, "attention.projection"), 3 * 3 * 4 * 4);
  EXPECT_EQ(multiply_adds(spec, "attention.logits"), 2 * 3 * 3 * 2);
  EXPECT_EQ(multiply_adds(spec, "attention.values"), 2 * 3 * 3 * 2);
  EXPECT_EQ(multiply_adds(spec, "attention.output"), 3 * 4 * 4);
  EXPECT_EQ(multiply_adds(spec, "feed_forward"), 2 * 3 * 8 * 4);
  EXPECT_EQ(multiply_adds(spec, "head"), 3 * 5 * 4);
  EXPECT_EQ(multiply_adds(spec), 516);
}

// Three matrices of 6 x 4.
TEST(WorkList, AGateIsOneProductMore) {
  EXPECT_EQ(multiply_adds(small("transformer++"), "feed_forward"), 3 * 3 * 6 * 4);
}

// Three steps, four channels, three taps, on each of Q, K and V.
TEST(WorkList, ConvolutionsCountTheirTaps) {
  EXPECT_EQ(multiply_adds(small("primer-ez"), "convolution"), 3 * 3 * 4 * 3);
}

TEST(WorkList, AConvolutionOfValuesAloneIsAThird) {
  EXPECT_EQ(multiply_adds(small("primer-ez", {{"convolution_on", "v"}}), "convolution"), 3 * 4 * 3);
}

// One filter works on every head's channels all the same.
TEST(WorkList, AFilterThatHeadsShareDoesTheSameWork) {
  EXPECT_EQ(multiply_adds(small("primer-ez", {{"convolution_shared", "true"}}), "convolution"),
            3 * 3 * 4 * 3);
}

// Three heads of 2 from d 4: after the projection 6 channels, before it 4.
TEST(WorkList, BeforeTheProjectionTheStreamIsConvolved) {
  EXPECT_EQ(multiply_adds(small("primer-ez", {{"heads", "3"}}), "convolution"), 3 * 3 * 6 * 3);
  EXPECT_EQ(multiply_adds(
                small("primer-ez", {{"heads", "3"}, {"convolution_place", "before_projection"}}),
                "convolution"),
            3 * 3 * 4 * 3);
}

// K and V are projected and convolved; Q is a product of K's.
TEST(WorkList, SharedQueriesAndKeysKeepThreeProductsAndTwoConvolutions) {
  EXPECT_EQ(multiply_adds(small("primer"), "attention.projection"), 3 * 3 * 4 * 4);
  EXPECT_EQ(multiply_adds(small("primer"), "convolution"), 2 * 3 * 4 * 3);
}

// K and V 4 x 4 each, and within each of two heads 2 x 2.
TEST(WorkList, SharingWithinHeadsCostsAHeadsSquare) {
  EXPECT_EQ(multiply_adds(small("primer", {{"shared_qk", "per_head"}}), "attention.projection"),
            2 * 3 * 4 * 4 + 2 * 3 * 2 * 2);
}

// K and V of one head: 2 x 4 each; every query head still meets them.
TEST(WorkList, GroupedHeadsSaveProjectionsAndConvolutionsOnly) {
  const ModelSpec spec = small("primer-ez", {{"kv_heads", "1"}});
  EXPECT_EQ(multiply_adds(spec, "attention.projection"), 3 * 4 * 4 + 2 * 3 * 2 * 4);
  EXPECT_EQ(multiply_adds(spec, "convolution"), 3 * 4 * 3 + 2 * 3 * 2 * 3);
  EXPECT_EQ(multiply_adds(spec, "attention.logits"), 2 * 3 * 3 * 2);
  EXPECT_EQ(multiply_adds(spec, "attention.values"), 2 * 3 * 3 * 2);
}

// What is elementwise or an addition multiplies no matrices, and an output layer of its own is as
// large as the embedding.
TEST(WorkList, OtherSwitchesCostNoMultiplyAdds) {
  const double frame = multiply_adds(small("transformer"));
  for (const Settings& settings :
       {Settings{{"token_shift", "true"}}, Settings{{"rezero", "true"}},
        Settings{{"branch_scale", "2"}}, Settings{{"attention_bias", "true"}},
        Settings{{"key_value_scale", "-1.12"}}, Settings{{"attention_tanh", "true"}},
        Settings{{"attention_scale", "run_time"}}, Settings{{"positions", "rotary"}},
        Settings{{"positions", "learned"}}, Settings{{"tied", "false"}},
        Settings{{"norm_placement", "both"}}, Settings{{"feed_forward_bias", "false"}}})
    EXPECT_EQ(multiply_adds(small("transformer", settings)), frame) << settings.front().first;
}

}  // namespace
}  // namespace isoloss
