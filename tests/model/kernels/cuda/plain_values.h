// What tests of kernels over T = float and Bf16 share: random values that T holds exactly, device
// copies, comparisons with references in double, and gradients by central differences of these.
#pragma once
#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <random>
#include <span>
#include <vector>

#include "model/kernels/cuda/bfloat16.h"
#include "model/kernels/cuda/device.h"

namespace isoloss {

using Doubles = std::vector<double>;

template <typename T>
std::vector<T> stored(const Doubles& values) {
  std::vector<T> result;
  for (const double x : values) result.push_back(simt::rounded<T>(static_cast<float>(x)));
  return result;
}
template <typename T>
Doubles doubles(const std::vector<T>& values) {
  Doubles result;
  for (const T x : values) result.push_back(static_cast<double>(simt::to_float(x)));
  return result;
}

// Normal values, rounded to T.
template <typename T>
Doubles random_values(std::int64_t count, unsigned seed, double mean = 0) {
  std::mt19937 random(seed);
  std::normal_distribution<double> normal(mean, 1);
  Doubles values;
  for (std::int64_t i = 0; i < count; ++i) values.push_back(normal(random));
  return doubles(stored<T>(values));
}

template <typename T>
DeviceArray<T> on_device(const Doubles& values) {
  return to_device<T>(stored<T>(values));
}

// How far results may lie from the reference: sums in float, one rounding to T.
template <typename T>
constexpr double kTolerance = sizeof(T) == 4 ? 2e-5 : 8e-3;

// Each within tolerance times (its size + the root mean square of all).
template <typename T>
void expect_close(const DeviceArray<T>& device, const Doubles& expected, const char* what,
                  double tolerance = kTolerance<T>) {
  const Doubles actual = doubles(to_host(device));
  ASSERT_EQ(actual.size(), expected.size()) << what;
  double squares = 0;
  for (const double x : expected) squares += x * x;
  const double typical = std::sqrt(squares / static_cast<double>(expected.size()));
  for (std::size_t i = 0; i < expected.size(); ++i)
    ASSERT_NEAR(actual[i], expected[i], tolerance * (std::abs(expected[i]) + typical))
        << what << " " << i;
}

// Of value() by each of `at`, which value() reads.
template <typename Value>
Doubles numeric_gradient(Doubles& at, const Value& value) {
  Doubles gradient;
  constexpr double kStep = 1e-5;
  for (double& x : at) {
    const double before = x;
    x = before + kStep;
    const double above = value();
    x = before - kStep;
    const double below = value();
    x = before;
    gradient.push_back((above - below) / (2 * kStep));
  }
  return gradient;
}

inline double dot(const Doubles& a, const Doubles& b) {
  double total = 0;
  for (std::size_t i = 0; i < a.size(); ++i) total += a[i] * b[i];
  return total;
}

inline Doubles plus(Doubles a, const Doubles& b) {
  for (std::size_t i = 0; i < a.size(); ++i) a[i] += b[i];
  return a;
}

template <typename T>
class OfBothTypes : public ::testing::Test {};
using BothTypes = ::testing::Types<float, simt::Bf16>;

}  // namespace isoloss
