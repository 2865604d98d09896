// Products against sums in float64 of the same (rounded) operands.
#include "model/kernels/cuda/product.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <type_traits>
#include <vector>

namespace isoloss {
namespace {

using simt::Bf16;

template <typename T>
std::vector<T> random_values(std::int64_t size, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  std::vector<T> values(static_cast<std::size_t>(size));
  for (T& value : values) value = simt::rounded<T>(normal(random));
  return values;
}

template <typename T>
double real(const std::vector<T>& values, std::int64_t i) {
  return static_cast<double>(simt::to_float(values[static_cast<std::size_t>(i)]));
}

// A sum of n products of numbers near one, rounded as the result is stored.
template <typename T>
double tolerance(double expected) {
  return std::is_same_v<T, Bf16> ? 1e-4 + std::abs(expected) / 256 : 1e-4;
}

// Two products side by side: x [rows, 2 in], W [2, out, in], y [rows, 2 out], the last with a gap.
constexpr std::int64_t kRows = 5, kIn = 16, kOut = 24, kGap = 8;
const ProductShape kShape{.rows = kRows,
                          .in = kIn,
                          .out = kOut,
                          .x_stride = 2 * kIn,
                          .y_stride = 2 * kOut + kGap,
                          .groups = 2,
                          .x_step = kIn,
                          .weight_step = kIn * kOut,
                          .y_step = kOut};
constexpr std::int64_t kXSize = kRows * 2 * kIn, kWeightSize = 2 * kOut * kIn,
                       kYSize = kRows * (2 * kOut + kGap);

std::int64_t x_at(std::int64_t g, std::int64_t r, std::int64_t i) {
  return r * kShape.x_stride + g * kIn + i;
}
std::int64_t w_at(std::int64_t g, std::int64_t o, std::int64_t i) {
  return (g * kOut + o) * kIn + i;
}
std::int64_t y_at(std::int64_t g, std::int64_t r, std::int64_t o) {
  return r * kShape.y_stride + g * kOut + o;
}

template <typename T, typename Result>
struct Types {
  using Operand = T;
  using Stored = Result;
};
template <typename Pair>
class ProductOf : public testing::Test {};
using AllTypes = testing::Types<Types<float, float>, Types<Bf16, float>, Types<Bf16, Bf16>>;
TYPED_TEST_SUITE(ProductOf, AllTypes);

TYPED_TEST(ProductOf, ForwardIsFactorTimesXWAndAddendAndBias) {
  using T = typename TypeParam::Operand;
  using Y = typename TypeParam::Stored;
  ProductShape shape = kShape;
  shape.groups = 1;
  const auto x = random_values<T>(kXSize, 1), w = random_values<T>(kWeightSize, 2);
  const auto y = random_values<Y>(kYSize, 3), bias = random_values<Y>(kOut, 4);
  const auto device_x = to_device<T>(x), device_w = to_device<T>(w);
  const auto device_y = to_device<Y>(y), device_bias = to_device<Y>(bias);
  Products products;
  Stream stream;
  products.forward(
      stream, shape, device_x.data(), device_w.data(), device_y.data(),
      ProductTerms<Y>{.factor = 0.5F, .addend = device_y.data(), .bias = device_bias.data()});
  stream.synchronize();
  const std::vector<Y> result = to_host(device_y);
  for (std::int64_t r = 0; r < kRows; ++r) {
    for (std::int64_t o = 0; o < kOut; ++o) {
      double expected = 0;
      for (std::int64_t i = 0; i < kIn; ++i)
        expected += real(x, x_at(0, r, i)) * real(w, w_at(0, o, i));
      expected = 0.5 * expected + real(y, y_at(0, r, o)) + real(bias, o);
      EXPECT_NEAR(real(result, y_at(0, r, o)), expected, tolerance<Y>(expected));
    }
    EXPECT_EQ(real(result, y_at(1, r, 0)), real(y, y_at(1, r, 0))) << "written beside the result";
  }
}

TYPED_TEST(ProductOf, InputGradientIsDyW) {
  using T = typename TypeParam::Operand;
  using X = typename TypeParam::Stored;
  const auto dy = random_values<T>(kYSize, 1), w = random_values<T>(kWeightSize, 2);
  const auto device_dy = to_device<T>(dy), device_w = to_device<T>(w);
  const DeviceArray<X> dx(kXSize);
  Products products;
  Stream stream;
  products.input_gradient(stream, kShape, device_dy.data(), device_w.data(), dx.data());
  stream.synchronize();
  const std::vector<X> result = to_host(dx);
  for (std::int64_t g = 0; g < 2; ++g)
    for (std::int64_t r = 0; r < kRows; ++r)
      for (std::int64_t i = 0; i < kIn; ++i) {
        double expected = 0;
        for (std::int64_t o = 0; o < kOut; ++o)
          expected += real(dy, y_at(g, r, o)) * real(w, w_at(g, o, i));
        EXPECT_NEAR(real(result, x_at(g, r, i)), expected, tolerance<X>(expected));
      }
}

TYPED_TEST(ProductOf, WeightGradientAddsDyTransposedX) {
  using T = typename TypeParam::Operand;
  const auto dy = random_values<T>(kYSize, 1), x = random_values<T>(kXSize, 2);
  const auto before = random_values<float>(kWeightSize, 3);
  const auto device_dy = to_device<T>(dy), device_x = to_device<T>(x);
  const auto gradient = to_device<float>(before);
  Products products;
  Stream stream;
  products.weight_gradient(stream, kShape, device_dy.data(), device_x.data(), gradient.data(), 2);
  stream.synchronize();
  const std::vector<float> result = to_host(gradient);
  for (std::int64_t g = 0; g < 2; ++g)
    for (std::int64_t o = 0; o < kOut; ++o)
      for (std::int64_t i = 0; i < kIn; ++i) {
        double expected = real(before, w_at(g, o, i));
        for (std::int64_t r = 0; r < kRows; ++r)
          expected += 2 * real(dy, y_at(g, r, o)) * real(x, x_at(g, r, i));
        EXPECT_NEAR(real(result, w_at(g, o, i)), expected, 1e-4);
      }
}

}  // namespace
}  // namespace isoloss
