#include "model/layers/parameter_buffers.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "tests/model/layers/small_models.h"

namespace isoloss {
namespace {

TEST(ParameterBuffers, BuffersStartOnSixtyFourBytes) {
  const ParameterBuffers buffers(parameter_table(formula_spec("primer")), 0, Precision::Float32);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(buffers.weights().const_data_ptr()) % 64, 0u);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(buffers.gradients().const_data_ptr()) % 64, 0u);
}

// Q, K and V as one matrix: its second third is K, in the same memory, gradients too.
TEST(ParameterBuffers, AGroupIsTheMemoryOfItsTensors) {
  const ModelSpec spec = formula_spec("primer-ez");
  const ParameterBuffers buffers(parameter_table(spec), 0, Precision::Float64);
  const AttentionWeights weights = decoder_weights(spec, buffers).layers[1].attention;
  EXPECT_EQ(weights.projections.value.narrow(0, 12, 12).const_data_ptr(),
            weights.key.value.const_data_ptr());
  EXPECT_EQ(weights.projections.gradient.narrow(0, 12, 12).const_data_ptr(),
            weights.key.gradient.const_data_ptr());
  EXPECT_EQ(weights.convolutions.value.select(0, 2).select(0, 1).const_data_ptr(),
            weights.value_convolution[1].value.const_data_ptr());
}

TEST(ParameterBuffers, GradientsOfLeavesArePresetViews) {
  const ParameterBuffers buffers(parameter_table(formula_spec("transformer")), 0,
                                 Precision::Float32);
  const Weight weight = buffers.weight("layers.0.attention.output");
  EXPECT_TRUE(weight.value.is_leaf());
  EXPECT_EQ(weight.value.grad().const_data_ptr(), weight.gradient.const_data_ptr());
}

}  // namespace
}  // namespace isoloss
