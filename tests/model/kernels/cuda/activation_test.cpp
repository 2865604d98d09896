// Bias and activation against PyTorch's values, gradients by differences.
#include "model/kernels/cuda/activation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "tests/model/kernels/cuda/both_orders.h"
#include "tests/model/kernels/cuda/plain_values.h"

namespace isoloss::device {
namespace {

struct Formula {
  Activation activation;
  std::function<double(double)> of;
};

double logistic(double x) { return 1 / (1 + std::exp(-x)); }

// As PyTorch's documentation of torch.nn.functional defines them.
const std::vector<Formula>& formulas() {
  static const std::vector<Formula> all = {
      {Activation::Relu, [](double x) { return std::max(x, 0.0); }},
      {Activation::Gelu,
       [](double x) {
         return 0.5 * x * (1 + std::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
       }},
      {Activation::GeluErf, [](double x) { return 0.5 * x * (1 + std::erf(x / std::sqrt(2.0))); }},
      {Activation::Swish, [](double x) { return x * logistic(x); }},
      {Activation::Elu, [](double x) { return x > 0 ? x : std::exp(x) - 1; }},
      {Activation::Selu,
       [](double x) {
         return 1.0507009873554804934193349852946 *
                (x > 0 ? x : 1.6732632423543772848170429916717 * (std::exp(x) - 1));
       }},
      {Activation::Sigmoid, logistic},
      {Activation::Softplus, [](double x) { return std::log1p(std::exp(x)); }},
      {Activation::SquaredRelu, [](double x) { return x > 0 ? x * x : 0; }},
      {Activation::Linear, [](double x) { return x; }}};
  return all;
}

struct PlainActivation {
  Formula formula;
  bool gated;
  std::size_t width;
  Doubles z, bias;

  Doubles y() const {
    const std::size_t row = gated ? 2 * width : width;
    Doubles result;
    for (std::size_t i = 0; i < z.size(); ++i) {
      const std::size_t column = i % row;
      if (column >= width) continue;
      const double value = formula.of(z[i] + bias[column]);
      result.push_back(gated ? value * (z[i + width] + bias[column + width]) : value);
    }
    return result;
  }
};

template <typename T>
class DeviceActivation : public OfBothTypes<T> {};
TYPED_TEST_SUITE(DeviceActivation, BothTypes);

TYPED_TEST(DeviceActivation, ValuesAndGradientsAreTheFormulas) {
  const std::int64_t rows = 5, width = 24;
  for (const Formula& formula : formulas())
    for (const bool gated : {false, true}) {
      const std::int64_t row = gated ? 2 * width : width;
      PlainActivation plain{formula, gated, static_cast<std::size_t>(width),
                            random_values<TypeParam>(rows * row, 1), random_values<float>(row, 2)};
      const Doubles y = plain.y(), dy = random_values<TypeParam>(rows * width, 3);
      const auto value = [&] { return dot(dy, plain.y()); };
      const Doubles dz = numeric_gradient(plain.z, value);
      const Doubles d_bias = numeric_gradient(plain.bias, value);
      in_both_orders([&] {
        const ActivationShape shape{formula.activation, gated, rows, width};
        const auto z = on_device<TypeParam>(plain.z), device_dy = on_device<TypeParam>(dy);
        const auto bias = on_device<float>(plain.bias);
        DeviceArray<TypeParam> device_y(rows * width);
        DeviceArray<float> device_d_bias(row), scratch(activation_scratch(shape));
        Stream stream;
        stream.zero(device_d_bias.data(), static_cast<std::size_t>(row) * sizeof(float));
        activation_forward(stream, shape, z.data(), bias.data(), device_y.data());
        activation_backward(stream, shape, z.data(), bias.data(), device_dy.data(), z.data(),
                            device_d_bias.data(), scratch.data());
        stream.synchronize();
        SCOPED_TRACE("activation " + std::to_string(static_cast<int>(formula.activation)));
        expect_close(device_y, y, "y");
        expect_close(z, dz, "dz");
        expect_close(device_d_bias, d_bias, "bias");
      });
    }
}

// Exponentials of these overflow or vanish; nothing may come of that.
TYPED_TEST(DeviceActivation, FarFromZeroTheFormulasHold) {
  for (const Formula& formula : formulas()) {
    PlainActivation plain{formula, false, 8, {-256, -96, -88, 1, 88, 96, 128, 256}, {}};
    plain.bias.assign(8, 0);
    const Doubles y = plain.y(), dy(8, 1);
    const Doubles dz = numeric_gradient(plain.z, [&] { return dot(dy, plain.y()); });
    const auto z = on_device<TypeParam>(plain.z), device_dy = on_device<TypeParam>(dy);
    DeviceArray<TypeParam> device_y(8);
    const ActivationShape shape{formula.activation, false, 1, 8};
    Stream stream;
    activation_forward<TypeParam>(stream, shape, z.data(), nullptr, device_y.data());
    activation_backward<TypeParam>(stream, shape, z.data(), nullptr, device_dy.data(), z.data(),
                                   nullptr, nullptr);
    stream.synchronize();
    SCOPED_TRACE("activation " + std::to_string(static_cast<int>(formula.activation)));
    expect_close(device_y, y, "y");
    expect_close(z, dz, "dz");
  }
}

// The product's epilogue has added the bias: squares of what is positive, and 2 z dy, dy's memory
// reused.
TYPED_TEST(DeviceActivation, SquaresWhatAnEpilogueLeft) {
  const auto z = on_device<TypeParam>({-3, 0.5, 2, 3, 0, 1, 1.5, 4});
  const auto dy = on_device<TypeParam>({1, 2, -3, 0.5, -1, 1, 2, 0.25});
  const ActivationShape shape{Activation::SquaredRelu, false, 1, 8};
  DeviceArray<TypeParam> y(8);
  Stream stream;
  activation_forward<TypeParam>(stream, shape, z.data(), nullptr, y.data());
  activation_backward<TypeParam>(stream, shape, z.data(), nullptr, dy.data(), dy.data(), nullptr,
                                 nullptr);
  stream.synchronize();
  EXPECT_EQ(doubles(to_host(y)), (Doubles{0, 0.25, 4, 9, 0, 1, 2.25, 16}));
  EXPECT_EQ(doubles(to_host(dy)), (Doubles{0, 2, -12, 3, 0, 2, 6, 2}));
}

// Or a model that has diverged might look well.
TYPED_TEST(DeviceActivation, WhatIsNoNumberStaysNone) {
  for (const Formula& formula : formulas()) {
    Doubles values(8, 1);
    values[3] = std::numeric_limits<double>::quiet_NaN();
    const auto z = on_device<TypeParam>(values);
    DeviceArray<TypeParam> y(8);
    Stream stream;
    activation_forward<TypeParam>(stream, {formula.activation, false, 1, 8}, z.data(), nullptr,
                                  y.data());
    stream.synchronize();
    const Doubles found = doubles(to_host(y));
    for (std::size_t i = 0; i < 8; ++i)
      EXPECT_EQ(std::isnan(found[i]), i == 3) << static_cast<int>(formula.activation) << " " << i;
  }
}

}  // namespace
}  // namespace isoloss::device
