// A field that changes no model is refused where it stands, and stands where it changes one.
#include "sweeps/idle_switches.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/sweeps/study_files.h"

namespace isoloss {
namespace {

std::string of_architecture(const std::string& entry) {
  return message_for({{6, "  architecture: [" + entry + "]"}});
}

std::string of_model(const std::string& fields) {
  return message_for({{3, "model: {d_head: 8, sequence: 16, layers: 1, " + fields + "}"}});
}

TEST(IdleSwitches, AreRefusedByFileLineAndKey) {
  EXPECT_EQ(of_model("rotary_base: 5"),
            "study.yaml:3: model.rotary_base: means nothing to transformer (it belongs to rotary "
            "positions); remove it or write positions: rotary");
  EXPECT_EQ(of_architecture("{name: mine, base: gpt2, relative_buckets: 16}"),
            "study.yaml:6: grid.architecture.mine.relative_buckets: means nothing to mine (it "
            "belongs to relative positions); remove it or write positions: relative");
  EXPECT_EQ(of_model("convolution_on: qv"),
            "study.yaml:3: model.convolution_on: means nothing to transformer (there is no "
            "convolution); remove it or give convolution_width: 3");
  EXPECT_EQ(message_for({{7, "  size: [{name: s, d_model: 16, d_ff_gated: 64}]"}}),
            "study.yaml:7: grid.size.s.d_ff_gated: means nothing to transformer (there is no "
            "gate); remove it or write gated: true");
  EXPECT_EQ(message_for({{10, "  rotary_base: [10000, 5]"}}),
            "study.yaml:10: grid.rotary_base: means nothing to transformer (it belongs to rotary "
            "positions); remove it or write positions: rotary");
  EXPECT_THAT(of_model("tied: false, output_scale: false"),
              testing::HasSubstr("model.output_scale: means nothing to transformer"));
  EXPECT_THAT(of_model("norm: none, rezero: true, norm_placement: post"),
              testing::HasSubstr("model.norm_placement: means nothing to transformer"));
}

TEST(IdleSwitches, AWidthThatAnotherDecides) {
  EXPECT_THAT(
      message_for({{3, "model: {sequence: 16, d_ff_ratio: 12}"}, {7, "  size: [t5-small]"}}),
      testing::HasSubstr("study.yaml:3: model.d_ff_ratio: means nothing to transformer "
                         "(d_ff or d_ff_gated, of the same or a stronger place"));
  EXPECT_THAT(message_for({{6, "  architecture: [{name: x, base: transformer, d_ff_ratio: 2}]"},
                           {7, "  size: [{name: s, d_model: 16, d_ff: 40}]"}}),
              testing::HasSubstr("study.yaml:7: grid.size.s.d_ff: means nothing to x (a stronger "
                                 "place gives the hidden width"));
  EXPECT_THAT(of_architecture("{name: x, base: llama, d_ff: 40, d_ff_gated: 24}"),
              testing::HasSubstr("grid.architecture.x.d_ff: means nothing to x (d_ff_gated is the "
                                 "width behind a gate); remove it or remove d_ff_gated"));
}

TEST(IdleSwitches, AModelThatLosesItsOnlyConvolution) {
  EXPECT_EQ(of_architecture("primer, {name: q, base: primer, convolution_on: q}"),
            "study.yaml:6: grid.architecture.q.convolution_on: q has a convolution on q alone and "
            "shared_qk (queries made of keys have none of their own, so nothing would be "
            "convolved); name k or v in convolution_on, or give convolution_width: 0");
}

TEST(IdleSwitches, WhatMeansSomethingToOneModelStands) {
  EXPECT_EQ(message_for({{3, "model: {d_head: 8, sequence: 16, layers: 1, rotary_base: 500}"},
                         {6, "  architecture: [transformer, llama]"}}),
            "");
  EXPECT_EQ(message_for({{6, "  architecture: [transformer, transformer++]"},
                         {7, "  size: [{name: s, d_model: 16, d_ff: 60, d_ff_gated: 44}]"}}),
            "");
  EXPECT_EQ(of_architecture("{name: a, base: primer, convolution_on: kv}"), "");
}

TEST(IdleSwitches, DefaultsStand) {
  EXPECT_EQ(of_model("rotary_base: 10000, convolution_on: qkv, d_ff_gated: 0"), "");
  EXPECT_EQ(of_architecture("{name: a, base: llama, output_scale: false}"), "");
}

}  // namespace
}  // namespace isoloss
