// Properties that every model has, as assertions; float64 models with formula weights.
#pragma once
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "tests/model/layers/small_models.h"

namespace isoloss {

// Of every tensor: the derivative along a fixed direction within it, by central differences, and
// that it is not zero. z_loss is 0 because the loss that is returned leaves it out;
// language_model_values_test.cpp covers it.
inline void expect_gradients_are_finite_differences(LanguageModel& m) {
  const std::vector<std::int32_t> tokens = formula_tokens();
  m.loss_and_gradients(tokens, {0});
  const std::vector<double> gradients(m.gradients64().begin(), m.gradients64().end());
  const std::vector<double> weights(m.weights64().begin(), m.weights64().end());
  for (const Parameter& p : m.table().parameters) {
    const auto direction = [&](std::int64_t i) {
      return std::cos(2.0 + 1.7 * static_cast<double>(i));
    };
    const auto moved_loss = [&](double step) {
      for (std::int64_t i = 0; i < p.size(); ++i) {
        const auto at = static_cast<std::size_t>(p.offset + i);
        m.weights64()[at] = weights[at] + step * direction(i);
      }
      const double loss = m.loss_and_gradients(tokens, {0});
      std::copy(weights.begin(), weights.end(), m.weights64().begin());
      return loss;
    };
    constexpr double kStep = 2e-6;  // short, because squared ReLU bends at zero
    const double expected = (moved_loss(kStep) - moved_loss(-kStep)) / (2 * kStep);
    double along = 0;
    for (std::int64_t i = 0; i < p.size(); ++i)
      along += gradients[static_cast<std::size_t>(p.offset + i)] * direction(i);
    EXPECT_NEAR(along, expected, 2e-9 + 1e-7 * std::abs(expected)) << p.name;
    EXPECT_NE(along, 0) << p.name;
  }
}

// Changing an input leaves earlier logits as they are, bit for bit, and moves all later ones; rows
// do not know each other.
inline void expect_causal(const LanguageModel& m) {
  const std::size_t length = 37, width = 29, changed = 20;
  std::vector<std::int32_t> inputs = formula_tokens();
  const std::vector<double> before = m.logits(inputs, 37);
  ASSERT_EQ(before.size(), 2 * length * width);
  inputs[changed] = (inputs[changed] + 1) % 29;
  const std::vector<double> after = m.logits(inputs, 37);
  for (std::size_t t = 0; t < 2 * length; ++t) {
    const bool same = std::equal(before.begin() + static_cast<std::ptrdiff_t>(t * width),
                                 before.begin() + static_cast<std::ptrdiff_t>((t + 1) * width),
                                 after.begin() + static_cast<std::ptrdiff_t>(t * width));
    EXPECT_EQ(same, t < changed || t >= length) << "step " << t;
  }
}

}  // namespace isoloss
