// Causal attention against softmax attention written out in float64 by LibTorch's plain operations:
// run-time scale, grouped heads, with a bias and its gradient and without, lengths and widths that
// fill blocks and vectors and that do not; and rotary positions by hand.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>
#include <vector>

#include "model/kernels/cpu/causal_attention.h"
#include "model/kernels/cpu/rotary.h"
#include "tests/model/kernels/plain_attention.h"

namespace isoloss {
namespace {

using testing::DoubleNear;
using testing::Pointwise;

constexpr std::int64_t kBatch = 2, kHeads = 6, kKvHeads = 2;

struct Case {
  std::int64_t length = 37, width = 5;
  bool biased = false;
};

AttentionShape shape_of(const Case& of) {
  return {kBatch,   of.length, kHeads,
          of.width, kKvHeads,  1 / std::sqrt(static_cast<double>(of.width))};
}

at::Tensor numbers(const Case& of, std::int64_t heads, double first) {
  return at::sin(at::arange(kBatch * of.length * heads * of.width, at::kDouble) * 0.7 + first)
      .view({kBatch, of.length, heads, of.width});
}

struct Attended {
  at::Tensor out, d_query, d_key, d_value, d_bias;
};

// A call with a bias, as another model of the same shape in the same process makes it.
void attend_with_bias(const Case& of) {
  const AttentionShape shape = shape_of(of);
  at::Tensor x = numbers(of, kHeads, 4);
  const at::Tensor bias = at::ones({kHeads, of.length}, at::kDouble);
  std::vector<double> kept(static_cast<std::size_t>(attention_kept_size<double>(shape)));
  const Rows<const double> rows{x.const_data_ptr<double>(), x.stride(1)};
  at::Tensor out = at::empty_like(x);
  const at::Tensor slope = at::arange(of.length, at::kDouble) * 0.3 * bias;
  causal_attention_forward<double>(shape, rows, rows, rows, slope.const_data_ptr<double>(),
                                   {out.data_ptr<double>(), out.stride(1)}, kept.data());
}

// Gradients of the bias are added to ones.
template <typename Stored>
Attended fused(const AttentionShape& shape, const AttentionLeaves& x, const at::Tensor& d_out) {
  using Real = RealOf<Stored>;
  const auto type = c10::CppTypeToScalarType<Stored>::value;
  const at::Tensor q = x.query.detach().to(type), k = x.key.detach().to(type),
                   v = x.value.detach().to(type), g = d_out.to(type);
  Attended result{at::empty_like(q), at::empty_like(q), at::empty_like(k), at::empty_like(v), {}};
  const auto read = [](const at::Tensor& y) {
    return Rows<const Stored>{y.const_data_ptr<Stored>(), y.stride(1)};
  };
  const auto write = [](const at::Tensor& y) {
    return Rows<Stored>{y.data_ptr<Stored>(), y.stride(1)};
  };
  at::Tensor bias;
  if (x.bias.defined()) {
    bias = x.bias.detach().to(c10::CppTypeToScalarType<Real>::value);
    result.d_bias = at::ones_like(bias);
  }
  std::vector<Real> kept(static_cast<std::size_t>(attention_kept_size<Stored>(shape)));
  causal_attention_forward<Stored>(shape, read(q), read(k), read(v),
                                   bias.defined() ? bias.const_data_ptr<Real>() : nullptr,
                                   write(result.out), kept.data());
  causal_attention_backward<Stored>(
      shape, read(q), read(k), read(v), read(result.out), read(g), kept.data(),
      {write(result.d_query), write(result.d_key), write(result.d_value),
       bias.defined() ? result.d_bias.data_ptr<Real>() : nullptr});
  return result;
}

template <typename Stored>
void expect_plain(double tolerance, const Case& of = {}) {
  SCOPED_TRACE(testing::Message() << "length " << of.length << ", width " << of.width);
  const AttentionShape shape = shape_of(of);
  AttentionLeaves leaves{numbers(of, kHeads, 0).requires_grad_(true),
                numbers(of, kKvHeads, 1).requires_grad_(true),
                numbers(of, kKvHeads, 2).requires_grad_(true), at::Tensor()};
  if (of.biased)
    leaves.bias = at::cos(at::arange(kHeads * of.length, at::kDouble))
                      .view({kHeads, of.length})
                      .requires_grad_(true);
  const at::Tensor d_out = numbers(of, kHeads, 3);
  const at::Tensor out = plain_attention(leaves, shape.scale);
  out.backward(d_out);
  const Attended got = fused<Stored>(shape, leaves, d_out);
  const auto far = [](const at::Tensor& a, const at::Tensor& b) {
    return (a.to(at::kDouble) - b).abs().max().item<double>();
  };
  EXPECT_LT(far(got.out, out.detach()), tolerance);
  EXPECT_LT(far(got.d_query, leaves.query.grad()), tolerance);
  EXPECT_LT(far(got.d_key, leaves.key.grad()), tolerance);
  EXPECT_LT(far(got.d_value, leaves.value.grad()), tolerance);
  if (of.biased) {
    EXPECT_LT(far(got.d_bias - 1, leaves.bias.grad()), tolerance);
  }
}

TEST(CausalAttention, GroupedHeadsAndScaleFollowThePlainOperations) {
  expect_plain<double>(1e-12);
  expect_plain<float>(1e-5);
}

// One query, blocks of queries whole and not; channels of one, two and more vectors, whole and not.
TEST(CausalAttention, EveryTileWithABiasFollowsThePlainOperations) {
  for (const std::int64_t length : {1, 32, 70, 128})
    for (const std::int64_t width : {3, 8, 16, 24, 40, 64}) {
      expect_plain<double>(1e-12, {length, width, true});
      expect_plain<float>(3e-5, {length, width, true});
    }
}

TEST(CausalAttention, WithoutABiasReadsNoneOfTheCallBefore) {
  attend_with_bias({});
  expect_plain<double>(1e-12);
}

// Operands of at most 1 are off by 2^-9 each; sums of 3 heads and 37 steps stay below 0.03.
TEST(CausalAttention, BFloat16IsOffByItsRounding) { expect_plain<at::BFloat16>(0.03); }

// d_head 2, base 10000: channel 0 turns with channel 1 by one radian a step, so step 1 of (1, 0) is
// (cos 1, sin 1); turning back gives (1, 0) again.
TEST(Rotary, TurnsByOneRadianAStepByHand) {
  const AttentionShape shape{1, 2, 1, 2};
  std::vector<double> rows{1, 0, 1, 0};
  rotate(shape, 1, 10000, Turn::Forward, Rows<double>{rows.data(), 2});
  EXPECT_THAT(rows,
              Pointwise(DoubleNear(1e-15), std::vector<double>{1, 0, std::cos(1), std::sin(1)}));
  rotate(shape, 1, 10000, Turn::Back, Rows<double>{rows.data(), 2});
  EXPECT_THAT(rows, Pointwise(DoubleNear(1e-15), std::vector<double>{1, 0, 1, 0}));
}

// d_head 4: channel 1 pairs with channel 3 and turns by base^(-2/4), a hundredth.
TEST(Rotary, LaterChannelsTurnSlowerAndPairAcrossTheHalves) {
  const AttentionShape shape{1, 2, 1, 4};
  std::vector<double> rows{0, 1, 0, 0, 0, 1, 0, 0};
  rotate(shape, 1, 10000, Turn::Forward, Rows<double>{rows.data(), 4});
  EXPECT_THAT(rows, Pointwise(DoubleNear(1e-15), std::vector<double>{0, 1, 0, 0, 0, std::cos(0.01),
                                                                     0, std::sin(0.01)}));
}

}  // namespace
}  // namespace isoloss
