// The convolution of adjacent projections against its definition in double, gradients by
// differences.
#include "model/kernels/cuda/depthwise_convolution.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "model/spec/error.h"
#include "tests/model/kernels/cuda/both_orders.h"
#include "tests/model/kernels/cuda/plain_values.h"

namespace isoloss::device {
namespace {

struct PlainPart {
  std::size_t width, channels;
  double factor;
  Doubles taps;  // [taps, channels]; empty: none
};

struct PlainConvolution {
  std::size_t batch, length, tap_count;
  std::vector<PlainPart> parts;
  Doubles x, bias;

  std::size_t width() const {
    std::size_t total = 0;
    for (const PlainPart& part : parts) total += part.width;
    return total;
  }
  Doubles y() const {
    Doubles result(x.size());
    const std::size_t columns = width();
    for (std::size_t sequence = 0; sequence < batch; ++sequence)
      for (std::size_t t = 0; t < length; ++t) {
        std::size_t first = 0;
        for (const PlainPart& part : parts) {
          for (std::size_t c = 0; c < part.width; ++c) {
            const auto input = [&](std::size_t step) {
              return x[(sequence * length + step) * columns + first + c] + bias[first + c];
            };
            double total = part.taps.empty() ? input(t) : 0;
            for (std::size_t s = 0; !part.taps.empty() && s < tap_count && s <= t; ++s)
              total += part.taps[s * part.channels + c % part.channels] * input(t - s);
            result[(sequence * length + t) * columns + first + c] = part.factor * total;
          }
          first += part.width;
        }
      }
    return result;
  }
};

template <typename T>
PlainConvolution random_convolution(std::size_t length, std::size_t taps,
                                    std::vector<PlainPart> parts) {
  PlainConvolution plain{2, length, taps, std::move(parts), {}, {}};
  unsigned seed = 1;
  for (PlainPart& part : plain.parts)
    if (part.channels > 0)
      part.taps = random_values<float>(static_cast<std::int64_t>(taps * part.channels), ++seed);
  plain.x = random_values<T>(static_cast<std::int64_t>(2 * length * plain.width()), 10);
  plain.bias = random_values<float>(static_cast<std::int64_t>(plain.width()), 11);
  return plain;
}

template <typename T>
void check_convolution(PlainConvolution plain) {
  const Doubles y = plain.y();
  const Doubles dy = random_values<T>(static_cast<std::int64_t>(plain.x.size()), 12);
  const auto value = [&] { return dot(dy, plain.y()); };
  const Doubles dx = numeric_gradient(plain.x, value);
  const Doubles d_bias = numeric_gradient(plain.bias, value);
  std::vector<Doubles> d_taps;
  for (PlainPart& part : plain.parts) d_taps.push_back(numeric_gradient(part.taps, value));
  in_both_orders([&] {
    ConvolutionShape shape{static_cast<std::int64_t>(plain.batch),
                           static_cast<std::int64_t>(plain.length),
                           static_cast<std::int64_t>(plain.tap_count),
                           {}};
    std::array<DeviceArray<float>, 3> taps, device_d_taps;
    std::array<float*, 3> gradients = {nullptr, nullptr, nullptr};
    for (std::size_t i = 0; i < plain.parts.size(); ++i) {
      const PlainPart& part = plain.parts[i];
      shape.parts[i] = {static_cast<std::int64_t>(part.width), nullptr,
                        static_cast<std::int64_t>(part.channels), static_cast<float>(part.factor)};
      if (part.taps.empty()) continue;
      taps[i] = on_device<float>(part.taps);
      device_d_taps[i] = on_device<float>(Doubles(part.taps.size(), 1.0));
      shape.parts[i].taps = taps[i].data();
      gradients[i] = device_d_taps[i].data();
    }
    const auto x = on_device<T>(plain.x), device_dy = on_device<T>(dy);
    const auto bias = on_device<float>(plain.bias);
    const auto device_d_bias = on_device<float>(Doubles(plain.bias.size(), 1.0));
    DeviceArray<T> device_y(x.size()), device_dx(x.size());
    DeviceArray<float> scratch(convolution_scratch(shape));
    Stream stream;
    convolution_forward(stream, shape, x.data(), bias.data(), device_y.data());
    convolution_backward(stream, shape, x.data(), bias.data(), device_dy.data(), device_dx.data(),
                         gradients, device_d_bias.data(), scratch.data());
    stream.synchronize();
    expect_close(device_y, y, "y");
    expect_close(device_dx, dx, "dx");
    expect_close(device_d_bias, plus(d_bias, Doubles(d_bias.size(), 1.0)), "bias");
    for (std::size_t i = 0; i < plain.parts.size(); ++i)
      if (!d_taps[i].empty())
        expect_close(device_d_taps[i], plus(d_taps[i], Doubles(d_taps[i].size(), 1.0)), "taps");
  });
}

template <typename T>
class DeviceConvolution : public OfBothTypes<T> {};
TYPED_TEST_SUITE(DeviceConvolution, BothTypes);

TYPED_TEST(DeviceConvolution, OfQueriesKeysAndValuesOfGroupedHeads) {
  check_convolution<TypeParam>(
      random_convolution<TypeParam>(9, 3, {{32, 32, 1, {}}, {16, 16, 0.5, {}}, {16, 16, 0.5, {}}}));
}

TYPED_TEST(DeviceConvolution, WithOneFilterForAllHeads) {
  check_convolution<TypeParam>(
      random_convolution<TypeParam>(5, 3, {{24, 8, 1, {}}, {24, 8, 1, {}}, {24, 8, 1, {}}}));
}

// Shared Q and K have two parts; here only K is convolved.
TYPED_TEST(DeviceConvolution, LeavesPartsWithoutTapsAsTheyAre) {
  check_convolution<TypeParam>(
      random_convolution<TypeParam>(4, 2, {{16, 16, 1, {}}, {16, 0, 2, {}}}));
}

TYPED_TEST(DeviceConvolution, HasTapsBeyondThoseInRegistersAndTheSequence) {
  check_convolution<TypeParam>(random_convolution<TypeParam>(7, 9, {{8, 8, 1, {}}}));
}

TYPED_TEST(DeviceConvolution, ScalesWithoutAnyTaps) {
  check_convolution<TypeParam>(
      random_convolution<TypeParam>(3, 0, {{8, 0, 1, {}}, {8, 0, 0.5, {}}, {8, 0, 0.5, {}}}));
}

// Columns beyond one tile, rows beyond one turn of it, part borders inside a tile.
TYPED_TEST(DeviceConvolution, CrossesTiles) {
  check_convolution<TypeParam>(random_convolution<TypeParam>(
      10, 2, {{104, 104, 1, {}}, {104, 104, 1, {}}, {72, 72, 1, {}}}));
}

// The steps of two sequences of five, eight columns each, at which all is no number; at the others
// all must be one.
template <typename T>
std::vector<std::size_t> steps_without_numbers(const DeviceArray<T>& device) {
  const Doubles x = doubles(to_host(device));
  std::vector<std::size_t> steps;
  for (std::size_t step = 0; step < 10; ++step) {
    std::size_t none = 0;
    for (std::size_t i = 0; i < 8; ++i) none += std::isnan(x[step * 8 + i]) ? 1 : 0;
    EXPECT_TRUE(none == 0 || none == 8) << step;
    if (none > 0) steps.push_back(step);
  }
  return steps;
}

// The definition's: step t of y reads x at t, t - 1 and t - 2 of its own sequence.
TYPED_TEST(DeviceConvolution, WhatIsNoNumberReachesThoseThatReadItAlone) {
  const auto without = [](std::size_t step) {
    Doubles values(10 * 8, 1.0);
    for (std::size_t i = 0; i < 8; ++i)
      values[step * 8 + i] = std::numeric_limits<double>::quiet_NaN();
    return on_device<TypeParam>(values);
  };
  const auto taps = on_device<float>(Doubles(3 * 8, 0.5)), d_taps = on_device<float>(Doubles(24));
  const auto d_bias = on_device<float>(Doubles(8));
  ConvolutionShape shape{2, 5, 3, {}};
  shape.parts[0] = {8, taps.data(), 8, 1};
  DeviceArray<TypeParam> y(80), dx(80);
  DeviceArray<float> scratch(convolution_scratch(shape));
  const std::vector<std::pair<std::size_t, std::vector<std::size_t>>> reached{
      {4, {4}}, {5, {5, 6, 7}}, {8, {8, 9}}};
  for (const auto& [step, expected] : reached) {
    const auto x = without(step);
    Stream stream;
    convolution_forward<TypeParam>(stream, shape, x.data(), nullptr, y.data());
    stream.synchronize();
    EXPECT_EQ(steps_without_numbers(y), expected) << step;
  }
  const auto x = on_device<TypeParam>(Doubles(80, 1.0)), dy = without(5);
  Stream stream;
  convolution_backward<TypeParam>(stream, shape, x.data(), nullptr, dy.data(), dx.data(),
                                  {d_taps.data(), nullptr, nullptr}, d_bias.data(), scratch.data());
  stream.synchronize();
  EXPECT_EQ(steps_without_numbers(dx), std::vector<std::size_t>{5});
  const Doubles of_taps = doubles(to_host(d_taps));
  for (std::size_t i = 0; i < 24; ++i) EXPECT_EQ(std::isnan(of_taps[i]), i < 8) << i;
}

TEST(DeviceConvolutionWidths, RefusesWhatItCannotRead) {
  Stream stream;
  ConvolutionShape shape{1, 1, 0, {}};
  shape.parts[0] = {12, nullptr, 0, 1};
  EXPECT_THROW(convolution_forward<float>(stream, shape, nullptr, nullptr, nullptr), InputError);
}

}  // namespace
}  // namespace isoloss::device
