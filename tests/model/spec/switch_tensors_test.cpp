// Which tensors each switch adds, takes away or reshapes, against the frame, by hand: one layer, d
// 6, three heads of 2, hidden 8, T 4, V 5. The frame's own: attention.query, .key, .value [6, 6],
// .output [6, 6], norms of [6], feed_forward.in [8, 6], .out [6, 8], their biases.
#include <gtest/gtest.h>

#include <map>

#include "model/spec/catalogue.h"
#include "model/spec/error.h"
#include "model/spec/parameters.h"
#include "model/spec/spec_fields.h"

namespace isoloss {
namespace {

using Shape = std::vector<std::int64_t>;
using Tensors = std::map<std::string, Shape>;
using Settings = std::vector<std::pair<std::string, std::string>>;

Tensors tensors_of(const Settings& settings) {
  ModelSpec spec;
  spec.layers = 1;
  spec.d_model = 6;
  spec.d_head = 2;
  spec.d_ff = 8;
  spec.d_ff_gated = 5;
  spec.sequence = 4;
  spec.vocabulary = 5;
  for (const auto& [field, value] : settings) set_field(spec, field, value);
  check(spec);
  Tensors tensors;
  for (const Parameter& p : parameter_table(spec).parameters) {
    const std::string layer = "layers.0.";
    tensors[p.name.starts_with(layer) ? p.name.substr(layer.size()) : p.name] = p.shape;
  }
  return tensors;
}

struct Switch {
  const char* name;
  Settings settings;
  Tensors added;  // or reshaped
  std::vector<std::string> gone;
};

class SwitchTensors : public testing::TestWithParam<Switch> {};

TEST_P(SwitchTensors, AreTheFramesButFor) {
  Tensors expected = tensors_of({});
  for (const auto& [name, shape] : GetParam().added) expected[name] = shape;
  for (const std::string& name : GetParam().gone) ASSERT_EQ(expected.erase(name), 1u) << name;
  EXPECT_EQ(tensors_of(GetParam().settings), expected);
}

std::string name_of(const testing::TestParamInfo<Switch>& info) { return info.param.name; }

Tensors taps(const Shape& shape, const std::string& parts, int width) {
  const std::map<char, std::string> names = {{'q', "query"}, {'k', "key"}, {'v', "value"}};
  Tensors tensors;
  for (const char part : parts)
    for (int tap = 0; tap < width; ++tap)
      tensors["attention." + names.at(part) + "_convolution." + std::to_string(tap)] = shape;
  return tensors;
}

Tensors with(Tensors tensors, const Tensors& more) {
  tensors.insert(more.begin(), more.end());
  return tensors;
}

INSTANTIATE_TEST_SUITE_P(
    Each, SwitchTensors,
    testing::Values(
        Switch{"Activation", {{"activation", "squared_relu"}}, {}, {}},
        Switch{"Gate",
               {{"gated", "true"}},
               {{"feed_forward.gate", {5, 6}},
                {"feed_forward.gate_bias", {5}},
                {"feed_forward.in", {5, 6}},
                {"feed_forward.in_bias", {5}},
                {"feed_forward.out", {6, 5}}},
               {}},
        Switch{"NoFeedForwardBias",
               {{"feed_forward_bias", "false"}},
               {},
               {"feed_forward.in_bias", "feed_forward.out_bias"}},
        Switch{"HiddenBiasAlone", {{"feed_forward_bias", "in"}}, {}, {"feed_forward.out_bias"}},
        Switch{"Ratio",
               {{"d_ff", "0"}, {"d_ff_ratio", "1.5"}},
               {{"feed_forward.in", {9, 6}},
                {"feed_forward.in_bias", {9}},
                {"feed_forward.out", {6, 9}}},
               {}},
        Switch{"RmsNorm",
               {{"norm", "rms"}},
               {},
               {"attention.norm.bias", "feed_forward.norm.bias", "final_norm.bias"}},
        Switch{"PrimersNorm", {{"norm", "primer"}}, {}, {}},
        Switch{"NoNorm",
               {{"norm", "none"}, {"rezero", "true"}},
               {{"attention.rezero", {1}}, {"feed_forward.rezero", {1}}},
               {"attention.norm.scale", "attention.norm.bias", "feed_forward.norm.scale",
                "feed_forward.norm.bias", "final_norm.scale", "final_norm.bias"}},
        Switch{
            "PostNorm", {{"norm_placement", "post"}}, {}, {"final_norm.scale", "final_norm.bias"}},
        Switch{"PrimersPlacement", {{"norm_placement", "primer"}}, {}, {}},
        Switch{"NormsOnBothSides",
               {{"norm_placement", "both"}},
               {{"attention.norm_after.scale", {6}},
                {"attention.norm_after.bias", {6}},
                {"feed_forward.norm_after.scale", {6}},
                {"feed_forward.norm_after.bias", {6}}},
               {}},
        Switch{"BranchScale", {{"branch_scale", "2"}}, {}, {}},
        Switch{"TokenShift", {{"token_shift", "true"}}, {}, {}},
        Switch{"Convolution", {{"convolution_width", "3"}}, taps({6}, "qkv", 3), {}},
        Switch{"ConvolutionOnTwo",
               {{"convolution_width", "2"}, {"convolution_on", "qv"}},
               taps({6}, "qv", 2),
               {}},
        Switch{"ConvolutionOfOneFilter",
               {{"convolution_width", "3"}, {"convolution_shared", "true"}},
               taps({2}, "qkv", 3),
               {}},
        // d_model 6 before the projection, two heads of 2 after it.
        Switch{"ConvolutionBeforeProjection",
               {{"convolution_width", "3"},
                {"convolution_place", "before_projection"},
                {"heads", "2"}},
               with({{"relative_bias", {2, 32}},
                     {"attention.query", {4, 6}},
                     {"attention.key", {4, 6}},
                     {"attention.value", {4, 6}},
                     {"attention.output", {6, 4}}},
                    taps({6}, "qkv", 3)),
               {}},
        Switch{"SharedQueriesAndKeys",
               {{"shared_qk", "true"}},
               {{"attention.query_from_key", {6, 6}}},
               {"attention.query"}},
        Switch{"SharedWithinHeads",
               {{"shared_qk", "per_head"}},
               {{"attention.query_from_key", {3, 2, 2}}},
               {"attention.query"}},
        Switch{"SharedAndConvolved",
               {{"shared_qk", "true"}, {"convolution_width", "3"}},
               with({{"attention.query_from_key", {6, 6}}}, taps({6}, "kv", 3)),
               {"attention.query"}},
        Switch{"GroupedHeads",
               {{"kv_heads", "1"}, {"convolution_width", "1"}},
               {{"attention.key", {2, 6}},
                {"attention.value", {2, 6}},
                {"attention.query_convolution.0", {6}},
                {"attention.key_convolution.0", {2}},
                {"attention.value_convolution.0", {2}}},
               {}},
        Switch{"AttentionBiases",
               {{"attention_bias", "true"}, {"kv_heads", "1"}},
               {{"attention.key", {2, 6}},
                {"attention.value", {2, 6}},
                {"attention.query_bias", {6}},
                {"attention.key_bias", {2}},
                {"attention.value_bias", {2}},
                {"attention.output_bias", {6}}},
               {}},
        Switch{"AttentionBiasesWithoutAQuery",
               {{"attention_bias", "true"}, {"shared_qk", "true"}},
               {{"attention.query_from_key", {6, 6}},
                {"attention.key_bias", {6}},
                {"attention.value_bias", {6}},
                {"attention.output_bias", {6}}},
               {"attention.query"}},
        Switch{"RunTimeScale", {{"attention_scale", "run_time"}}, {}, {}},
        Switch{"KeyValueScale", {{"key_value_scale", "-1.12"}}, {}, {}},
        Switch{"AttentionTanh", {{"attention_tanh", "true"}}, {}, {}},
        Switch{"LearnedPositions",
               {{"positions", "learned"}},
               {{"position_embedding", {4, 6}}},
               {"relative_bias"}},
        Switch{"SinusoidalPositions", {{"positions", "sinusoidal"}}, {}, {"relative_bias"}},
        Switch{"RotaryPositions", {{"positions", "rotary"}}, {}, {"relative_bias"}},
        Switch{"NoPositions", {{"positions", "none"}}, {}, {"relative_bias"}},
        Switch{"OutputLayerOfItsOwn", {{"tied", "false"}}, {{"output", {5, 6}}}, {}},
        Switch{"OutputUnscaled", {{"output_scale", "false"}}, {}, {}},
        Switch{"Gpt2sInitialValues", {{"initialization", "gpt2"}}, {}, {}}),
    name_of);

}  // namespace
}  // namespace isoloss
