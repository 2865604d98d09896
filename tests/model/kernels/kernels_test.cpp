// The kernels one by one on cases small enough to work out by hand; whole models against the plain
// operations are in tests/model/layers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ATen/ATen.h>

#include <cmath>
#include <limits>
#include <vector>

#include "model/kernels/cpu/activation.h"
#include "model/kernels/cpu/causal_attention.h"
#include "model/kernels/cpu/cross_entropy.h"
#include "model/kernels/cpu/depthwise_convolution.h"
#include "model/kernels/cpu/exponential.h"
#include "model/kernels/cpu/norm.h"
#include "model/kernels/cpu/simd.h"
#include "model/kernels/cpu/stored.h"
#include "model/kernels/cpu/workspace.h"

namespace isoloss {
namespace {

using testing::DoubleNear;
using testing::ElementsAre;
using testing::Pointwise;

TEST(Exponential, FollowsTheLibrarysOverItsRange) {
  for (int i = -8600; i <= 8700; ++i) {
    const float x = 0.01f * static_cast<float>(i);
    EXPECT_NEAR(exponential(x) / std::exp(static_cast<double>(x)), 1, 2.5e-7) << x;
  }
  for (int i = -7000; i <= 7000; ++i) {
    const double x = 0.1 * i;
    EXPECT_NEAR(exponential(x) / std::exp(x), 1, 1e-15) << x;
  }
}

TEST(Exponential, IsZeroBelowItsRangeAndKeepsNaN) {
  EXPECT_EQ(exponential(-1e30f), 0);
  EXPECT_EQ(exponential(-std::numeric_limits<double>::infinity()), 0);
  EXPECT_TRUE(std::isnan(exponential(std::nanf(""))));
  EXPECT_TRUE(std::isnan(exponential(std::nan(""))));
}

// x = 1, 2, 3, 4; w = 2, 3, 5 (present step first): y = 2, 4+3, 6+6+5, 8+9+10.
TEST(DepthwiseConvolution, ForwardByHand) {
  const std::vector<double> x{1, 2, 3, 4}, w{2, 3, 5};
  std::vector<double> y(4);
  convolution_forward({1, 4, 1, 3, 1}, x.data(), w.data(), y.data());
  EXPECT_THAT(y, ElementsAre(2, 7, 17, 27));
}

// dy = 1, 10, 100, 1000: dx_t = 2 dy_t + 3 dy_{t+1} + 5 dy_{t+2}; dw_s = sum of dy_t x_{t-s}.
TEST(DepthwiseConvolution, BackwardByHand) {
  const std::vector<double> x{1, 2, 3, 4}, w{2, 3, 5}, dy{1, 10, 100, 1000};
  std::vector<double> dx(4), dw(3, 1.0);  // gradients are added to what is there
  convolution_backward({1, 4, 1, 3, 1}, x.data(), w.data(), dy.data(), dx.data(), dw.data());
  EXPECT_THAT(dx, ElementsAre(532, 5320, 3200, 2000));
  EXPECT_THAT(dw, ElementsAre(4322, 3211, 2101));
}

// Channels and sequences do not mix: two sequences, two parts of two channels each.
TEST(DepthwiseConvolution, ChannelsAndSequencesStayApart) {
  const std::vector<double> x{1, 1, 1, 1, 2, 2, 2, 2};  // two sequences of one step
  const std::vector<double> w{1, 2, 9, 9, 3, 4, 9, 9};  // two taps; the second never reaches
  std::vector<double> y(8);
  convolution_forward({2, 1, 2, 2, 2}, x.data(), w.data(), y.data());
  EXPECT_THAT(y, ElementsAre(1, 2, 3, 4, 2, 4, 6, 8));
}

// 1, 3: mean 2, deviation 1, so -1 and 1 but for epsilon; RMS of 3, 4 is sqrt(12.5).
TEST(Norm, ForwardByHand) {
  const std::vector<double> scale{2, 3}, bias{10, 20};
  std::vector<double> x{1, 3}, y(2), mean(1), inverse(1);
  norm_forward<double>({1, 2, true, 1e-12}, x.data(), scale.data(), bias.data(), y.data(),
                       mean.data(), inverse.data());
  EXPECT_THAT(y, Pointwise(DoubleNear(1e-10), std::vector<double>{8, 23}));
  x = {3, 4};
  norm_forward<double>({1, 2, false, 1e-12}, x.data(), scale.data(), nullptr, y.data(), mean.data(),
                       inverse.data());
  EXPECT_THAT(y, Pointwise(DoubleNear(1e-10),
                           std::vector<double>{6 / std::sqrt(12.5), 12 / std::sqrt(12.5)}));
}

// Squared ReLU of 3 - 1 = 2 is 4 with slope 4, of -1 - 1 is 0.
TEST(Activation, SquaredReluByHand) {
  const std::vector<double> bias{-1, -1}, d_after{10, 10};
  std::vector<double> before{3, -1}, after(2), d_before(2), d_bias(2);
  const ActivationShape shape{1, 2, Activation::SquaredRelu, false};
  activation_forward(shape, bias.data(), before.data(), after.data());
  EXPECT_THAT(after, ElementsAre(4, 0));
  activation_backward(shape, bias.data(), before.data(), d_after.data(), d_before.data(),
                      d_bias.data());
  EXPECT_THAT(d_before, ElementsAre(40, 0));
  EXPECT_THAT(d_bias, ElementsAre(40, 0));
}

// swish(1) = 1 / (1 + e^-1) = 0.731058578630005, its slope 0.927670511871487 (NumPy); times in = 3.
TEST(Activation, SwishGateByHand) {
  const std::vector<double> bias{0, 1}, d_after{2};
  std::vector<double> before{1, 2}, after(1), d_before(2), d_bias(2);
  const ActivationShape shape{1, 1, Activation::Swish, true};
  activation_forward(shape, bias.data(), before.data(), after.data());
  EXPECT_NEAR(after[0], 3 * 0.731058578630005, 1e-14);
  activation_backward(shape, bias.data(), before.data(), d_after.data(), d_before.data(),
                      d_bias.data());
  EXPECT_NEAR(d_before[0], 2 * 3 * 0.927670511871487, 1e-12);
  EXPECT_NEAR(d_before[1], 2 * 0.731058578630005, 1e-14);
}

// Logits 0, ln 3 with target 0: Z = 4, loss ln 4, gradient p - onehot = -3/4, 3/4; with z_loss z
// the gradient gains 2 z ln(4) p.
TEST(CrossEntropy, ByHand) {
  const std::vector<std::int64_t> target{0};
  std::vector<double> logits{0, std::log(3.0)};
  EXPECT_NEAR(cross_entropy_gradient({1, 2}, logits.data(), target.data(), 0.5), std::log(4.0),
              1e-15);
  EXPECT_NEAR(logits[0], -0.75 + std::log(4.0) * 0.25, 1e-15);
  EXPECT_NEAR(logits[1], 0.75 + std::log(4.0) * 0.75, 1e-15);
}

// The definition in double, of the logits as they are stored: losses and the shares of the softmax
// have float32's accuracy (2^-24 an operation), and a gradient is rounded to bfloat16 once (2^-8).
TEST(CrossEntropy, OfBFloat16LogitsIsComputedInFloat32) {
  constexpr std::size_t kRows = 3, kIds = 203;
  const std::vector<std::int64_t> targets{7, 150, 202};
  std::vector<c10::BFloat16> logits(kRows * kIds);
  for (std::size_t i = 0; i < logits.size(); ++i)
    logits[i] = stored<c10::BFloat16>(9 * std::sin(1 + 0.91f * static_cast<float>(i)));
  const auto logit = [&](std::size_t row, std::size_t id) -> double {
    return real(logits[row * kIds + id]);
  };
  constexpr double kZLoss = 0.01, kShare = 1.0 / kRows;
  std::vector<double> expected(logits.size()), shares(logits.size());
  double loss = 0;
  for (std::size_t r = 0; r < kRows; ++r) {
    double sum = 0;
    for (std::size_t i = 0; i < kIds; ++i) sum += std::exp(logit(r, i));
    const double log_z = std::log(sum);
    const auto target = static_cast<std::size_t>(targets[r]);
    loss += (log_z - logit(r, target)) * kShare;
    for (std::size_t i = 0; i < kIds; ++i) {
      shares[r * kIds + i] = std::exp(logit(r, i) - log_z) * (1 + 2 * kZLoss * log_z) * kShare;
      expected[r * kIds + i] = shares[r * kIds + i] - (i == target ? kShare : 0);
    }
  }
  EXPECT_NEAR(cross_entropy_gradient({kRows, kIds}, logits.data(), targets.data(), kZLoss), loss,
              1e-6 * loss);
  for (std::size_t i = 0; i < logits.size(); ++i)
    EXPECT_NEAR(real(logits[i]), expected[i], 0x1p-8 * std::abs(expected[i]) + 1e-6 * shares[i])
        << i;
}

TEST(CrossEntropy, TheFirstOfEqualLogitsIsTheGreedyOne) {
  const std::vector<std::int64_t> targets{0, 1};
  std::vector<float> logits{2, 2, 1, 2, 2, 1};
  std::vector<float> losses(2);
  std::vector<std::uint8_t> greedy(2);
  cross_entropy_losses({2, 3}, logits.data(), targets.data(), losses.data(), greedy.data());
  EXPECT_THAT(greedy, ElementsAre(1, 0));
  EXPECT_NEAR(losses[0], std::log(2 + std::exp(-1)), 1e-6);
}

// Two steps, one channel: the first sees itself alone; the second weighs by exp(q k + bias): logits
// 1*2 + 0 = 2 of step 1 (distance 0: bias 0) and 1*1 + 1 = 2 of step 0 (distance 1: bias 1), so
// 1/2.
TEST(CausalAttention, ForwardAndBackwardByHand) {
  const AttentionShape shape{1, 2, 1, 1};
  const std::vector<double> q{5, 1}, k{1, 2}, v{10, 20}, bias{0, 1}, d_out{0, 1};
  std::vector<double> out(2), dq(2), dk(2), dv(2), d_bias(2);
  std::vector<double> kept(static_cast<std::size_t>(attention_kept_size<double>(shape)));
  causal_attention_forward<double>(shape, {q.data(), 1}, {k.data(), 1}, {v.data(), 1}, bias.data(),
                                   {out.data(), 1}, kept.data());
  EXPECT_THAT(out, Pointwise(DoubleNear(1e-13), std::vector<double>{10, 15}));
  // d logits of step 1: p (v - out) = -2.5 and 2.5.
  causal_attention_backward<double>(
      shape, {q.data(), 1}, {k.data(), 1}, {v.data(), 1}, {out.data(), 1}, {d_out.data(), 1},
      kept.data(), {{dq.data(), 1}, {dk.data(), 1}, {dv.data(), 1}, d_bias.data()});
  EXPECT_THAT(dq, Pointwise(DoubleNear(1e-13), std::vector<double>{0, -2.5 * 1 + 2.5 * 2}));
  EXPECT_THAT(dk, Pointwise(DoubleNear(1e-13), std::vector<double>{-2.5, 2.5}));
  EXPECT_THAT(dv, Pointwise(DoubleNear(1e-13), std::vector<double>{0.5, 0.5}));
  EXPECT_THAT(d_bias, Pointwise(DoubleNear(1e-13), std::vector<double>{2.5, -2.5}));
}

TEST(Simd, LoadsAndStoresNeedNoAlignment) {
  std::vector<float> from(kLanes<float> + 1), to(from.size());
  for (std::size_t i = 0; i < from.size(); ++i) from[i] = static_cast<float>(i);
  using S = Simd<float, kLanes<float>>;
  S::store(to.data() + 1, S::load(from.data() + 1));
  for (std::size_t i = 1; i < from.size(); ++i) EXPECT_EQ(to[i], from[i]);
}

TEST(Workspace, TheNextStepGetsTheSameMemory) {
  Workspace workspace(at::kFloat);
  const void* first = workspace.keep({3, 4}).data_ptr();
  const void* second = workspace.keep({3, 4}).data_ptr();
  EXPECT_NE(first, second);
  workspace.begin_step();
  EXPECT_EQ(workspace.keep({3, 4}).data_ptr(), first);
  EXPECT_EQ(workspace.keep({3, 4}).data_ptr(), second);
  EXPECT_EQ(workspace.scratch(Workspace::Slot::Wide, {2}).data_ptr(),
            workspace.scratch(Workspace::Slot::Wide, {2}).data_ptr());
}

}  // namespace
}  // namespace isoloss
