// Causal attention against softmax attention written out in float64 by LibTorch's plain operations:
// run-time scale, grouped heads, no bias; and rotary positions by hand.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>
#include <limits>
#include <vector>

#include "model/kernels/cpu/causal_attention.h"
#include "model/kernels/cpu/rotary.h"

namespace isoloss {
namespace {

using testing::DoubleNear;
using testing::Pointwise;

constexpr std::int64_t kBatch = 2, kLength = 37, kHeads = 6, kKvHeads = 2, kWidth = 5;

at::Tensor numbers(std::int64_t heads, double first) {
  return at::sin(at::arange(kBatch * kLength * heads * kWidth, at::kDouble) * 0.7 + first)
      .view({kBatch, kLength, heads, kWidth});
}

// Head h reads K and V of head h / (heads / kv_heads).
at::Tensor plain(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value,
                 double scale) {
  const auto of_heads = [](const at::Tensor& x) {
    return x.repeat_interleave(kHeads / kKvHeads, 2).transpose(1, 2);
  };
  const at::Tensor future = at::ones({kLength, kLength}, at::kBool).triu(1);
  const at::Tensor logits =
      (at::matmul(query.transpose(1, 2), of_heads(key).transpose(2, 3)) * scale)
          .masked_fill(future, -std::numeric_limits<double>::infinity());
  return at::matmul(at::softmax(logits, -1), of_heads(value)).transpose(1, 2).contiguous();
}

struct Attended {
  at::Tensor out, d_query, d_key, d_value;
};

// A call with a bias, as another model of the same shape in the same process makes it.
void attend_with_bias(const AttentionShape& shape) {
  at::Tensor x = numbers(kHeads, 4);
  const at::Tensor bias = at::ones({kHeads, kLength}, at::kDouble);
  std::vector<double> kept(static_cast<std::size_t>(attention_kept_size<double>(shape)));
  const Rows<const double> rows{x.const_data_ptr<double>(), x.stride(1)};
  at::Tensor out = at::empty_like(x);
  const at::Tensor slope = at::arange(kLength, at::kDouble) * 0.3 * bias;
  causal_attention_forward<double>(shape, rows, rows, rows, slope.const_data_ptr<double>(),
                                   {out.data_ptr<double>(), out.stride(1)}, kept.data());
}

template <typename Stored>
Attended fused(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value,
               const at::Tensor& d_out, double scale) {
  const AttentionShape shape{kBatch, kLength, kHeads, kWidth, kKvHeads, scale};
  const auto type = c10::CppTypeToScalarType<Stored>::value;
  const at::Tensor q = query.detach().to(type), k = key.detach().to(type),
                   v = value.detach().to(type), g = d_out.to(type);
  Attended result{at::empty_like(q), at::empty_like(q), at::empty_like(k), at::empty_like(v)};
  const auto read = [](const at::Tensor& x) {
    return Rows<const Stored>{x.const_data_ptr<Stored>(), x.stride(1)};
  };
  const auto write = [](const at::Tensor& x) {
    return Rows<Stored>{x.data_ptr<Stored>(), x.stride(1)};
  };
  using Real = RealOf<Stored>;
  std::vector<Real> kept(static_cast<std::size_t>(attention_kept_size<Stored>(shape)));
  causal_attention_forward<Stored>(shape, read(q), read(k), read(v), nullptr, write(result.out),
                                   kept.data());
  causal_attention_backward<Stored>(
      shape, read(q), read(k), read(v), read(result.out), read(g), kept.data(),
      {write(result.d_query), write(result.d_key), write(result.d_value), nullptr});
  return result;
}

template <typename Stored>
void expect_plain(double tolerance) {
  const double scale = 1 / std::sqrt(5.0);
  const at::Tensor query = numbers(kHeads, 0).requires_grad_(true);
  const at::Tensor key = numbers(kKvHeads, 1).requires_grad_(true);
  const at::Tensor value = numbers(kKvHeads, 2).requires_grad_(true);
  const at::Tensor d_out = numbers(kHeads, 3);
  const at::Tensor out = plain(query, key, value, scale);
  out.backward(d_out);
  const Attended got = fused<Stored>(query, key, value, d_out, scale);
  const auto far = [](const at::Tensor& a, const at::Tensor& b) {
    return (a.to(at::kDouble) - b).abs().max().item<double>();
  };
  EXPECT_LT(far(got.out, out.detach()), tolerance);
  EXPECT_LT(far(got.d_query, query.grad()), tolerance);
  EXPECT_LT(far(got.d_key, key.grad()), tolerance);
  EXPECT_LT(far(got.d_value, value.grad()), tolerance);
}

TEST(CausalAttention, GroupedHeadsAndScaleFollowThePlainOperations) {
  expect_plain<double>(1e-12);
  expect_plain<float>(1e-5);
}

// Operands of at most 1 are off by 2^-9 each; sums of 3 heads and 37 steps stay below 0.03.
TEST(CausalAttention, WithoutABiasReadsNoneOfTheCallBefore) {
  attend_with_bias({kBatch, kLength, kHeads, kWidth, kKvHeads, 1 / std::sqrt(5.0)});
  expect_plain<double>(1e-12);
}

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
