// Attention on matrix units against softmax attention written out in float64 from the same rounded
// operands: whole blocks and not, grouped heads, with a bias and its gradient.
#include "model/kernels/cpu/matrix_attention.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <vector>

#include "tests/model/kernels/plain_attention.h"

namespace isoloss {
namespace {

constexpr std::int64_t kBatch = 2, kHeads = 4, kKvHeads = 2;
constexpr double kScale = 0.17;

at::Tensor numbers(std::int64_t length, std::int64_t heads, std::int64_t width, double first) {
  return at::sin(at::arange(kBatch * length * heads * width, at::kDouble) * 0.7 + first)
      .view({kBatch, length, heads, width})
      .to(at::kBFloat16);
}

at::Tensor exact(const at::Tensor& x) { return x.to(at::kDouble).requires_grad_(true); }

Rows<const at::BFloat16> read(const at::Tensor& x) {
  return {x.const_data_ptr<at::BFloat16>(), x.stride(1)};
}
Rows<at::BFloat16> write(const at::Tensor& x) { return {x.data_ptr<at::BFloat16>(), x.stride(1)}; }

double far(const at::Tensor& a, const at::Tensor& b) {
  return ((a.to(at::kDouble) - b).norm() / b.norm()).item<double>();
}

// Probabilities, their gradients and results are rounded to 8 bits, so that a sum is off by some
// 2^-9 of its length; nothing is off by more than two such steps.
constexpr double kRounding = 2.0 / 256;

void expect_plain(std::int64_t length, std::int64_t width, bool biased) {
  const AttentionShape shape{kBatch, length, kHeads, width, kKvHeads, kScale};
  if (!matrix_units_serve(shape)) GTEST_SKIP() << "this processor has no matrix units";
  const at::Tensor query = numbers(length, kHeads, width, 0);
  const at::Tensor key = numbers(length, kKvHeads, width, 1);
  const at::Tensor value = numbers(length, kKvHeads, width, 2);
  const at::Tensor d_out = numbers(length, kHeads, width, 3);
  AttentionLeaves leaves{exact(query), exact(key), exact(value), at::Tensor()};
  at::Tensor bias, d_bias;
  if (biased) {
    leaves.bias = at::cos(at::arange(kHeads * length, at::kDouble)).view({kHeads, length});
    bias = leaves.bias.to(at::kFloat);
    d_bias = at::ones_like(bias);  // gradients are added to what is there
    leaves.bias.requires_grad_(true);
  }
  const at::Tensor expected = plain_attention(leaves, kScale);
  expected.backward(d_out.to(at::kDouble));

  const at::Tensor out = at::empty_like(query), d_query = at::empty_like(query);
  const at::Tensor d_key = at::empty_like(key), d_value = at::empty_like(value);
  std::vector<float> kept(static_cast<std::size_t>(matrix_attention_kept_size(shape)));
  matrix_attention_forward(shape, read(query), read(key), read(value),
                           biased ? bias.const_data_ptr<float>() : nullptr, write(out),
                           kept.data());
  matrix_attention_backward(
      shape, read(query), read(key), read(value), read(out), read(d_out), kept.data(),
      {write(d_query), write(d_key), write(d_value), biased ? d_bias.data_ptr<float>() : nullptr});
  EXPECT_LT(far(out, expected.detach()), kRounding);
  EXPECT_LT(far(d_query, leaves.query.grad()), kRounding);
  EXPECT_LT(far(d_key, leaves.key.grad()), kRounding);
  EXPECT_LT(far(d_value, leaves.value.grad()), kRounding);
  if (biased) {
    EXPECT_LT(far(d_bias - 1, leaves.bias.grad()), kRounding);
  }
}

TEST(MatrixAttention, WholeBlocksFollowThePlainOperations) { expect_plain(128, 64, false); }
TEST(MatrixAttention, PartsOfBlocksFollowThePlainOperations) { expect_plain(101, 32, false); }
TEST(MatrixAttention, WideHeadsFollowThePlainOperations) { expect_plain(65, 96, false); }
TEST(MatrixAttention, BiasAndItsGradientFollowThePlainOperations) {
  expect_plain(128, 64, true);
  expect_plain(77, 32, true);
}

}  // namespace
}  // namespace isoloss
