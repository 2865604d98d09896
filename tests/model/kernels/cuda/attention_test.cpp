// Attention on the device against the definition in double precision, in the stored types, every
// head width, ragged lengths, grouped heads and with a relative bias.
#include "model/kernels/cuda/attention.h"

#include <gtest/gtest.h>

#include <ostream>
#include <random>
#include <stdexcept>
#include <vector>

#include "model/spec/model_spec.h"
#include "tests/model/kernels/cuda/attention_case.h"
#include "tests/model/kernels/cuda/both_orders.h"

namespace isoloss {

void PrintTo(const AttentionCase& of, std::ostream* out) {
  *out << "batch " << of.batch << " length " << of.length << " heads " << of.heads << "/"
       << of.kv_heads << " width " << of.d_head << " buckets " << of.buckets
       << (of.tanh ? " tanh" : "");
}

namespace {

template <typename T>
void expect_definition(const AttentionCase& of, double tolerance) {
  const AttentionProblem<T> problem(of);
  in_both_orders([&] {
    const ReferenceAttention found = problem.computed();
    const ReferenceAttention& expected = problem.expected();
    EXPECT_LT(relative_error(found.out, expected.out), tolerance);
    EXPECT_LT(relative_error(found.d_query, expected.d_query), tolerance);
    EXPECT_LT(relative_error(found.d_key, expected.d_key), tolerance);
    EXPECT_LT(relative_error(found.d_value, expected.d_value), tolerance);
    if (of.buckets > 0) {
      EXPECT_LT(relative_error(found.d_bias, expected.d_bias), tolerance);
    }
    EXPECT_TRUE(problem.untouched());
  });
}

class FloatAttention : public testing::TestWithParam<AttentionCase> {};

TEST_P(FloatAttention, IsTheDefinition) { expect_definition<float>(GetParam(), 1e-5); }

INSTANTIATE_TEST_SUITE_P(
    Shapes, FloatAttention,
    testing::Values(AttentionCase{.length = 2, .d_head = 8},
                    AttentionCase{
                        .batch = 2, .length = 33, .heads = 2, .kv_heads = 2, .d_head = 16},
                    AttentionCase{.length = 70, .d_head = 24, .runtime_scale = true},
                    AttentionCase{.length = 64, .d_head = 32},
                    AttentionCase{.length = 40, .heads = 4, .kv_heads = 2, .d_head = 40},
                    AttentionCase{.length = 45, .heads = 3, .kv_heads = 1, .d_head = 64},
                    AttentionCase{.length = 35, .d_head = 96, .runtime_scale = true},
                    AttentionCase{.length = 35, .d_head = 128},
                    AttentionCase{.batch = 2,
                                  .length = 100,
                                  .heads = 2,
                                  .kv_heads = 1,
                                  .d_head = 16,
                                  .buckets = 8,
                                  .max_distance = 20},
                    AttentionCase{.length = 75, .d_head = 8, .buckets = 32, .max_distance = 128},
                    AttentionCase{.length = 70,
                                  .heads = 2,
                                  .kv_heads = 1,
                                  .d_head = 40,
                                  .buckets = 8,
                                  .max_distance = 20,
                                  .tanh = true}));

// Weights, their gradients and results are rounded to bfloat16 (2^-9), inputs before both compute.
class Bf16Attention : public testing::TestWithParam<AttentionCase> {};

TEST_P(Bf16Attention, IsTheDefinitionUpToRounding) {
  expect_definition<simt::Bf16>(GetParam(), 6e-3);
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, Bf16Attention,
    testing::Values(AttentionCase{.length = 2, .d_head = 8},
                    AttentionCase{
                        .batch = 2, .length = 65, .heads = 2, .kv_heads = 2, .d_head = 16},
                    AttentionCase{.length = 70, .d_head = 24, .runtime_scale = true},
                    AttentionCase{.length = 130, .d_head = 32},
                    AttentionCase{.length = 40, .heads = 4, .kv_heads = 2, .d_head = 40},
                    AttentionCase{.length = 129, .heads = 3, .kv_heads = 1, .d_head = 64},
                    AttentionCase{.length = 35, .d_head = 96, .runtime_scale = true},
                    AttentionCase{.length = 130, .d_head = 128, .runtime_scale = true},
                    AttentionCase{.batch = 2,
                                  .length = 200,
                                  .heads = 2,
                                  .kv_heads = 1,
                                  .d_head = 16,
                                  .buckets = 8,
                                  .max_distance = 20},
                    AttentionCase{.length = 150, .d_head = 64, .buckets = 32, .max_distance = 128},
                    AttentionCase{.length = 150, .d_head = 72, .buckets = 32, .max_distance = 40},
                    AttentionCase{.length = 70,
                                  .heads = 2,
                                  .kv_heads = 1,
                                  .d_head = 40,
                                  .buckets = 8,
                                  .max_distance = 20,
                                  .tanh = true}));

TEST(Attention, RepeatsItsBits) {
  const AttentionProblem<simt::Bf16> problem({.batch = 2,
                                              .length = 140,
                                              .heads = 2,
                                              .kv_heads = 1,
                                              .d_head = 32,
                                              .buckets = 8,
                                              .max_distance = 20});
  const ReferenceAttention first = problem.computed();
  in_both_orders([&] {
    const ReferenceAttention again = problem.computed();
    EXPECT_EQ(again.out, first.out);
    EXPECT_EQ(again.d_query, first.d_query);
    EXPECT_EQ(again.d_key, first.d_key);
    EXPECT_EQ(again.d_value, first.d_value);
    EXPECT_EQ(again.d_bias, first.d_bias);
  });
}

// The reference's gradients against central differences of its own forward pass.
TEST(ReferenceAttention, HasTheGradientsOfItsValues) {
  for (const bool tanh : {false, true}) {
    const ReferenceShape shape{1, 5, 2, 1, 2, 0.7, tanh};
    ReferenceInputs in;
    std::mt19937 random(3);
    std::normal_distribution<double> normal;
    const auto fill = [&](std::vector<double>& x, std::size_t size) {
      x.resize(size);
      for (double& value : x) value = normal(random);
    };
    std::vector<double> d_out;
    fill(in.query, 20);
    fill(in.key, 10);
    fill(in.value, 10);
    fill(in.bias, 10);
    fill(d_out, 20);
    in.bucket_of_distance = {0, 1, 2, 3, 4};
    in.buckets = 5;
    const ReferenceAttention of = reference_attention(shape, in, d_out);
    const auto slope = [&](double& x) {
      const double at = x, step = 1e-5;
      double sums[2] = {0, 0};
      for (const int side : {0, 1}) {
        x = at + (side == 0 ? -step : step);
        const std::vector<double> out = reference_attention(shape, in, d_out).out;
        for (std::size_t i = 0; i < out.size(); ++i) sums[side] += out[i] * d_out[i];
      }
      x = at;
      return (sums[1] - sums[0]) / (2 * step);
    };
    for (std::size_t i = 0; i < 20; ++i) EXPECT_NEAR(slope(in.query[i]), of.d_query[i], 1e-8);
    for (std::size_t i = 0; i < 10; ++i) {
      EXPECT_NEAR(slope(in.key[i]), of.d_key[i], 1e-8);
      EXPECT_NEAR(slope(in.value[i]), of.d_value[i], 1e-8);
      EXPECT_NEAR(slope(in.bias[i]), of.d_bias[i], 1e-8);
    }
  }
}

TEST(Attention, SaysWhatItHasNoKernelFor) {
  ModelSpec spec;
  EXPECT_TRUE(attention_has_kernel(spec, 1024));
  spec.d_head = 20;
  EXPECT_FALSE(attention_has_kernel(spec, 1024));
  spec.d_head = 136;
  EXPECT_FALSE(attention_has_kernel(spec, 1024));
  spec = ModelSpec{};
  spec.relative_max_distance = 4096;
  EXPECT_TRUE(attention_has_kernel(spec, 2048));
  EXPECT_FALSE(attention_has_kernel(spec, 4096));
  spec.positions = Positions::Rotary;
  EXPECT_TRUE(attention_has_kernel(spec, 4096));
}

TEST(Attention, RefusesShapesThatItWouldGetWrong) {
  Stream stream;
  CausalShape shape{1, 4, 1, 1, 12, 1.0F};
  EXPECT_THROW(attention_forward<float>(stream, shape, {}, {}, nullptr), std::invalid_argument);
  shape = {1, 4, 3, 2, 16, 1.0F};
  EXPECT_THROW(attention_forward<float>(stream, shape, {}, {}, nullptr), std::invalid_argument);
}

}  // namespace
}  // namespace isoloss
