// Small pieces of a layer against values by hand.
#include "model/layers/sublayers.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

namespace isoloss {
namespace {

TEST(TokenShift, TheSmallerHalfComesFromTheStepBefore) {
  const at::Tensor x = torch::tensor({{{1., 2., 3.}, {4., 5., 6.}, {7., 8., 9.}}});
  const at::Tensor expected = torch::tensor({{{0., 2., 3.}, {1., 5., 6.}, {4., 8., 9.}}});
  EXPECT_TRUE(at::equal(token_shifted(x), expected));
}

TEST(DepthwiseConvolution, TapsReachBackChannelByChannelEvenPastTheStart) {
  const at::Tensor x = torch::tensor({{{1., 10.}, {2., 20.}}, {{3., 30.}, {4., 40.}}});
  const std::vector<at::Tensor> taps = {torch::tensor({1., 2.}), torch::tensor({0.5, 1.}),
                                        torch::tensor({7., 7.}), torch::tensor({7., 7.})};
  const at::Tensor expected = torch::tensor({{{1., 20.}, {2.5, 50.}}, {{3., 60.}, {5.5, 110.}}});
  EXPECT_TRUE(at::equal(depthwise_convolution(x, taps), expected));
}

// Of (1, 3): mean 2, variance 1, mean square 5.
TEST(Norm, EachIsItsFormula) {
  ModelSpec spec;
  spec.norm_epsilon = 3;
  const at::Tensor x = torch::tensor({1., 3.}, at::kDouble);
  NormWeights weights;
  weights.scale.value = torch::tensor({1., 10.}, at::kDouble);
  weights.bias.value = torch::tensor({0.5, 0.25}, at::kDouble);
  for (const Norm centred : {Norm::Layer, Norm::Primer}) {
    spec.norm = centred;
    EXPECT_TRUE(at::allclose(norm(spec, weights, x), torch::tensor({0., 5.25}, at::kDouble)));
  }
  spec.norm = Norm::Rms;
  spec.norm_epsilon = 4;
  EXPECT_TRUE(at::allclose(norm(spec, weights, x), torch::tensor({1. / 3, 10.}, at::kDouble)));
  spec.norm = Norm::None;
  EXPECT_TRUE(at::equal(norm(spec, weights, x), x));
}

}  // namespace
}  // namespace isoloss
