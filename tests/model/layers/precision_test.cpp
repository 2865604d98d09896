// bfloat16 products: what is rounded and what is not, by hand, and the fast path against the plain
// one.
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include "model/layers/product.h"
#include "tests/model/layers/every_spec.h"

namespace isoloss {
namespace {

// bfloat16 has 8 significant bits: 1 + 2^-8 lies half-way between 1 and 1 + 2^-7, and goes to the
// even one.
constexpr float kRoundsToOne = 1 + 1.0f / 256;
constexpr float kRoundsUp = 1 + 3.0f / 256;  // to 1 + 2^-6

TEST(Product, OperandsAreRoundedAndSumsAreNot) {
  const at::Tensor x = torch::tensor({{kRoundsToOne, 1.0f / 1024}});
  const at::Tensor matrix = torch::tensor({{kRoundsUp, 1.0f}});
  const at::Tensor y = linear(Precision::BFloat16, x, matrix);
  EXPECT_EQ(y.item<float>(), 1 + 1.0f / 64 + 1.0f / 1024);
  EXPECT_EQ(linear(Precision::Float32, x, matrix).item<float>(),
            kRoundsToOne * kRoundsUp + 1.0f / 1024);
}

TEST(Product, BackwardProductsRoundTheirOperandsAndNotTheirResults) {
  at::Tensor a = torch::tensor({{1.0f, kRoundsToOne}}).requires_grad_(true);
  at::Tensor b = torch::tensor({{kRoundsUp}, {kRoundsUp}}).requires_grad_(true);
  product(Precision::BFloat16, a, b).backward(torch::tensor({{kRoundsUp}}));
  const float up = 1 + 1.0f / 64;
  EXPECT_EQ(a.grad()[0][0].item<float>(), up * up);
  EXPECT_EQ(b.grad()[0][0].item<float>(), up);
  EXPECT_EQ(b.grad()[1][0].item<float>(), up);
}

// Distance over length.
double relative_distance(std::span<const float> a, std::span<const float> b) {
  double difference = 0, length = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    difference += std::pow(a[i] - b[i], 2);
    length += std::pow(b[i], 2);
  }
  return std::sqrt(difference / length);
}

class BFloat16 : public testing::TestWithParam<NamedSpec> {};

// A rounding is at most 2^-8 of its operand; some thirty of them stand one after another on the way
// to a gradient, and near zero they turn a ReLU on or off. Master weights and gradients are
// float32. Where the fast path rounds may differ; how much it rounds may not.
TEST_P(BFloat16, StepsAreNearThoseOfFloat32) {
  const ModelSpec& spec = GetParam().spec;
  LanguageModel exact(spec, 3, {Precision::Float32, Kernels::Reference});
  const double loss = exact.loss_and_gradients(formula_tokens(), {1e-4});
  double plain_distance = 0;
  for (const Kernels kernels : {Kernels::Reference, Kernels::Fused}) {
    LanguageModel rounded(spec, 3, {Precision::BFloat16, kernels});
    ASSERT_EQ(rounded.weights32().size(), exact.weights32().size());
    EXPECT_TRUE(std::ranges::equal(rounded.weights32(), exact.weights32()));
    const double rounded_loss = rounded.loss_and_gradients(formula_tokens(), {1e-4});
    EXPECT_NEAR(rounded_loss, loss, 0.01 * loss);
    EXPECT_NE(rounded_loss, loss);
    const double distance = relative_distance(rounded.gradients32(), exact.gradients32());
    EXPECT_GT(distance, 1e-4);
    EXPECT_LT(distance, 0.06);
    if (kernels == Kernels::Reference) plain_distance = distance;
    EXPECT_LT(distance, 1.5 * plain_distance);
  }
}

// In double from the logits, to float32's accuracy: a softmax or a sum in bfloat16 would be off by
// some 1e-3. The fast path's logits are stored in bfloat16; those of the plain operations are not.
TEST_P(BFloat16, LossesAreComputedInFloat32FromTheLogits) {
  const std::vector<std::int32_t> tokens = formula_tokens();
  std::vector<std::int32_t> inputs = tokens;
  std::rotate(inputs.begin(), inputs.end() - 1, inputs.end());
  inputs[0] = inputs[37] = 0;
  for (const Kernels kernels : {Kernels::Reference, Kernels::Fused}) {
    LanguageModel model(GetParam().spec, 3, {Precision::BFloat16, kernels});
    const std::vector<double> logits = model.logits(inputs, 37);
    ASSERT_EQ(logits.size(), 74U * 29U);
    EXPECT_EQ(std::ranges::all_of(logits,
                                  [](double x) {
                                    return static_cast<double>(static_cast<float>(
                                               c10::BFloat16(static_cast<float>(x)))) == x;
                                  }),
              kernels == Kernels::Fused);
    const std::vector<float> losses = model.token_losses(tokens, 37);
    double mean = 0;
    for (std::size_t t = 0; t < 74; ++t) {
      const auto row = std::span(logits).subspan(t * 29, 29);
      double sum = 0;
      for (const double logit : row) sum += std::exp(logit);
      const double expected = std::log(sum) - row[static_cast<std::size_t>(tokens[t])];
      EXPECT_NEAR(losses[t], expected, 1e-6 * std::max(1.0, expected)) << t;
      mean += expected / 74;
    }
    EXPECT_NEAR(model.loss_and_gradients(tokens, {1e-4}), mean, 1e-6 * mean);
  }
}

TEST_P(BFloat16, RecomputationGivesTheSameBits) {
  const ModelSpec& spec = GetParam().spec;
  for (const Kernels kernels : {Kernels::Reference, Kernels::Fused}) {
    LanguageModel kept(spec, 3, {Precision::BFloat16, kernels});
    LanguageModel again(spec, 3, {Precision::BFloat16, kernels, true});
    EXPECT_EQ(again.loss_and_gradients(formula_tokens(), {1e-4}),
              kept.loss_and_gradients(formula_tokens(), {1e-4}));
    EXPECT_TRUE(std::ranges::equal(again.gradients32(), kept.gradients32()));
  }
}

// Heads as wide as matrix units take, 37 steps: blocks of the attention that are cut by the mask
// and by the end of the sequence.
TEST_P(BFloat16, AChangedTokenLeavesEarlierLogitsOnMatrixUnits) {
  ModelSpec spec = GetParam().spec;
  spec.d_model = 64;
  spec.d_head = 32;
  const LanguageModel model(spec, 3, {Precision::BFloat16, Kernels::Fused});
  const std::size_t length = 37, width = 29, changed = 20;
  std::vector<std::int32_t> inputs = formula_tokens();
  const std::vector<double> before = model.logits(inputs, 37);
  inputs[changed] = (inputs[changed] + 1) % 29;
  const std::vector<double> after = model.logits(inputs, 37);
  ASSERT_EQ(before.size(), 2 * length * width);
  for (std::size_t i = 0; i < before.size(); ++i) {
    const std::size_t t = i / width;
    if (t < changed || t >= length) {
      ASSERT_EQ(after[i], before[i]) << "step " << t;
    }
  }
  EXPECT_FALSE(std::equal(before.begin() + changed * width, before.begin() + (changed + 1) * width,
                          after.begin() + changed * width));
}

INSTANTIATE_TEST_SUITE_P(Architectures, BFloat16, testing::ValuesIn(catalogue_specs()),
                         SpecTestName());

}  // namespace
}  // namespace isoloss
