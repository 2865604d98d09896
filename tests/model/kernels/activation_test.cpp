// Every activation in every type against its definition in double (Hendrycks & Gimpel 2016 for GELU
// and its tanh form, Ramachandran et al. 2017 for swish, Clevert et al. 2016, Klambauer et al.
// 2017), at widths that fill whole vectors and parts of them. Cases by hand are in
// kernels_test.cpp.
#include "model/kernels/cpu/activation.h"

#include <gtest/gtest.h>

#include <ATen/Parallel.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <numbers>
#include <string>
#include <vector>

#include "model/spec/counter_random.h"

namespace isoloss {
namespace {

using BFloat16 = c10::BFloat16;

double logistic(double x) { return 1 / (1 + std::exp(-x)); }
double normal_below(double x) { return 0.5 * std::erfc(-x / std::numbers::sqrt2); }
double gelu_tanh(double x) {
  return std::tanh(std::sqrt(2 / std::numbers::pi) * (x + 0.044715 * x * x * x));
}

double value(Activation activation, double x) {
  constexpr double kLambda = 1.0507009873554805, kAlpha = 1.6732632423543772;
  switch (activation) {
    case Activation::Relu:
      return std::max(x, 0.0);
    case Activation::Gelu:
      return 0.5 * x * (1 + gelu_tanh(x));
    case Activation::GeluErf:
      return x * normal_below(x);
    case Activation::Swish:
      return x * logistic(x);
    case Activation::Elu:
      return x > 0 ? x : std::expm1(x);
    case Activation::Selu:
      return kLambda * (x > 0 ? x : kAlpha * std::expm1(x));
    case Activation::Sigmoid:
      return logistic(x);
    case Activation::Softplus:
      return std::log1p(std::exp(x));
    case Activation::SquaredRelu:
      return std::max(x, 0.0) * std::max(x, 0.0);
    case Activation::Linear:
      return x;
  }
  return 0;
}

// By central differences, good to 1e-9 here; no input is within the step of a kink.
double slope(Activation activation, double x) {
  constexpr double kStep = 1e-5;
  return (value(activation, x + kStep) - value(activation, x - kStep)) / (2 * kStep);
}

// A float's rounding of a few operations, or half of bfloat16's last bit.
template <typename Stored>
double bound(double want) {
  const double of_type = std::is_same_v<Stored, BFloat16> ? 0x1p-8
                         : std::is_same_v<Stored, float>  ? 2e-6
                                                          : 1e-8;
  return of_type * std::abs(want) + (std::is_same_v<Stored, double> ? 1e-8 : 1e-6);
}

template <typename Stored>
std::vector<Stored> draws(std::uint64_t stream, std::int64_t count, double deviation) {
  std::vector<Stored> values;
  for (std::int64_t i = 0; i < count; ++i)
    values.push_back(static_cast<Stored>(static_cast<RealOf<Stored>>(
        deviation * random_normal(3, stream, static_cast<std::uint64_t>(i)))));
  return values;
}

template <typename Stored>
void expect_definition(const ActivationShape& shape) {
  using Real = RealOf<Stored>;
  const std::int64_t parts = shape.gated ? 2 : 1, wide = parts * shape.width;
  const auto before = draws<Stored>(0, shape.rows * wide, 4);
  const auto d_after = draws<Stored>(1, shape.rows * shape.width, 1);
  const auto bias = draws<Real>(2, wide, 0.5);
  std::vector<Stored> after(d_after.size()), d_before(before.size());
  std::vector<Real> d_bias(bias.size(), Real(1));  // what is there is kept
  activation_forward(shape, bias.data(), before.data(), after.data());
  activation_backward(shape, bias.data(), before.data(), d_after.data(), d_before.data(),
                      d_bias.data());
  std::vector<double> sums(bias.size(), 1.0), sizes(bias.size(), 1.0);
  for (std::int64_t r = 0; r < shape.rows; ++r)
    for (std::int64_t c = 0; c < shape.width; ++c) {
      const auto at = [&](std::int64_t part) {
        return static_cast<std::size_t>(r * wide + part * shape.width + c);
      };
      const auto column = static_cast<std::size_t>(c),
                 last = column + static_cast<std::size_t>((parts - 1) * shape.width);
      const auto i = static_cast<std::size_t>(r * shape.width + c);
      const auto sum = [&](std::int64_t part, std::size_t of_bias) {
        return static_cast<double>(real(before[at(part)]) + bias[of_bias]);
      };
      const double x = sum(0, column), g = real(d_after[i]);
      const double factor = shape.gated ? sum(1, last) : 1;
      const double want = value(shape.activation, x) * factor;
      EXPECT_NEAR(real(after[i]), want, bound<Stored>(want)) << x;
      const double through = g * factor * slope(shape.activation, x);
      EXPECT_NEAR(real(d_before[at(0)]), through, bound<Stored>(through)) << x;
      sums[column] += through;
      sizes[column] += std::abs(through);
      if (!shape.gated) continue;
      const double through_in = g * value(shape.activation, x);
      EXPECT_NEAR(real(d_before[at(1)]), through_in, bound<Stored>(through_in)) << x;
      sums[last] += through_in;
      sizes[last] += std::abs(through_in);
    }
  for (std::size_t i = 0; i < sums.size(); ++i)
    EXPECT_NEAR(d_bias[i], sums[i], bound<Real>(sizes[i])) << "bias " << i;
}

class EveryActivation : public testing::TestWithParam<Activation> {};

TEST_P(EveryActivation, FollowsItsDefinitionInEveryType) {
  for (const std::int64_t width : {1, 15, 16, 17, 70})
    for (const bool gated : {false, true}) {
      SCOPED_TRACE(std::to_string(width) + (gated ? " gated" : ""));
      const ActivationShape shape{3, width, GetParam(), gated};
      expect_definition<double>(shape);
      expect_definition<float>(shape);
      expect_definition<BFloat16>(shape);
    }
}

// Without a gate the gradient may overwrite what it came from.
TEST_P(EveryActivation, GradientInPlaceIsTheSame) {
  const ActivationShape shape{2, 37, GetParam(), false};
  const auto before = draws<BFloat16>(0, 74, 3);
  auto gradient = draws<BFloat16>(1, 74, 1);
  std::vector<BFloat16> apart(74);
  std::vector<float> d_bias(37), bias(37);
  activation_backward(shape, bias.data(), before.data(), gradient.data(), apart.data(),
                      d_bias.data());
  activation_backward(shape, bias.data(), before.data(), gradient.data(), gradient.data(),
                      d_bias.data());
  EXPECT_EQ(std::memcmp(apart.data(), gradient.data(), 74 * sizeof(BFloat16)), 0);
}

TEST_P(EveryActivation, KeepsNaNSoThatADivergedRunIsSeen) {
  const ActivationShape shape{1, 19, GetParam(), false};
  const std::vector<float> before(19, std::numeric_limits<float>::quiet_NaN()), bias(19, 0.0f);
  std::vector<float> after(19);
  activation_forward(shape, bias.data(), before.data(), after.data());
  for (const float x : after) EXPECT_TRUE(std::isnan(x));
}

TEST_P(EveryActivation, ThreadsChangeNoBit) {
  const ActivationShape shape{700, 75, GetParam(), true};  // worth two threads
  const auto before = draws<BFloat16>(0, 700 * 150, 3);
  const auto d_after = draws<BFloat16>(1, 700 * 75, 1);
  const std::vector<float> bias = draws<float>(2, 150, 1);
  std::vector<std::vector<BFloat16>> gradients;
  std::vector<std::vector<float>> of_bias;
  const int threads_before = at::get_num_threads();
  for (const int threads : {1, 2}) {
    at::set_num_threads(threads);
    gradients.emplace_back(before.size());
    of_bias.emplace_back(bias.size());
    activation_backward(shape, bias.data(), before.data(), d_after.data(), gradients.back().data(),
                        of_bias.back().data());
  }
  at::set_num_threads(threads_before);
  EXPECT_EQ(of_bias[0], of_bias[1]);
  EXPECT_EQ(std::memcmp(gradients[0].data(), gradients[1].data(), before.size() * sizeof(BFloat16)),
            0);
}

INSTANTIATE_TEST_SUITE_P(All, EveryActivation,
                         testing::Values(Activation::Relu, Activation::Gelu, Activation::GeluErf,
                                         Activation::Swish, Activation::Elu, Activation::Selu,
                                         Activation::Sigmoid, Activation::Softplus,
                                         Activation::SquaredRelu, Activation::Linear));

// The vector code has a sigmoid of its own: relative error over its range, and its two ends.
TEST(Activation, SigmoidIsGoodToItsRoundingFarOut) {
  std::vector<float> before, bias(1, 0.0f);
  for (int i = -860; i <= 860; ++i) before.push_back(0.1f * static_cast<float>(i));
  bias.resize(before.size());
  std::vector<float> after(before.size());
  const auto width = static_cast<std::int64_t>(before.size());
  activation_forward({1, width, Activation::Sigmoid, false}, bias.data(), before.data(),
                     after.data());
  for (std::size_t i = 0; i < before.size(); ++i)
    EXPECT_NEAR(after[i] / logistic(before[i]), 1, 6e-6) << before[i];
  before.assign(before.size(), -1e4f);
  activation_forward({1, width, Activation::Sigmoid, false}, bias.data(), before.data(),
                     after.data());
  EXPECT_LT(after[0], 1e-36f);
  before.assign(before.size(), 1e4f);
  activation_forward({1, width, Activation::Sigmoid, false}, bias.data(), before.data(),
                     after.data());
  EXPECT_EQ(after[0], 1.0f);
}

}  // namespace
}  // namespace isoloss
