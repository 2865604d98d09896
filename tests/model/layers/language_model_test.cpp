#include "model/layers/language_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <tuple>

#include "model/spec/error.h"
#include "tests/model/layers/every_spec.h"
#include "tests/model/layers/properties.h"

namespace isoloss {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

// One thread, as a rank of a study has: on a busy machine two would wait for each other.
class OneThread : public testing::Environment {
  void SetUp() override { set_intra_op_threads(1); }
};
[[maybe_unused]] testing::Environment* const kOneThread =
    testing::AddGlobalTestEnvironment(new OneThread);

class EverySpec : public testing::TestWithParam<std::tuple<NamedSpec, Kernels>> {
 protected:
  ModelSpec spec() const { return std::get<0>(GetParam()).spec; }
  Kernels kernels() const { return std::get<1>(GetParam()); }
  LanguageModel model() const {
    LanguageModel made(spec(), 0, {Precision::Float64, kernels()});
    set_formula_weights(made);
    return made;
  }
};

TEST_P(EverySpec, GradientOfEveryTensorIsItsFiniteDifference) {
  LanguageModel m = model();
  expect_gradients_are_finite_differences(m);
}

// Changing an input leaves earlier logits as they are, bit for bit, and moves all later ones.
TEST_P(EverySpec, AChangedTokenLeavesEarlierLogits) { expect_causal(model()); }

TEST_P(EverySpec, ShortRowsLoseWhatLongOnesLoseAtTheirStart) {
  const LanguageModel m = model();
  const std::vector<std::int32_t> tokens = formula_tokens();
  const std::vector<float> whole = m.token_losses(tokens, 37);
  const std::vector<float> start = m.token_losses(std::span(tokens).first(19), 19);
  for (std::size_t t = 0; t < 19; ++t) EXPECT_NEAR(whole[t], start[t], 2e-6) << t;
}

TEST_P(EverySpec, MeanOfTokenLossesIsTheLoss) {
  LanguageModel m = model();
  const std::vector<float> losses = m.token_losses(formula_tokens(), 37);
  const double mean = std::accumulate(losses.begin(), losses.end(), 0.0) / 74;
  EXPECT_NEAR(m.loss_and_gradients(formula_tokens(), {0}), mean, 1e-6);
}

TEST_P(EverySpec, TheSameStepGivesTheSameBits) {
  LanguageModel m(spec(), 3, {Precision::Float32, kernels()});
  const std::vector<std::int32_t> tokens = formula_tokens();
  const double loss = m.loss_and_gradients(tokens, {1e-4});
  const std::vector<float> gradients(m.gradients32().begin(), m.gradients32().end());
  m.token_losses(std::span(tokens).first(37), 37);  // another shape in between
  EXPECT_EQ(m.loss_and_gradients(tokens, {1e-4}), loss);
  EXPECT_TRUE(std::equal(gradients.begin(), gradients.end(), m.gradients32().begin()));
  LanguageModel again(spec(), 3, {Precision::Float32, kernels()});
  EXPECT_EQ(again.loss_and_gradients(tokens, {1e-4}), loss);
  EXPECT_TRUE(std::equal(gradients.begin(), gradients.end(), again.gradients32().begin()));
}

TEST_P(EverySpec, PaddingOfTheGradientBufferStaysZero) {
  LanguageModel m = model();
  m.loss_and_gradients(formula_tokens(), {1e-4});
  std::vector<bool> used(m.gradients64().size());
  for (const Parameter& p : m.table().parameters)
    std::fill_n(used.begin() + p.offset, p.size(), true);
  for (std::size_t i = 0; i < used.size(); ++i) {
    const bool zero = m.gradients64()[i] == 0;
    EXPECT_TRUE(used[i] || zero) << i;
  }
}

TEST_P(EverySpec, AWeightThatIsNotFiniteShowsInTheLoss) {
  LanguageModel m(spec(), 0, {Precision::Float32, kernels()});
  const Parameter& p = parameter_named(m, "layers.0.feed_forward.in");
  m.weights32()[static_cast<std::size_t>(p.offset)] = std::nanf("");
  EXPECT_FALSE(std::isfinite(m.loss_and_gradients(formula_tokens(), {0})));
}

INSTANTIATE_TEST_SUITE_P(Architectures, EverySpec,
                         testing::Combine(testing::ValuesIn(every_spec()),
                                          testing::Values(Kernels::Fused, Kernels::Reference)),
                         SpecTestName());

// Sizes on both sides of a vector's and a block's length.
struct Shape {
  std::int64_t d_model, d_head, sequence, batch;
};
constexpr Shape kShapes[] = {{24, 8, 128, 2}, {20, 5, 33, 3}, {48, 24, 65, 1}, {17, 17, 16, 2},
                             {6, 3, 1, 4},    {8, 8, 2, 1},   {64, 16, 47, 2}};

class FusedAgainstPlain : public testing::TestWithParam<NamedSpec> {
 protected:
  ModelSpec spec(const Shape& shape) const {
    ModelSpec made = GetParam().spec;
    made.d_model = shape.d_model;
    made.d_head = shape.d_head;
    made.heads = 0;
    made.d_ff = 0;
    made.d_ff_gated = 0;
    made.sequence = shape.sequence;
    return made;
  }
  std::vector<Shape> shapes() const {
    std::vector<Shape> fitting;
    for (const Shape& shape : kShapes)
      if (GetParam().spec.positions != Positions::Rotary || shape.d_head % 2 == 0)
        fitting.push_back(shape);
    return fitting;
  }
  std::vector<std::int32_t> tokens(const Shape& shape) const {
    std::vector<std::int32_t> made(static_cast<std::size_t>(shape.sequence * shape.batch));
    for (std::size_t i = 0; i < made.size(); ++i)
      made[i] = static_cast<std::int32_t>((i * i + 5 * i + 2) % 29);
    return made;
  }
};

// 1e-5 of each tensor's largest gradient: some hundred roundings of float32 (6e-8) one after
// another.
TEST_P(FusedAgainstPlain, Float32LossAndGradientsAgree) {
  for (const Shape& shape : shapes()) {
    SCOPED_TRACE(shape.d_model);
    LanguageModel fused(spec(shape), 1, {Precision::Float32, Kernels::Fused});
    LanguageModel plain(spec(shape), 1, {Precision::Float64, Kernels::Reference});
    EXPECT_NEAR(fused.loss_and_gradients(tokens(shape), {0.01}),
                plain.loss_and_gradients(tokens(shape), {0.01}), 1e-5);
    for (const Parameter& p : fused.table().parameters) {
      const auto g = plain.gradients64().subspan(static_cast<std::size_t>(p.offset),
                                                 static_cast<std::size_t>(p.size()));
      double largest = 0;
      for (const double x : g) largest = std::max(largest, std::abs(x));
      for (std::size_t i = 0; i < g.size(); ++i)
        ASSERT_NEAR(fused.gradients32()[static_cast<std::size_t>(p.offset) + i], g[i],
                    1e-5 * largest + 1e-9)
            << p.name << " " << i;
    }
  }
}

TEST_P(FusedAgainstPlain, Float64GradientsAgreeToRounding) {
  for (const Shape& shape : shapes()) {
    SCOPED_TRACE(shape.d_model);
    LanguageModel fused(spec(shape), 1, {Precision::Float64, Kernels::Fused});
    LanguageModel plain(spec(shape), 1, {Precision::Float64, Kernels::Reference});
    EXPECT_NEAR(fused.loss_and_gradients(tokens(shape), {0.01}),
                plain.loss_and_gradients(tokens(shape), {0.01}), 1e-13);
    for (std::size_t i = 0; i < plain.gradients64().size(); ++i)
      ASSERT_NEAR(fused.gradients64()[i], plain.gradients64()[i], 1e-13) << i;
  }
}

TEST_P(FusedAgainstPlain, PredictionsAgree) {
  for (const Shape& shape : shapes()) {
    SCOPED_TRACE(shape.d_model);
    const LanguageModel fused(spec(shape), 1, {Precision::Float32, Kernels::Fused});
    const LanguageModel plain(spec(shape), 1, {Precision::Float32, Kernels::Reference});
    const auto a = fused.predictions(tokens(shape), shape.sequence);
    const auto b = plain.predictions(tokens(shape), shape.sequence);
    for (std::size_t i = 0; i < a.losses.size(); ++i) {
      EXPECT_NEAR(a.losses[i], b.losses[i], 2e-5);
      EXPECT_EQ(a.greedy[i], b.greedy[i]);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Architectures, FusedAgainstPlain, testing::ValuesIn(every_spec()),
                         SpecTestName());

TEST(LanguageModel, BadTokensAreRefused) {
  LanguageModel m(formula_spec("transformer"), 0);
  EXPECT_THAT([&] { m.loss_and_gradients(std::vector<std::int32_t>(36), {0}); },
              ThrowsMessage<InputError>(HasSubstr("36 tokens")));
  EXPECT_THAT([&] { m.loss_and_gradients(std::vector<std::int32_t>(37, 29), {0}); },
              ThrowsMessage<InputError>(HasSubstr("token 29 is outside the vocabulary of 29")));
  EXPECT_THAT([&] { m.token_losses(std::vector<std::int32_t>(38), 38); },
              ThrowsMessage<InputError>(HasSubstr("the model's sequence is 37")));
}

TEST(LanguageModel, InitialWeightsAreTheTablesWhateverThePrecision) {
  LanguageModel single(formula_spec("primer"), 5);
  LanguageModel exact(formula_spec("primer"), 5, {Precision::Float64});
  EXPECT_TRUE(single.weights64().empty());
  EXPECT_TRUE(exact.weights32().empty());
  ASSERT_EQ(single.weights32().size(), exact.weights64().size());
  for (std::size_t i = 0; i < exact.weights64().size(); ++i)
    EXPECT_EQ(single.weights32()[i], static_cast<float>(exact.weights64()[i]));
}

}  // namespace
}  // namespace isoloss
